"""What every store of tickets promises (messaging/stores/tickets/base.py). An adapter's suite gives `tickets` and `clock`."""

from messaging.stores.tickets.base import Holder, Tickets
from tests.contracts.clock import MovableClock
from tests.contracts.rig import some_id


def holder() -> Holder:
    return Holder(some_id(), some_id())


class TicketsContract:
    brief_seconds = 59.0

    async def outlive(self, clock: MovableClock, seconds: float) -> None:
        """Lets time pass, whichever clock the adapter goes by."""
        clock.forward(seconds)

    async def test_a_ticket_names_its_holder_once(self, tickets: Tickets) -> None:
        anna = holder()
        ticket = await tickets.issue(anna, node="one", ttl_seconds=60)
        assert await tickets.take(ticket, node="one") == anna
        assert await tickets.take(ticket, node="one") is None

    async def test_tickets_are_long_and_never_the_same(self, tickets: Tickets) -> None:
        anna = holder()
        issued = {await tickets.issue(anna, node="one", ttl_seconds=60) for _ in range(50)}
        assert len(issued) == 50
        assert min(len(ticket) for ticket in issued) >= 22  # 128 bits in base 64

    async def test_each_ticket_has_its_own_holder(self, tickets: Tickets) -> None:
        anna, ben = holder(), holder()
        for_anna, for_ben = [await tickets.issue(person, node="one", ttl_seconds=60) for person in (anna, ben)]
        assert await tickets.take(for_ben, node="one") == ben
        assert await tickets.take(for_anna, node="one") == anna

    async def test_an_unknown_ticket_is_nobodys(self, tickets: Tickets) -> None:
        assert await tickets.take("", node="one") is None
        assert await tickets.take("never-issued", node="one") is None

    async def test_a_ticket_expires(self, tickets: Tickets, clock: MovableClock) -> None:
        anna = holder()
        brief = await tickets.issue(anna, node="one", ttl_seconds=self.brief_seconds)
        lasting = await tickets.issue(anna, node="one", ttl_seconds=60)
        await self.outlive(clock, self.brief_seconds)
        assert await tickets.take(brief, node="one") is None
        assert await tickets.take(lasting, node="one") == anna

    async def test_a_ticket_is_worth_nothing_at_another_node_and_is_used_up_there(self, tickets: Tickets) -> None:
        ticket = await tickets.issue(holder(), node="one", ttl_seconds=60)
        assert await tickets.take(ticket, node="two") is None
        assert await tickets.take(ticket, node="one") is None
