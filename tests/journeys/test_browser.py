"""People with real browsers: they sign up, chat in twos and threes, lose the network, reload, and find everything again."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import Browsers
from tests.conftest import StartServer
from tests.journeys.past import a_past
from tests.journeys.screen import Screen
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.journey]


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """A server that lets one test write a long history quickly."""
    return start_server(SEND_RATE="1000", SEND_BURST="1000")


async def test_two_people_chat_and_a_third_device_catches_up(browsers: Browsers) -> None:
    anna, bert = Screen(await browsers.page_for("anna")), Screen(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await anna.say("Hello Bert, is this thing on?")
    await expect(bert.row("anna").get_by_text("1 unread message")).to_be_attached()
    await bert.open("anna")
    await bert.sees("Hello Bert, is this thing on?")
    await bert.say("It is. Loud and clear.")
    await anna.sees("Hello Bert, is this thing on?", "It is. Loud and clear.")
    await expect(anna.bubble("Hello Bert").get_by_title(re.compile("^Read"))).to_be_visible()
    await expect(anna.page.locator(".conversation-subtitle")).to_have_text("online")

    tablet = Screen(await browsers.page_for("bert"))
    await tablet.open("anna")
    await tablet.sees("It is. Loud and clear.")
    await tablet.page.context.set_offline(True)
    await anna.say("This one comes while the tablet is away.")
    await bert.sees("This one comes while the tablet is away.")
    await tablet.page.context.set_offline(False)
    await tablet.sees("Hello Bert, is this thing on?", "It is. Loud and clear.", "This one comes while the tablet is away.")

    await bert.page.reload()
    await bert.sees("Hello Bert, is this thing on?", "It is. Loud and clear.", "This one comes while the tablet is away.")
    assert await bert.texts() == await anna.texts() == await tablet.texts()


async def test_a_group_of_three_talks(browsers: Browsers) -> None:
    anna, bert, cleo = [Screen(await browsers.page_for(name)) for name in ("anna", "bert", "cleo")]
    await anna.start_group("Mountain hut", "bert", "cleo")
    await bert.accept("Mountain hut")
    await cleo.accept("Mountain hut")
    await anna.say("Who brings the map?")
    for screen in (bert, cleo):
        await screen.sees("Who brings the map?")
    await bert.say("I do")
    await cleo.say("我带茶")
    for screen in (anna, bert, cleo):
        await screen.sees("I do", "我带茶")
    await expect(anna.log.locator(".event-line").filter(has_text="joined")).to_have_count(2)

    await anna.page.get_by_role("button", name="Conversation details").last.click()
    await anna.page.get_by_role("button", name="Rename").click()
    await anna.page.get_by_label("Group name").fill("Alpine hut")
    await anna.page.get_by_role("button", name="Save").click()
    await expect(bert.row("Alpine hut")).to_be_visible()
    await anna.page.get_by_title("Manage cleo").click()
    await anna.page.get_by_role("button", name="Remove from group").click()
    await expect(anna.page.get_by_text("Remove cleo?")).to_be_visible()
    await anna.page.get_by_role("button", name="Remove from group").click()
    await expect(cleo.page.get_by_text("You are no longer in this group.")).to_be_visible()
    await anna.say("Only two of us now")
    await bert.sees("Only two of us now")
    await expect(cleo.bubble("Only two of us now")).to_have_count(0)
    await cleo.page.reload()
    await expect(cleo.bubble("Who brings the map?")).to_have_count(1)
    await expect(cleo.bubble("Only two of us now")).to_have_count(0)


async def test_what_is_written_offline_is_sent_later_and_survives_a_reload(browsers: Browsers) -> None:
    anna, bert = Screen(await browsers.page_for("anna")), Screen(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await anna.say("first")
    await bert.open("anna")
    await bert.sees("first")
    await anna.page.context.set_offline(True)
    await anna.say("written in a tunnel")
    await expect(anna.bubble("written in a tunnel").get_by_title("Sending")).to_be_visible()
    await anna.page.context.set_offline(False)
    await bert.sees("first", "written in a tunnel")
    await expect(anna.bubble("written in a tunnel").get_by_title(re.compile("^(Sent|Delivered|Read)"))).to_be_visible()


async def test_the_server_is_killed_and_the_page_goes_on_by_itself(browsers: Browsers, server: Server) -> None:
    anna, bert = Screen(await browsers.page_for("anna")), Screen(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await anna.say("before")
    await bert.open("anna")
    await bert.sees("before")
    server.kill9()
    await anna.say("while it was down")
    server.start()
    await bert.sees("before", "while it was down")
    assert await bert.texts() == ["before", "while it was down"]


async def test_a_long_history_is_paged_back_to_its_beginning(browsers: Browsers, server: Server) -> None:
    async with a_past(browsers, server, 260) as (page, _, _):
        anna = Screen(page)
        await anna.open("dora")
        await anna.sees("line number 000.")  # it opens where the unread messages begin
        await anna.page.get_by_role("button", name=re.compile("^Go to the newest|new messages?$")).click()
        await anna.sees("line number 259.")
        await expect(anna.bubble("line number 000.")).to_have_count(0)
        for _ in range(40):
            await anna.log.evaluate("log => { log.scrollTop = 0; }")
            if (
                await anna.page.get_by_text("This is the beginning").is_visible()
                and await anna.bubble("line number 000.").count()
            ):
                break
            await anna.page.wait_for_timeout(150)
        await anna.sees("line number 000.")
        assert await anna.log.locator(".bubble-line").count() < 260, "the page holds only a stretch of the history"


async def test_shift_enter_breaks_the_line_and_the_counter_counts_code_points(browsers: Browsers) -> None:
    anna = Screen(await browsers.page_for("anna"))
    await browsers.page_for("bert")
    await anna.start_direct("bert")
    await anna.composer.type("one")
    await anna.composer.press("Shift+Enter")
    await anna.composer.type("two")
    assert await anna.composer.input_value() == "one\ntwo"
    await anna.composer.press("Enter")
    await anna.sees("one\ntwo")
    await anna.composer.fill("🦊" * 99_995)
    await expect(anna.page.get_by_text("4 characters left")).to_be_visible()
    await anna.composer.fill("🦊" * 100_001)
    await expect(anna.page.get_by_text("2 characters too many")).to_be_visible()
    await expect(anna.page.get_by_role("button", name="Send")).to_be_disabled()


async def test_an_invitation_is_answered_on_its_own_page(browsers: Browsers) -> None:
    anna, bert = (
        Screen(await browsers.page_for("anna")),
        Screen(await browsers.page_for("bert", viewport={"width": 390, "height": 800})),
    )
    await anna.start_group("Mountain hut", "bert")
    await bert.page.goto(anna.page.url)
    main = bert.page.get_by_role("region", name="Mountain hut")
    await expect(main.get_by_text("anna invites you")).to_be_visible()
    await expect(main.get_by_text("Say hello")).to_have_count(0)
    await main.get_by_role("button", name="Accept").click()
    await expect(bert.composer).to_be_visible()
    await bert.say("Here I am")
    await anna.sees("Here I am")
    await expect(anna.page.get_by_text("2 members, 2 online")).to_be_visible()


async def test_unfolding_a_long_message_stays_where_it_is_read(browsers: Browsers) -> None:
    anna = Screen(await browsers.page_for("anna"))
    await browsers.page_for("bert")
    await anna.start_direct("bert")
    await anna.say("\n".join(f"line {number}" for number in range(200)))
    show_all = anna.page.get_by_role("button", name="Show all")
    await expect(show_all).to_be_in_viewport()
    top = "log => log.querySelector('.body').getClientRects()[0].top"
    before = await anna.log.evaluate(top)
    await show_all.click()
    show_less = anna.page.get_by_role("button", name="Show less")
    await expect(show_less).not_to_be_in_viewport()
    assert abs(await anna.log.evaluate(top) - before) < 2
    await show_less.scroll_into_view_if_needed()
    await show_less.click()
    await expect(show_all).to_be_in_viewport()


async def test_escape_gives_the_focus_back(browsers: Browsers) -> None:
    anna = Screen(await browsers.page_for("anna"))
    await browsers.page_for("bert")
    await anna.start_direct("bert")
    await anna.say("hello")
    details = anna.page.get_by_role("button", name="Conversation details").last
    await details.click()
    await expect(anna.page.get_by_role("heading", name="Details", exact=True)).to_be_focused()
    await anna.page.keyboard.press("Escape")
    await expect(details).to_be_focused()
    await anna.page.keyboard.press("Escape")
    await expect(anna.row("bert")).to_be_focused()


async def test_logging_out_ends_the_session_on_the_page(browsers: Browsers) -> None:
    page = await browsers.page_for("anna")
    await page.goto("/accounts/logout/")
    await page.locator("main form [type=submit]").click()
    await page.wait_for_url(lambda url: "/accounts/logout/" not in url)
    await page.goto("/")
    await expect(page).to_have_url(re.compile("/accounts/login/"))
