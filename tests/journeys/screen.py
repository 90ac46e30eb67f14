"""What a person does on the conversation page, in their words."""

import re

from playwright.async_api import Locator, Page, expect


class Screen:
    """One page of one person."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log")
        self.composer = page.get_by_role("textbox", name=re.compile("^Message to"))

    def row(self, title: str) -> Locator:
        return self.page.get_by_role("link").filter(has_text=title)

    def bubble(self, text: str) -> Locator:
        return self.log.locator(".bubble-line").filter(has_text=text)

    async def start_direct(self, username: str) -> None:
        await self._new_chat()
        await self.page.get_by_label("Username", exact=True).fill(username)
        await self.page.get_by_role("button", name="Start chat").click()
        await expect(self.composer).to_be_visible()

    async def start_group(self, title: str, *usernames: str) -> None:
        await self._new_chat()
        await self.page.get_by_role("button", name="A group").click()
        await self.page.get_by_label("Group name").fill(title)
        await self.page.get_by_label("Others to invite").fill(", ".join(usernames))
        await self.page.get_by_role("button", name="Create group").click()
        await expect(self.composer).to_be_visible()

    async def accept(self, title: str) -> None:
        invitation = self.page.locator(".invitation").filter(has_text=title)
        await invitation.get_by_role("button", name="Accept").click()
        await expect(self.composer).to_be_visible()

    async def open(self, title: str) -> None:
        await self.row(title).click()
        await expect(self.composer).to_be_visible()

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")

    async def sees(self, *texts: str) -> None:
        for text in texts:
            await expect(self.bubble(text)).to_have_count(1)

    async def texts(self) -> list[str]:
        """What the bubbles on the screen say, from top to bottom."""
        return await self.log.locator(".bubble .body").all_inner_texts()

    async def _new_chat(self) -> None:
        await self.page.get_by_role("button", name="New chat").first.click()
