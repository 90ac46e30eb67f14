"""A device that never opens a socket: it asks `GET /sync` again and again, so that nothing but its cursor tells it what is new."""

import asyncio
from urllib.parse import quote, urlencode

from tests.client import Frame, Phone
from tests.journeys.device import Device

POLL_SECONDS = 0.25


class RestRoad:
    """The commands of a socket that REST has as well."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    async def call(self, frame: Frame) -> Frame:
        if frame["type"] == "sync":
            answer = await self._phone.api("GET", f"/sync?cursor={quote(frame['cursor'])}")
            return {"type": "resync" if "reason" in answer else "synced", **answer}
        place = urlencode([(name, frame[name]) for name in ("before", "after", "limit") if name in frame])
        return dict(await self._phone.api("GET", f"/conversations/{frame['conversation']}/messages?{place}"))


class Poller(Device):
    """As `Device`, but it sends nothing."""

    async def _live(self) -> None:
        road = RestRoad(self.phone)
        if self._cursor is None:
            await self._audit()
        while not self._stopping:
            self._asked.clear()
            await self._pull_gaps(road)
            await self._take_synced(road, await road.call({"type": "sync", "cursor": self._cursor}))
            await asyncio.sleep(POLL_SECONDS)
