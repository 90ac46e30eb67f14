"""The connection to a shard: answers find whoever asked, in any crowd, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hiredis import ReplyError

from chatsite.coordination import line as lines
from chatsite.coordination.line import Line, LineLost
from chatsite.core.redis_wire import command
from tests.messaging.redis_rig import frozen
from tests.servers import Services

pytestmark = pytest.mark.servers


@pytest.fixture
async def line(coordination: dict[str, Any]) -> AsyncIterator[Line]:
    line = Line(coordination["urls"][0], meet=lambda run: None)
    yield line
    line.close()
    await asyncio.sleep(0)


async def test_each_of_a_thousand_calls_at_once_has_its_own_answer(line: Line) -> None:
    answers = await asyncio.gather(*(line.call(command("ECHO", f"{number}")) for number in range(1_000)))
    assert answers == [f"{number}".encode() for number in range(1_000)]


async def test_an_error_is_raised_to_whoever_asked_and_nobody_else(line: Line) -> None:
    answers: Any = await asyncio.gather(
        line.call(command("ECHO", "a")), line.call(command("NONSENSE")), line.call(command("ECHO", "b")), return_exceptions=True
    )
    assert [answers[0], answers[2]] == [b"a", b"b"]
    assert isinstance(answers[1], ReplyError)


async def test_who_no_longer_waits_shifts_nobodys_answer(line: Line) -> None:
    gone = asyncio.create_task(line.call(command("ECHO", "gone")))
    stays = asyncio.create_task(line.call(command("ECHO", "stays")))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == b"stays"
    assert await line.call(command("ECHO", "next")) == b"next"


async def test_a_frozen_server_ends_every_call_and_the_next_connects_anew(
    line: Line, cassandra: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "CALL_SECONDS", 0.2)
    await line.call(command("PING"))
    with frozen(cassandra, 0):
        outcomes = await asyncio.gather(*(line.call(command("PING")) for _ in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LineLost] * 5
    assert await line.call(command("ECHO", "back")) == b"back"


async def test_a_process_that_is_not_meant_is_asked_nothing(coordination: dict[str, Any]) -> None:
    class Stranger(Exception):
        pass

    def meet(run: str) -> None:
        raise Stranger(run)

    line = Line(coordination["urls"][0], meet)
    with pytest.raises(Stranger):
        await line.call(command("PING"))


async def test_nobody_there_is_told(line: Line) -> None:
    nobody = Line("redis://127.0.0.1:1/0", meet=lambda run: None)
    with pytest.raises(LineLost):
        await nobody.call(command("PING"))


async def test_more_calls_than_may_wait_are_refused(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "UNANSWERED_MAX", 3)
    await line.call(command("PING"))
    outcomes = await asyncio.gather(*(line.call(command("PING")) for _ in range(5)), return_exceptions=True)
    assert outcomes[:3] == [b"PONG"] * 3 or outcomes[:3] == ["PONG"] * 3
    assert [type(outcome) for outcome in outcomes[3:]] == [LineLost, LineLost]
