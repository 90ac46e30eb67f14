"""People with real browsers become contacts, see each other come and go, and part."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser import Browsers
from tests.journeys.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.journey]


class People(Screen):
    """The list of contacts."""

    async def open_contacts(self) -> None:
        await self.page.get_by_role("button", name=re.compile("^Contacts")).click()

    async def ask(self, username: str) -> None:
        await self.page.get_by_role("button", name="Add a contact").click()
        await self.page.get_by_label("Username", exact=True).fill(username)
        await self.page.get_by_role("button", name="Ask them").click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    def request(self, name: str) -> Locator:
        return self.page.locator(".invitation").filter(has_text=name)

    def contact(self, name: str) -> Locator:
        return self.page.locator(".contact").filter(has_text=name)

    async def choose(self, *buttons: str) -> None:
        for button in buttons:
            await self.page.get_by_role("button", name=button, exact=True).click()


async def test_two_become_contacts_and_one_blocks_the_other(browsers: Browsers) -> None:
    anna, bert = People(await browsers.page_for("anna")), People(await browsers.page_for("bert"))
    for person in (anna, bert):
        await person.open_contacts()
    await anna.ask("bert")
    await expect(anna.contact("bert").get_by_role("button", name="Take back")).to_be_visible()
    await expect(bert.page.get_by_text("1 request waits for you")).to_be_attached()
    await bert.request("anna").get_by_role("button", name="Accept").click()
    for screen, name in ((anna, "bert"), (bert, "anna")):
        await expect(screen.contact(name).get_by_text("online", exact=True).last).to_be_visible()

    await anna.page.get_by_title("Write to bert").click()
    await anna.say("So we know each other now")
    await expect(anna.bubble("So we know")).to_have_count(1)
    await bert.page.get_by_title("Write to anna").click()
    await bert.sees("So we know each other now")
    await expect(bert.page.locator(".conversation-subtitle")).to_have_text("online")

    await anna.page.locator(".conversation-who").click()
    await anna.choose("Block")
    await expect(anna.page.get_by_text("They are not told.")).to_be_visible()
    await anna.page.get_by_role("dialog").get_by_role("button", name="Block").click()
    await expect(anna.page.get_by_text("You have blocked bert.")).to_be_visible()
    await expect(anna.composer).to_have_count(0)
    await expect(bert.contact("anna")).to_have_count(0)
    await expect(bert.page.locator(".conversation-subtitle")).to_have_text("@anna")
    await bert.say("Are you there?")
    await expect(bert.bubble("Are you there?").get_by_text("does not take messages from you")).to_be_visible()

    await anna.page.locator(".composer-closed").get_by_role("button", name="Unblock").click()
    await expect(anna.composer).to_be_visible()
    await bert.page.get_by_role("button", name="Try again").click()
    await anna.sees("Are you there?")


async def test_an_invite_link_survives_logging_in(browsers: Browsers) -> None:
    anna, bert = People(await browsers.page_for("anna")), People(await browsers.page_for("bert"))
    await anna.open_contacts()
    await anna.page.get_by_role("button", name="Add a contact").click()
    await anna.choose("Make a link")
    link = await anna.page.get_by_role("textbox", name="Your invite link").input_value()
    await bert.page.goto(link)
    await expect(bert.page.get_by_role("dialog").get_by_text("@anna")).to_be_visible()
    await bert.page.get_by_role("button", name="Add to contacts").click()
    await expect(bert.contact("anna").get_by_role("button", name="Take back")).to_be_visible()
    assert bert.page.url.endswith("/contacts")
    await anna.page.keyboard.press("Escape")
    await anna.request("bert").get_by_role("button", name="Decline").click()
    await expect(anna.request("bert")).to_have_count(0)
    await expect(bert.contact("anna")).to_have_count(1)


async def test_contacts_are_picked_for_a_group_and_are_in_at_once(browsers: Browsers) -> None:
    anna, bert = People(await browsers.page_for("anna")), People(await browsers.page_for("bert"))
    await anna.open_contacts()
    await anna.ask("bert")
    await bert.open_contacts()
    await bert.request("anna").get_by_role("button", name="Accept").click()
    await expect(anna.contact("bert").get_by_title("Write to bert")).to_be_visible()
    await anna.page.get_by_role("button", name="New chat").first.click()
    await anna.choose("A group")
    await anna.page.get_by_label("Group name").fill("Two of us")
    await anna.page.get_by_role("checkbox", name="bert").check()
    await anna.choose("Create group")
    await expect(anna.page.get_by_text("You added bert")).to_be_visible()
    await bert.page.get_by_role("button", name="Chats", exact=True).click()
    await bert.open("Two of us")
    await bert.say("Here I am")
    await anna.sees("Here I am")


async def test_the_list_says_when_it_could_not_be_loaded(browsers: Browsers) -> None:
    page = await browsers.page_for("anna")
    await page.route("**/api/v1/contacts", lambda route: route.abort())
    await page.reload()
    screen = People(page)
    await screen.open_contacts()
    await expect(page.get_by_text("Contacts could not be loaded.")).to_be_visible()
    await page.unroute("**/api/v1/contacts")
    await screen.choose("Try again")
    await expect(page.get_by_text("No contacts yet")).to_be_visible()
