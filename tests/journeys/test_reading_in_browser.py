"""What people do with messages: read them formatted, answer one, look who has read it, go to it, by pointer and by keyboard."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser import Browsers
from tests.conftest import StartServer
from tests.journeys.past import a_past
from tests.journeys.screen import Screen
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def server(start_server: StartServer) -> Server:
    return start_server(SEND_RATE="1000", SEND_BURST="1000")


def longer(number: int) -> str:
    """Lines of several heights."""
    return f"line number {number:03}." + " and more of it" * (number % 7 * 5)


class Reading(Screen):
    async def open_menu(self, text: str) -> None:
        await self.bubble(text).hover()
        await self.bubble(text).get_by_role("button", name="Message actions").click()

    async def choose(self, text: str, action: str) -> None:
        await self.open_menu(text)
        await self.page.locator(".message-menu").get_by_role("button", name=action).click()

    def quote(self, text: str) -> Locator:
        """What the message with this text answers."""
        return self.bubble(text).locator(".quote")


async def two(browsers: Browsers) -> tuple[Reading, Reading]:
    anna, bert = Reading(await browsers.page_for("anna")), Reading(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await anna.say("Which train do we take?")
    await bert.open("anna")
    await bert.sees("Which train do we take?")
    return anna, bert


async def test_formatting_is_shown_and_html_is_only_text(browsers: Browsers) -> None:
    anna, bert = await two(browsers)
    await anna.say(
        '*bold* _italic_ ~struck~ `code` <img src=x onerror=alert(1)> https://example.org/a_b\n> said\n```js\nlet a = "*";\n```'
    )
    bubble = bert.bubble("bold")
    for tag, text in (("strong", "bold"), ("em", "italic"), ("del", "struck"), ("blockquote", "said"), ("pre", 'let a = "*";')):
        await expect(bubble.locator(f".body {tag}")).to_have_text(text)
    await expect(bubble.locator(".body code:not(pre > code)")).to_have_text("code")
    await expect(bubble.get_by_role("link")).to_have_attribute("href", "https://example.org/a_b")
    await expect(bubble.locator("img")).to_have_count(0)
    await expect(bubble).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(bert.row("anna")).to_contain_text("bold italic struck code <img")
    await anna.say("🎉🎉")
    await expect(bert.bubble("🎉🎉")).to_have_class(re.compile(r"\blarge\b"))
    await anna.say("مرحبا بك")
    body = bert.bubble("مرحبا").locator(".body")
    assert await body.evaluate("body => getComputedStyle(body).direction") == "rtl"


async def test_a_message_is_answered_and_the_answer_leads_back_to_it(browsers: Browsers) -> None:
    anna, bert = await two(browsers)
    await bert.choose("Which train", "Reply")
    await expect(bert.composer).to_be_focused()
    await expect(bert.page.locator(".replying")).to_contain_text("Which train do we take?")
    await bert.composer.press("Escape")
    await expect(bert.page.locator(".replying")).to_have_count(0)
    await bert.choose("Which train", "Reply")
    await bert.say("The 8:14")
    await expect(bert.page.locator(".replying")).to_have_count(0)
    for screen in (anna, bert):
        await expect(screen.quote("The 8:14")).to_contain_text("Which train do we take?")
    await anna.page.reload()
    await expect(anna.quote("The 8:14")).to_contain_text("You")


async def test_an_answer_leads_to_a_message_far_back_and_on_from_there(browsers: Browsers, server: Server) -> None:
    async with a_past(browsers, server, 300) as (page, dora, room):
        anna = Reading(page)
        answer = {"client_id": "6f1c6f50-2f6a-4a53-9d38-0d6f3c1d5a11", "text": "as I said", "reply_to": 5}
        await dora.api("POST", f"/conversations/{room}/messages", answer)

        await anna.open("dora")
        await anna.sees("line number 000.")  # three hundred unread: it begins with the first
        await expect(anna.bubble("as I said")).to_have_count(0)
        await anna.page.get_by_role("button", name=re.compile("^Go to the newest|new messages?$")).click()
        await anna.sees("as I said")
        await anna.quote("as I said").click()
        await expect(anna.bubble("line number 004.")).to_be_in_viewport()
        assert await anna.log.locator(".bubble-line").count() <= 200
        for _ in range(60):  # back to the present by scrolling alone
            await anna.log.evaluate("log => { log.scrollTop = log.scrollHeight; }")
            if await anna.bubble("as I said").count():
                break
            await anna.page.wait_for_timeout(50)
        await anna.sees("as I said")
        assert await anna.log.locator(".bubble-line").count() <= 200


async def test_a_fresh_device_goes_to_what_it_does_not_hold(browsers: Browsers, server: Server) -> None:
    async with a_past(browsers, server, 400) as (page, dora, room):
        anna = Reading(page)
        answer = {"client_id": "6f1c6f50-2f6a-4a53-9d38-0d6f3c1d5a12", "text": "see above", "reply_to": 101}
        await dora.api("POST", f"/conversations/{room}/messages", answer)
        await anna.open("dora")
        await anna.page.get_by_role("button", name=re.compile("^Go to the newest|new messages?$")).click()
        await anna.sees("see above")

        fresh = Reading(await browsers.page_for("anna"))
        await fresh.open("dora")
        await fresh.sees("see above")
        await fresh.quote("see above").click()
        await expect(fresh.bubble("line number 100.")).to_be_in_viewport()
        await fresh.page.get_by_role("button", name="Go to the newest message").click()
        await fresh.sees("see above")


async def test_whoever_asks_sees_who_has_read_a_message(browsers: Browsers) -> None:
    anna, bert, cleo = [Reading(await browsers.page_for(name)) for name in ("anna", "bert", "cleo")]
    await anna.start_group("Mountain hut", "bert", "cleo")
    await bert.accept("Mountain hut")
    await cleo.page.locator(".invitation").get_by_role("button", name="Accept").click()
    await cleo.page.goto("/")  # at home: told, not read
    await expect(cleo.row("Mountain hut")).to_be_visible()
    await anna.say("Who brings the map?")
    await bert.sees("Who brings the map?")
    await expect(cleo.row("Mountain hut")).to_contain_text("Who brings")
    await anna.choose("Who brings", "Info")
    dialog = anna.page.get_by_role("dialog")
    await expect(dialog.locator("[data-what=read] li > span:last-child")).to_have_text(["bert"])
    await expect(dialog.locator("[data-what=delivered] li > span:last-child")).to_have_text(["cleo"])
    await cleo.open("Mountain hut")
    await expect(dialog.locator("[data-what=read] li")).to_have_count(2)
    await anna.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_text_is_copied_as_it_was_typed(browsers: Browsers) -> None:
    anna, bert = await two(browsers)
    await bert.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await anna.say("copy *this*")
    await bert.choose("copy this", "Copy text")
    await expect(bert.page.get_by_text("Copied.")).to_be_visible()
    assert await bert.page.evaluate("navigator.clipboard.readText()") == "copy *this*"


async def test_everything_can_be_done_by_keyboard(browsers: Browsers) -> None:
    anna, bert = await two(browsers)
    press = bert.page.keyboard.press
    await bert.composer.press("ArrowUp")
    await expect(bert.bubble("Which train")).to_be_focused()
    await press("Enter")
    await expect(bert.page.locator(".message-menu").get_by_role("button", name="Reply")).to_be_focused()
    await press("ArrowDown")
    await expect(bert.page.locator(".message-menu").get_by_role("button", name="Copy text")).to_be_focused()
    await press("Escape")
    await expect(bert.bubble("Which train")).to_be_focused()
    await press("Enter")
    await press("Enter")
    await bert.page.keyboard.type("The early one")
    await press("Enter")
    await expect(anna.quote("The early one")).to_contain_text("Which train")
    await bert.composer.press("ArrowUp")
    await press("ArrowUp")
    await expect(bert.bubble("Which train").first).to_be_focused()
    await press("Escape")
    await expect(bert.composer).to_be_focused()

    await press("Control+k")
    await expect(bert.page.get_by_role("combobox", name="Name or username")).to_be_focused()
    await bert.page.keyboard.type("ÂNN")
    await expect(bert.page.get_by_role("option")).to_have_count(1)
    await bert.page.keyboard.type("x")
    await expect(bert.page.get_by_text("No conversation and no contact is called that.")).to_be_visible()
    await press("Escape")
    await press("Escape")
    await expect(bert.page.get_by_role("heading", name="Good to see you, bert")).to_be_visible()
    await press("Control+k")
    await bert.page.keyboard.type("ann")
    await press("Enter")
    await expect(bert.composer).to_be_focused()
    await press("Control+/")
    await expect(bert.page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to a conversation")
    await press("Escape")
    await expect(bert.page.get_by_role("dialog")).to_have_count(0)


async def test_on_a_touch_screen_a_tap_opens_what_can_be_done(browsers: Browsers) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    anna = Reading(await browsers.page_for("anna"))
    bert = Reading(await browsers.page_for("bert", **phone))
    await anna.start_direct("bert")
    await anna.say("Tap me")
    await bert.row("anna").tap()
    await bert.bubble("Tap me").locator(".body").tap()
    await bert.page.locator(".message-menu").get_by_role("button", name="Reply").tap()
    await bert.composer.fill("Tapped")
    await bert.page.get_by_role("button", name="Send", exact=True).tap()
    await expect(anna.quote("Tapped")).to_contain_text("Tap me")


async def test_scrolling_back_moves_what_is_read_by_what_was_scrolled_and_nothing_else(
    browsers: Browsers, server: Server
) -> None:
    async with a_past(browsers, server, 420, longer) as (page, _, _):
        anna = Reading(page)
        await anna.open("dora")
        await anna.page.get_by_role("button", name=re.compile("^Go to the newest|new messages?$")).click()
        await anna.sees("line number 419.")
        moved: list[float] = await anna.log.evaluate(
            """async log => {
                const frame = () => new Promise(requestAnimationFrame);
                const moves = [];
                for (let step = 0; step < 400 && !log.querySelector('[data-key=start]'); step += 1) {
                    const line = [...log.querySelectorAll('.bubble-line')].find((one) => one.getBoundingClientRect().bottom > 80);
                    const before = [line.getBoundingClientRect().top, log.scrollTop];
                    log.scrollTop -= 150;
                    for (let wait = 0; wait < 4; wait += 1) await frame();
                    if (line.isConnected && before[1] >= 150) moves.push(Math.abs(line.getBoundingClientRect().top - before[0] - 150));
                    if (log.querySelectorAll('.bubble-line').length > 200) return [1000];
                }
                return moves;
            }"""
        )
        assert len(moved) > 50
        assert max(moved) < 2, "pixels beyond what was scrolled, while older lines came in above"
        await anna.sees("line number 000.")


async def test_what_comes_is_said_aloud_and_who_writes_is_shown(browsers: Browsers) -> None:
    anna, bert = await two(browsers)
    await bert.composer.press_sequentially("I thi")
    await expect(anna.page.locator(".typing")).to_have_text("bert is typing")
    await bert.say("I think *the early one*")
    aloud = anna.page.locator("[aria-live=polite]").filter(has_text="bert: I think the early one")
    await expect(aloud).to_be_attached()
    await expect(anna.page.locator(".typing")).to_have_text("")


async def test_the_page_speaks_chinese_to_who_wants_it(browsers: Browsers) -> None:
    anna = Reading(await browsers.page_for("anna"))
    page = await browsers.page_for("mei", locale="zh-CN")
    await anna.start_direct("mei")
    await anna.say("ni hao")
    await page.get_by_role("link").filter(has_text="anna").click()
    await expect(page.get_by_placeholder("写消息")).to_be_visible()
    await expect(page.locator(".day-line")).to_have_text("今天")
    await page.locator(".bubble-line").last.hover()
    await page.get_by_role("button", name="消息操作").last.click()
    await page.get_by_role("button", name="详情", exact=True).click()
    await expect(page.get_by_role("dialog", name="消息详情")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "zh-Hans-CN"
