"""Tickets on Redis keep the contract of their port, and do without a shard that is away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from messaging.stores.tickets.base import Tickets
from messaging.stores.tickets.redis import RedisTickets
from tests.contracts.clock import MovableClock
from tests.contracts.tickets import TicketsContract, holder
from tests.messaging.redis_rig import frozen
from tests.servers import Services

# The driver keeps a socket of its log messages in the loop, and leaves it to the loop's end.
pytestmark = [pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture
async def tickets(coordination: dict[str, Any]) -> AsyncIterator[RedisTickets]:
    tickets = RedisTickets(**coordination)
    yield tickets
    await tickets.close()


class TestTickets(TicketsContract):
    brief_seconds = 0.1

    async def outlive(self, clock: MovableClock, seconds: float) -> None:
        await asyncio.sleep(seconds + 0.05)


async def test_one_node_issues_what_another_takes(tickets: Tickets, coordination: dict[str, Any]) -> None:
    anna = holder()
    elsewhere = RedisTickets(**coordination)
    ticket = await elsewhere.issue(anna, node="one", ttl_seconds=60)
    assert await tickets.take(ticket, node="one") == anna
    assert await elsewhere.take(ticket, node="one") is None
    await elsewhere.close()


async def test_of_two_who_take_a_ticket_at_once_one_has_it(tickets: Tickets) -> None:
    anna = holder()
    for _ in range(20):
        ticket = await tickets.issue(anna, node="one", ttl_seconds=60)
        taken = await asyncio.gather(*(tickets.take(ticket, node="one") for _ in range(4)))
        assert sorted(taken, key=bool) == [None, None, None, anna]


async def test_tickets_are_issued_though_a_shard_is_away(tickets: Tickets, cassandra: Services) -> None:
    people = [holder() for _ in range(10)]
    await tickets.issue(people[0], node="one", ttl_seconds=60)
    with frozen(cassandra, 1):
        issued = [await tickets.issue(person, node="one", ttl_seconds=60) for person in people]
        assert [await tickets.take(ticket, node="one") for ticket in issued] == people


async def test_a_shard_shows_nobody_a_ticket(tickets: Tickets, coordination: dict[str, Any]) -> None:
    ticket = await tickets.issue(holder(), node="one", ttl_seconds=60)
    for url in coordination["urls"]:
        async with Redis.from_url(url) as client:
            assert not [key async for key in client.scan_iter() if ticket.encode() in key]
