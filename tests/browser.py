"""A real browser for tests: Debian's chromium, driven by Playwright, one context (cookies, storage) a person or device."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.client import PASSWORD

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
]
NAMES = ("chromium", "chromium-browser", "google-chrome")
# What a page must never do, whatever the test is about.
FORBIDDEN = ("Content Security Policy", "Uncaught", "Refused to")


def executable() -> str:
    """The browser's path; CHROMIUM in the environment names another."""
    found = next((path for name in (os.environ.get("CHROMIUM", ""), *NAMES) if name and (path := shutil.which(name))), None)
    assert found, "no chromium on this machine: apt-get install chromium, or set CHROMIUM to its path (make test installs it)"
    return found


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Browsers:
    """Opens pages of one server for several people, and remembers what went wrong in any of them."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.complaints: list[str] = []
        self._browser = browser
        self._url = url
        self._known: set[str] = set()

    async def context(self, **options: Any) -> BrowserContext:
        """A browser of its own: other cookies, other storage. Options are Playwright's (viewport, color_scheme, locale …)."""
        context = await self._browser.new_context(base_url=self._url, **{"locale": "en-US", **options})
        context.set_default_timeout(10_000)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("console", self._listen)
        return context

    async def page_for(self, username: str, password: str = PASSWORD, path: str = "/", **options: Any) -> Page:
        """A page of this person in a new browser; signs them up the first time, logs them in after that."""
        page = await (await self.context(**options)).new_page()
        await (self.log_in if username in self._known else self.sign_up)(page, username, password)
        await page.goto(path)
        return page

    async def sign_up(self, page: Page, username: str, password: str = PASSWORD) -> None:
        await page.goto("/accounts/signup/")
        await self._submit(page, username=username, password1=password)
        self._known.add(username)

    async def log_in(self, page: Page, username: str, password: str = PASSWORD) -> None:
        await page.goto("/accounts/login/")
        await self._submit(page, login=username, password=password)

    def is_known(self, username: str) -> None:
        """Says that this person has an account already, made by other means."""
        self._known.add(username)

    async def _submit(self, page: Page, **fields: str) -> None:
        form = page.locator("form", has=page.locator(f"[name={next(iter(fields))}]"))
        for name, value in fields.items():
            await form.locator(f"[name={name}]").fill(value)
        before = page.url
        await form.locator("[type=submit]").first.click()
        await page.wait_for_url(lambda url: url != before)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and any(word in message.text for word in FORBIDDEN):
            self.complaints.append(message.text)
