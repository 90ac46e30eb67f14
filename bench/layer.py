"""What the channel layers cost: one sender, another node with 100 sockets' worth of handlers, a Redis of its own; CPU per packet and delivery.

    .venv/bin/python -m bench.layer [--packets 4000]

CPU is user and system time of each process; what the sender's own pacing costs is taken off. A packet is a message of 100 characters for
100 users.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import uvloop
from channels_redis.pubsub import RedisPubSubChannelLayer  # type: ignore[import-untyped]
from redis import Redis

from chatsite.edge.layer import NodeLayer, Packet
from chatsite.edge.redis_layer import RedisLayer
from chatsite.edge.stock_layer import StockLayer

PORT = 17_812
URL = f"redis://127.0.0.1:{PORT}/0"
SOCKETS = 100
CHANNEL = "node.two"
PACKET = {"type": "packet", "users": [2**62 + user for user in range(SOCKETS)], "frame": json.dumps({"text": "x" * 100})}
PACES = {"one a tick, 500/s": (1, 0.002), "20 a tick, 4,000/s": (20, 0.005)}
LAYERS = {
    "chatsite.edge.redis_layer": "ours",
    "channels_redis behind our port": "stock",
    "channels_redis, a channel a socket": "groups",
}
Send = Callable[[], Awaitable[None]]


class Sockets:
    """Counts what reaches its handlers, and ends when all has come."""

    def __init__(self, packets: int) -> None:
        self.wanted = packets * SOCKETS
        self.delivered = 0
        self.complete = asyncio.Event()

    def deliver(self, frame: str) -> None:
        self.delivered += 1
        if self.delivered == self.wanted:
            self.complete.set()


def node_layer(name: str) -> NodeLayer:
    return RedisLayer(urls=[URL]) if name == "ours" else StockLayer(urls=[URL])


async def receive(name: str, packets: int) -> None:
    sockets = Sockets(packets)
    by_user = dict.fromkeys(PACKET["users"], sockets.deliver)

    def hear(packet: Packet) -> None:
        for user in packet["users"]:
            by_user[user](packet["frame"])

    if name == "groups":
        stock = RedisPubSubChannelLayer(hosts=[URL])
        readers = [asyncio.create_task(consume(stock, sockets)) for _ in range(SOCKETS)]
        close: Send = stock.flush
    else:
        layer, readers = node_layer(name), []
        layer.attach(CHANNEL, hear)
        close = layer.close
        await layer.ready()
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    before = time.process_time()
    await asyncio.wait_for(sockets.complete.wait(), 120)
    print(time.process_time() - before, flush=True)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    await close()


async def consume(stock: Any, sockets: Sockets) -> None:
    """As a stock consumer does it: a channel and a task for each socket."""
    channel = await stock.new_channel()
    await stock.group_add(CHANNEL, channel)
    while True:
        sockets.deliver((await stock.receive(channel))["frame"])


async def send(name: str, packets: int, pace: str) -> None:
    if name == "groups":
        stock = RedisPubSubChannelLayer(hosts=[URL])

        async def say() -> None:
            await stock.group_send(CHANNEL, PACKET)

        close: Send = stock.flush
    else:
        layer = node_layer(name)

        async def say() -> None:
            await layer.send_all((CHANNEL,), PACKET)

        close = layer.close

    async def nothing() -> None: ...

    idle = await timed(nothing, packets, pace)
    print(await timed(say, packets, pace) - idle, flush=True)
    await close()


async def timed(say: Send, packets: int, pace: str) -> float:
    together, pause = PACES[pace]
    before = time.process_time()
    for start in range(0, packets, together):
        for _ in range(min(together, packets - start)):
            await say()
        await asyncio.sleep(pause)
    await asyncio.sleep(0.2)
    return time.process_time() - before


def measure(name: str, packets: int, pace: str) -> tuple[float, float, float]:
    """CPU µs per packet: of the sender, the receiver and Redis."""
    receiver = start("receive", name, packets, pace)
    assert receiver.stdout
    assert receiver.stdout.readline() == "ready\n"
    before = redis_cpu()
    sender = start("send", name, packets, pace)
    sent, received = (float(process.communicate(timeout=180)[0]) for process in (sender, receiver))
    return sent / packets * 1e6, received / packets * 1e6, (redis_cpu() - before) / packets * 1e6


def start(what: str, name: str, packets: int, pace: str) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "bench.layer", "--role", what, "--layer", name, "--packets", str(packets), "--pace", pace]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def redis_cpu() -> float:
    with closing(Redis.from_url(URL)) as client:
        info: dict[str, float] = client.info("cpu")
    return info["used_cpu_user"] + info["used_cpu_sys"]


def main(packets: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        words = ["redis-server", "--port", str(PORT), "--bind", "127.0.0.1", "--save", "", "--dir", place]
        redis = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            print(f"{'µs per packet':36}{'sender':>8}{'receiver':>10}{'Redis':>8}{'together':>10}{'per delivery':>14}")
            for pace in PACES:
                print(pace)
                for title, name in LAYERS.items():
                    costs = measure(name, packets, pace)
                    sent, received, between = costs
                    print(f"  {title:34}{sent:8.1f}{received:10.1f}{between:8.1f}{sum(costs):10.1f}{sum(costs) / SOCKETS:14.2f}")
        finally:
            redis.terminate()
            redis.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packets", type=int, default=4_000)
    parser.add_argument("--role", choices=["send", "receive"], help=argparse.SUPPRESS)
    parser.add_argument("--layer", help=argparse.SUPPRESS)
    parser.add_argument("--pace", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role == "send":
        uvloop.run(send(given.layer, given.packets, given.pace))
    elif given.role == "receive":
        uvloop.run(receive(given.layer, given.packets))
    else:
        main(given.packets)
