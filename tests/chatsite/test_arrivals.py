"""So many arrivals a second are let in; the others get turns of their own."""

from typing import Any

import msgspec

from chatsite.arrivals import Arrivals, Turnstile
from tests.contracts.clock import MovableClock


def test_a_seconds_worth_may_come_at_once_and_so_many_each_second_after() -> None:
    clock = MovableClock()
    turnstile = Turnstile(10, clock=clock)
    assert [turnstile.wait() for _ in range(10)] == [None] * 10
    assert turnstile.wait() is not None
    clock.forward(0.5)
    assert [turnstile.wait() is None for _ in range(6)] == [True] * 5 + [False]
    clock.forward(60)
    assert [turnstile.wait() is None for _ in range(11)] == [True] * 10 + [False]


def test_who_keeps_to_their_turn_comes_in() -> None:
    clock = MovableClock()
    turnstile = Turnstile(10, clock=clock)
    waits = [turnstile.wait() for _ in range(100)]
    turns = sorted(wait for wait in waits if wait is not None)
    assert len(turns) == 90
    assert len(set(turns)) == 90
    now = 0.0
    for turn in turns:
        clock.forward(turn + 0.001 - now)
        now = turn + 0.001
        assert turnstile.wait() is None
    assert 8.9 < turns[-1] < 9.1


async def test_others_are_told_as_a_problem_and_nothing_else_is_counted() -> None:
    served: list[str] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        served.append(scope["path"])

    async def receive() -> dict[str, Any]:
        raise AssertionError

    told: list[dict[str, Any]] = []

    async def send(event: dict[str, Any]) -> None:
        told.append(event)

    arrivals = Arrivals(application, per_second=1)
    for method, path in (("POST", "/api/v1/connections"), ("POST", "/api/v1/connections"), ("GET", "/api/v1/me"), ("POST", "/x")):
        await arrivals({"type": "http", "method": method, "path": path}, receive, send)
    assert served == ["/api/v1/connections", "/api/v1/me", "/x"]
    start, body = told
    assert start["status"] == 503
    assert (b"Retry-After", b"1") in start["headers"]
    answer = msgspec.json.decode(body["body"])
    assert answer["code"] == "unavailable"
    assert 0.5 < answer["retry_after"] <= 1
