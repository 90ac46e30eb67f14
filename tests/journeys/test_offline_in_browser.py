"""Without a network: the page opens, the past is there, what is written waits; and nothing is left of whoever logs out."""

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser import Browsers
from tests.journeys.screen import Screen
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.journey]


async def until_kept(page: Page) -> None:
    """The service worker has the page and every file it named."""
    await page.wait_for_function(
        """async () => {
            if (!navigator.serviceWorker.controller) return false;
            const shell = await caches.open("chatsite-shell");
            const named = performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => /[.][0-9a-f]{12}[.]/.test(name));
            const there = await Promise.all(["/", ...named].map((name) => shell.match(name)));
            return there.every(Boolean);
        }"""
    )


async def kept_things(page: Page) -> list[str]:
    """The names of what this browser holds of anybody."""
    found: list[str] = await page.evaluate(
        """async () => {
            const shell = await caches.keys();
            const pages = shell.includes("chatsite-shell") && (await (await caches.open("chatsite-shell")).match("/")) ? ["page"] : [];
            return [...pages, ...(await indexedDB.databases()).map(({ name }) => name)];
        }"""
    )
    return found


async def test_the_page_and_the_past_open_without_a_server(browsers: Browsers, server: Server) -> None:
    anna, bert = Screen(await browsers.page_for("anna")), Screen(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await anna.say("before the cable was cut")
    await bert.open("anna")
    await bert.sees("before the cable was cut")
    address = anna.page.url
    await anna.page.reload()
    await until_kept(anna.page)
    server.stop()

    for path in (address, "/", "/contacts"):
        await anna.page.goto(path)
        await expect(
            anna.row("bert") if path != "/contacts" else anna.page.get_by_role("button", name="Contacts")
        ).to_be_visible()
    await anna.page.goto("/")
    await anna.open("bert")
    await anna.sees("before the cable was cut")
    await anna.say("written in the dark")
    await anna.page.reload()
    await anna.sees("before the cable was cut", "written in the dark")
    await expect(anna.page.get_by_text("No connection. Trying again")).to_be_visible()

    server.start()
    await bert.sees("before the cable was cut", "written in the dark")
    await expect(anna.bubble("written in the dark").get_by_title("Sending")).to_have_count(0)


async def test_a_server_that_fails_hides_no_history(browsers: Browsers, server: Server) -> None:
    anna = Screen(await browsers.page_for("anna"))
    await browsers.page_for("bert")
    await anna.start_direct("bert")
    await anna.say("still readable")
    await anna.page.reload()
    await until_kept(anna.page)
    failures = 0

    async def fail(route: Route) -> None:
        nonlocal failures
        failures += 1
        await route.fulfill(status=503, body="down")

    await anna.page.context.route("**/api/**", fail)
    await anna.page.reload()
    await anna.sees("still readable")
    assert failures > 0


async def test_drafts_wait_in_their_conversations(browsers: Browsers) -> None:
    anna = Screen(await browsers.page_for("anna"))
    for name in ("bert", "cleo"):
        await browsers.page_for(name)
        await anna.start_direct(name)
        await expect(anna.page.get_by_role("textbox", name=f"Message to {name}")).to_be_visible()
        await anna.composer.fill(f"half a thought for {name}")
    await anna.open("bert")
    await expect(anna.composer).to_have_value("half a thought for bert")
    await expect(anna.row("cleo")).to_contain_text("Draft:")
    await anna.page.reload()
    await expect(anna.composer).to_have_value("half a thought for bert")
    await anna.open("cleo")
    await expect(anna.composer).to_have_value("half a thought for cleo")


async def test_two_tabs_share_one_cache(browsers: Browsers) -> None:
    one = Screen(await browsers.page_for("anna"))
    bert = Screen(await browsers.page_for("bert"))
    await one.start_direct("bert")
    await one.say("from the first tab")
    other = Screen(await one.page.context.new_page())
    await other.page.goto(one.page.url)
    await other.sees("from the first tab")
    await other.say("from the second tab")
    await one.sees("from the first tab", "from the second tab")
    await bert.open("anna")
    await bert.say("to both")
    for tab in (one, other):
        await tab.sees("from the first tab", "from the second tab", "to both")
    await other.page.close()
    await one.page.reload()
    await one.sees("from the first tab", "from the second tab", "to both")


async def test_whoever_logs_out_leaves_nothing_and_the_next_one_sees_nothing(browsers: Browsers, server: Server) -> None:
    anna = Screen(await browsers.page_for("anna"))
    await browsers.page_for("bert")
    await anna.start_direct("bert")
    await anna.say("for bert only")
    await anna.page.reload()
    await until_kept(anna.page)
    assert len(await kept_things(anna.page)) == 2
    address = anna.page.url
    await anna.page.get_by_role("button", name="Your account").click()
    await anna.page.get_by_role("button", name="Log out").click()
    await anna.page.wait_for_url("**/accounts/login/**")
    assert await kept_things(anna.page) == []

    await browsers.log_in(anna.page, "bert")
    await anna.page.goto(address)
    await anna.sees("for bert only")
    assert len([name for name in await kept_things(anna.page) if name.startswith("chatsite-")]) == 1


async def test_coming_to_the_login_drops_the_page_of_whoever_was_here(browsers: Browsers, server: Server) -> None:
    page = await browsers.page_for("anna")
    await page.reload()
    await until_kept(page)
    await page.context.clear_cookies()  # the session ran out
    await page.wait_for_url("**/accounts/login/**")  # the next question to the server says so
    assert "page" not in await kept_things(page)
    server.stop()
    with pytest.raises(Exception, match="ERR_FAILED"):
        await page.goto("/")


async def test_a_network_that_comes_and_goes_loses_nothing_and_keeps_the_order(browsers: Browsers) -> None:
    anna, bert = Screen(await browsers.page_for("anna")), Screen(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await anna.say("begin")
    await bert.open("anna")
    await bert.sees("begin")
    wanted = ["begin"]
    for turn in range(6):
        await anna.page.context.set_offline(turn % 2 == 0)
        await bert.page.context.set_offline(turn % 3 == 0)
        for number in range(3):
            await anna.say(f"turn {turn} number {number}")
            wanted.append(f"turn {turn} number {number}")
        await anna.page.wait_for_timeout(300)
    for screen in (anna, bert):
        await screen.page.context.set_offline(False)
    await expect(bert.bubble("turn 5 number 2")).to_have_count(1, timeout=40_000)
    await expect(anna.log.get_by_title("Sending")).to_have_count(0, timeout=20_000)
    assert await anna.texts() == await bert.texts() == wanted


async def test_it_can_be_installed(browsers: Browsers) -> None:
    page = await browsers.page_for("anna")
    manifest, sizes = await page.evaluate(
        """async () => {
            const { href } = document.querySelector("link[rel=manifest]");
            const manifest = await (await fetch(href)).json();
            const images = manifest.icons.map(({ src, sizes }) => new Promise((resolve, reject) => {
                const image = new Image();
                image.onload = () => resolve([sizes, `${image.naturalWidth}x${image.naturalHeight}`]);
                image.onerror = reject;
                image.src = new URL(src, href);
            }));
            return [manifest, await Promise.all(images)];
        }"""
    )
    assert (manifest["display"], manifest["start_url"], manifest["scope"]) == ("standalone", "/", "/")
    assert {told for told, _ in sizes} >= {"192x192", "512x512"}
    assert all(told in {"any", real} for told, real in sizes), sizes
