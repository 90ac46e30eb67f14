"""What every adapter of discovery promises (chatsite/discovery/base.py). An adapter's suite gives `discoveries`.

`discoveries("one")` makes the adapter of one process; those of a test belong to one registry.
"""

import asyncio
from collections.abc import Callable

from chatsite.core import ids
from chatsite.core.ids import IdGenerator
from chatsite.discovery.base import Discovery, Load

Discoveries = Callable[[str], Discovery]


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def names(discovery: Discovery, region: str = "") -> list[str]:
    return [node.name for node in await discovery.nodes_for(region)]


class DiscoveryContract:
    async def test_processes_hold_different_worker_numbers_that_fit(self, discoveries: Discoveries) -> None:
        processes = [discoveries(f"process-{number}") for number in range(5)]
        for process in processes:
            await process.start(watch=False)
        numbers = [process.worker_number() for process in processes]
        assert len(set(numbers)) == 5
        assert all(0 <= number < 1 << ids.WORKER_BITS for number in numbers)

    async def test_a_process_keeps_its_number(self, discoveries: Discoveries) -> None:
        process = discoveries("one")
        assert len({process.worker_number() for _ in range(100)}) == 1

    async def test_a_number_is_leased_when_the_first_id_is_made(self, discoveries: Discoveries) -> None:
        """As in a command that never started anything."""
        one, other = IdGenerator(discoveries("one").worker_number), IdGenerator(discoveries("other").worker_number)
        assert len({make() for make in (one, other) for _ in range(1000)}) == 2000

    async def test_a_number_may_be_had_again_after_closing(self, discoveries: Discoveries) -> None:
        process = discoveries("one")
        await process.start(watch=False)
        await process.close()
        await process.start(watch=False)
        assert 0 <= process.worker_number() < 1 << ids.WORKER_BITS

    async def test_there_is_no_node_before_one_is_announced(self, discoveries: Discoveries) -> None:
        process = discoveries("one")
        await process.start(watch=True)
        assert await process.nodes_for() == []

    async def test_an_announced_node_is_found_also_when_it_is_announced_again(self, discoveries: Discoveries) -> None:
        process = discoveries("one")
        await process.start(watch=True)
        for connections in (0, 7, 7, 12_345):
            await process.announce(Load(connections=connections))
        await self.found(process, ["one"])

    async def test_a_node_that_drains_is_not_handed_out(self, discoveries: Discoveries) -> None:
        process = discoveries("one")
        await process.start(watch=True)
        await process.announce(Load())
        await self.found(process, ["one"])
        await process.announce(Load(draining=True))
        await self.found(process, [])

    async def test_a_node_that_withdrew_is_not_handed_out_and_may_come_back(self, discoveries: Discoveries) -> None:
        process = discoveries("one")
        await process.start(watch=True)
        await process.announce(Load())
        await self.found(process, ["one"])
        await process.withdraw()
        await self.found(process, [])
        await process.announce(Load())
        await self.found(process, ["one"])

    async def found(self, discovery: Discovery, expected: list[str]) -> None:
        """Others know within moments."""
        async with asyncio.timeout(20):
            while sorted(await names(discovery)) != expected:
                await asyncio.sleep(0.02)
