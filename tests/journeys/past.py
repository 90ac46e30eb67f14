"""A long past with somebody, written quickly by their app."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from playwright.async_api import Page

from tests.browser import Browsers
from tests.client import Phone
from tests.server import Server


@asynccontextmanager
async def a_past(
    browsers: Browsers, server: Server, count: int, text: Callable[[int], str] = "line number {:03}.".format
) -> AsyncIterator[tuple[Page, Phone, str]]:
    """Anna's page, Dora's app, and the conversation in which Dora has said all that."""
    dora = Phone(server.url)
    await dora.sign_up("dora")
    page = await browsers.page_for("anna")
    room = await dora.direct("anna")
    live = await dora.connect()
    for number in range(count):
        await live.say(room, text(number))
    yield page, dora, room
    await dora.close()
