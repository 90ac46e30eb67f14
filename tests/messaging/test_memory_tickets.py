"""Tickets in memory keep the contract of their port, and are bounded."""

import pytest

from messaging.stores.tickets import memory
from messaging.stores.tickets.memory import MemoryTickets
from tests.contracts.clock import MovableClock
from tests.contracts.tickets import TicketsContract, holder


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def tickets(clock: MovableClock) -> MemoryTickets:
    return MemoryTickets(clock=clock)


class TestTickets(TicketsContract):
    pass


async def test_a_flood_of_tickets_drops_the_oldest(tickets: MemoryTickets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT_MAX", 3)
    anna = holder()
    issued = [await tickets.issue(anna, node="one", ttl_seconds=60) for _ in range(5)]
    assert [await tickets.take(ticket, node="one") for ticket in issued] == [None, None, anna, anna, anna]
