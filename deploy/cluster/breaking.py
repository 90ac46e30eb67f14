"""Two people chat across two nodes of the running cluster; one node is killed in the middle; what was lost is counted."""

import asyncio
import itertools
import os
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from deploy.cluster import command
from deploy.cluster.phone import Phone
from deploy.cluster.pieces import Cluster, Node
from deploy.services.base import CannotStart

SECONDS_BEFORE, SECONDS_AFTER = 4.0, 8.0
PAUSE_SECONDS = 0.25
SETTLE_SECONDS = 20.0
GREETINGS = ("good morning", "how are you", "did you see that", "one more thing", "see you tonight", "在吗", "好的", "明天见")


def main() -> None:
    os.umask(0o077)
    cluster = command.cluster()
    if not cluster.nginx.running or sum(node.running for node in cluster.nodes) < 2:
        sys.exit("Two nodes of a running cluster are needed. Start it with: make cluster")
    try:
        lost = asyncio.run(_chat(cluster))
    except CannotStart as error:
        sys.exit(str(error))
    sys.exit(1 if lost else 0)


async def _chat(cluster: Cluster) -> bool:
    """True when something was lost, doubled or put in another order."""
    print("Anna and Ben chat; each line is what one of them sees: → acknowledged, ← received.\n")
    beginning = time.monotonic()

    def watcher(column: str) -> Callable[[str], None]:
        return lambda words: print(f"{time.monotonic() - beginning:6.2f} s  {column} {words}", flush=True)

    mark = secrets.token_hex(3)
    anna = Phone(cluster.nginx.url, f"anna{mark}", watcher("Anna           "))
    ben = Phone(cluster.nginx.url, f"ben{mark}", watcher("          Ben  "))
    await anna.sign_up()
    await ben.sign_up()
    conversation = await anna.open_conversation(ben.name)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(anna.stay_connected(conversation))]
        await _until(lambda: anna.node != "")
        tasks.append(group.create_task(ben.stay_connected(conversation, avoid=anna.node)))
        await _until(lambda: ben.node != "")
        words = (f"{words} {number}" for number, words in enumerate(itertools.cycle(GREETINGS), start=1))
        await _talk(anna, ben, words, seconds=SECONDS_BEFORE)
        await anna.send(next(words))
        killed = _kill(cluster, anna.node)
        await _talk(ben, anna, words, seconds=SECONDS_AFTER)
        await _until(lambda: not anna.outbox and not ben.outbox and set(anna.held) == set(ben.held))
        for task in tasks:
            task.cancel()
    well = await _account(anna, ben)
    print(f"Starting {killed.name} again …")
    command.up_again()
    return not well


async def _talk(first: Phone, second: Phone, words: Iterator[str], *, seconds: float) -> None:
    """In turn, whatever happens to their nodes."""
    end = time.monotonic() + seconds
    for person in itertools.cycle((first, second)):
        if time.monotonic() > end:
            return
        await person.send(next(words))
        await asyncio.sleep(PAUSE_SECONDS)


def _kill(cluster: Cluster, url: str) -> Node:
    node = next(node for node in cluster.nodes if node.url == url)
    print(f"\n═══ kill -9 {node.name} ({url}), with a message on its way ═══\n", flush=True)
    node.process.signal(signal.SIGKILL)
    return node


async def _until(done: Callable[[], bool]) -> None:
    """Or as long as patience lasts: what is missing then is counted as lost."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not done() and time.monotonic() < deadline:  # noqa: ASYNC110 - what is waited for has many causes
        await asyncio.sleep(0.05)


async def _account(anna: Phone, ben: Phone) -> bool:
    """Prints the result; True when all is well."""
    stored = await anna.read_all()
    by_id = Counter(message["client_id"] for message in stored if message["kind"] == "text")
    acked = {**anna.acked, **ben.acked}
    places = {message["client_id"]: message["seq"] for message in stored}
    sent = len(acked) + len(anna.outbox) + len(ben.outbox)
    lost = [client_id for client_id, seq in acked.items() if places.get(client_id) != seq]
    unseen = {message["seq"] for message in stored} - (anna.held.keys() & ben.held.keys())
    doubled = sum(count - 1 for count in by_id.values())
    gaps = len(stored) != (stored[-1]["seq"] if stored else 0)
    print(
        f"\nSent {sent}, acknowledged {len(acked)}, received {ben.heard} by Ben and {anna.heard} by Anna.\n"
        f"Lost after the acknowledgement: {len(lost)}. Stored and not on both phones: {len(unseen)}. Stored twice: {doubled}. "
        f"Gaps in the order: {'yes' if gaps else 'none'}.\n"
        f"Longest wait for an acknowledgement: Anna, whose node was killed, {anna.longest_wait:.2f} s, Ben {ben.longest_wait:.2f} s.\n"
    )
    return len(acked) == sent and not (lost or unseen or doubled or gaps)
