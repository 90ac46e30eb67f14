"""One shard: a Redis process that has all of its state or none, and is told apart from its earlier lives."""

import asyncio
import logging
import random
from contextlib import aclosing
from pathlib import Path
from typing import Any

from hiredis import ReplyError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatsite.coordination.ballots import Ballots, Table
from chatsite.coordination.line import CALL_SECONDS, CONNECT_SECONDS, Line, LineLost
from chatsite.coordination.script import Script
from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable
from chatsite.core.redis_wire import command

logger = logging.getLogger(__name__)

REST_SECONDS = 0.25  # after a failure nobody waits for this shard: one slow shard must not slow what does not need it
TELL_SECONDS = 60.0
MOVE_SECONDS = 5.0  # longer than a lease: after it no node acknowledges by the old address
TRIES_MAX = 5

_TIMES: dict[str, Any] = {
    "socket_timeout": CALL_SECONDS,
    "socket_connect_timeout": CONNECT_SECONDS,
    "retry": Retry(NoBackoff(), 0),
    "health_check_interval": 0,
}
_OPEN = (Path(__file__).parent / "lua/open.lua").read_text()


class Renewed(Unavailable):
    """The shard is in another life than the one a call was meant for: what belonged to that one is gone."""


class _OtherRun(Exception):
    """This connection leads to another run of the process than the one we know."""


class Shard:
    """Use it through `Shards`. Every call carries an epoch; a new connection compares the run of the process before anything is asked."""

    def __init__(self, number: int, address: str, ballots: Ballots) -> None:
        self.number = number
        self.epoch = 0  # 0: we do not know it, or no longer believe it
        self.confirmed = 0  # the last life that we saw begun
        self._address = address
        self._ballots = ballots
        self._run: str | None = None
        self._entering = asyncio.Lock()
        self._rests_until = 0.0
        self._told_full_at = float("-inf")
        self._line = Line(address, self._check_run)

    def close(self) -> None:
        self._line.close()

    def follow(self, address: str) -> None:
        """Goes where the table says. Only at our start is it the other way round: then our setting is news, and the table follows it."""
        if self.confirmed and address != self._address:
            logger.warning("shard %d has moved", self.number)
            self._line.close()
            self._address, self.epoch, self._run = address, 0, None
            self._line = Line(address, self._check_run)

    async def run(self, script: Script, arguments: tuple[str | int | bytes, ...], *, epoch: int | None) -> Any:
        """With an `epoch` of the caller's, raises Renewed when that life is over; without, the present one is meant."""
        for _ in range(2):
            believed = epoch or self.epoch or await self.enter()
            try:
                self._require_awake()
                return await self._evaluate(script, believed, arguments)
            except ReplyError as error:
                if str(error).startswith("EPOCH"):
                    self.doubt(believed)
                else:
                    raise self._refusal(error) from error
            except _OtherRun:
                self.doubt(self.epoch)
            except LineLost as error:
                self._rest()
                raise Unavailable("A part of the service is away", retry_after=1) from error
            if epoch:
                break
        raise Renewed("A part of the service is starting anew", retry_after=0.2)

    def doubt(self, epoch: int) -> None:
        """What we believed turned out to be over: the next call finds out."""
        if self.epoch == epoch:
            self.epoch = 0

    async def enter(self) -> int:
        """The epoch of this shard's present life; begins a new one if the shard is not in the life that the table says. Raises Unavailable."""
        return self.epoch or await asyncio.create_task(self._enter())  # time-outs need a task, and our caller may be none

    async def _enter(self) -> int:
        async with self._entering:
            if self.epoch:
                return self.epoch
            self._require_awake()
            try:
                for _ in range(TRIES_MAX):
                    if epoch := await self._settle(await self._ballots.read()):
                        self.epoch = self.confirmed = epoch
                        return epoch
                    await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - others try too
            except RedisError as error:
                self._rest()
                raise Unavailable("A part of the service is away", retry_after=1) from error
        raise Unavailable("A part of the service is starting anew", retry_after=0.2)

    async def _settle(self, table: Table) -> int | None:
        """The epoch if shard and table agree on it, after beginning a new life if need be; None: try again."""
        life, address = table.lives.get(self.number), self._address
        async with aclosing(Redis.from_url(address, single_connection_client=True, **_TIMES)) as probe:
            run = await self._ask_who(probe)
            known: list[Any] = await probe.mget("epoch", "run")
            epoch, known_run = (value.decode() if value else None for value in known)
            if life and life.address != address:
                await self._ballots.begin(self.number, address, table, is_moving=True)
                return None  # to be read again: whoever decided it, everybody waits
            if life and not life.is_moving and epoch == str(life.epoch) and known_run == run:
                self._run = run
                return life.epoch
            if life and life.is_moving:
                await asyncio.sleep(MOVE_SECONDS)
                table = await self._ballots.read()
                if table.lives.get(self.number) != life:
                    return None
            begun = await self._ballots.begin(self.number, address, table)
            if begun is None or not await probe.eval(_OPEN, 0, str(begun), run):
                return None
            # A shard that was emptied takes any epoch: ours may have been over before we came to open it.
            now = (await self._ballots.read()).lives.get(self.number)
        if now is None or now.epoch != begun or self._address != address:
            return None
        logger.warning("shard %d begins life %d", self.number, begun)
        self._run = run
        return begun

    async def _ask_who(self, probe: Redis) -> str:
        """The run of the process that answers. Raises Unavailable for one that may forget a part."""
        policy = await probe.config_get("maxmemory-policy", "appendonly", "save")
        if policy.get("maxmemory-policy") != "noeviction":
            raise Unavailable("A part of the service is set up wrongly: its Redis needs maxmemory-policy noeviction")
        if policy.get("appendonly") != "no" or policy.get("save"):
            logger.warning("shard %d writes to disk: set appendonly no and save to nothing", self.number)
        info = await probe.info("server")
        return str(info["run_id"])

    def _check_run(self, run: str) -> None:
        """Raises _OtherRun when a new connection leads to a process that is not the one this life is in. An old connection cannot."""
        if run != self._run:
            raise _OtherRun(f"shard {self.number} was restarted")

    async def _evaluate(self, script: Script, epoch: int, arguments: tuple[str | int | bytes, ...]) -> Any:
        try:
            return await self._line.call(command("EVALSHA", script.sha, 0, epoch, *arguments))
        except ReplyError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await self._line.call(command("EVAL", script.text, 0, epoch, *arguments))

    def _refusal(self, error: ReplyError) -> Exception:
        """What an error of Redis is to a caller; one that none of these explains is a fault of ours."""
        match str(error).partition(" ")[0]:
            case "OOM":
                self._tell_that_it_is_full()
                return Unavailable("A part of the service is away", retry_after=5)
            case "BUSY" | "LOADING" | "MISCONF" | "READONLY":
                return Unavailable("A part of the service is away", retry_after=1)
            case _:
                return error

    def _tell_that_it_is_full(self) -> None:
        """To the operator, now and then."""
        if clock.monotonic() >= self._told_full_at + TELL_SECONDS:
            self._told_full_at = clock.monotonic()
            logger.warning("shard %d has no memory left: nothing new can be kept there", self.number)

    def _require_awake(self) -> None:
        if clock.monotonic() < self._rests_until:
            raise Unavailable("A part of the service is away", retry_after=1)

    def _rest(self) -> None:
        self._rests_until = clock.monotonic() + REST_SECONDS
