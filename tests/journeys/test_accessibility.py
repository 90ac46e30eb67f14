"""axe-core finds nothing wrong with any page or state of ours, light and dark, and nothing is wider than a phone."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.browser import Browsers
from tests.journeys.screen import Screen
from tests.server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.journey]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FORMATTED = "*bold* `code` https://example.org\n> said\n```\nlet a = 1; // and so on, beyond the edge of the bubble, further and further\n```"
RULES = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ENTRANCE = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/logout/", "/nowhere"]
ACCOUNT = [
    "/accounts/settings/", "/accounts/privacy/", "/accounts/devices/", "/accounts/notifications/", "/accounts/email/",
    "/accounts/password/change/", "/accounts/reauthenticate/", "/accounts/2fa/", "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/recovery-codes/", "/accounts/logout/",
    "/accounts/welcome/", "/invite/nobodys", "/c/1", "/nowhere",
]  # fmt: skip
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
PHONE: ViewportSize = {"width": 390, "height": 844}


async def complaints(page: Page) -> list[str]:
    """What axe finds, and whether the page has to be scrolled sideways, or the chat at all."""
    await page.evaluate(AXE.read_text("utf-8"))
    await page.evaluate("Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})))")
    found: list[dict[str, Any]] = (await page.evaluate(f"axe.run(document, {json.dumps(RULES)})"))["violations"]
    width = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    height = await page.evaluate("document.body.matches('.chat') ? document.documentElement.scrollHeight - innerHeight : 0")
    return [
        f"{page.url}: {one['id']}: {node['html'][:160]}: {node['failureSummary']}" for one in found for node in one["nodes"]
    ] + ([f"{page.url}: {width} pixels too wide, {height} too high"] if width > 0 or height > 0 else [])


@SCHEMES
async def test_the_pages_for_strangers(browsers: Browsers, scheme: str) -> None:
    page = await (await browsers.context(color_scheme=scheme, viewport=PHONE)).new_page()
    found = []
    for path in ENTRANCE:
        await page.goto(path)
        found += await complaints(page)
    await page.goto("/accounts/login/")
    await page.locator("[name=login]").fill("nobody")
    await page.locator("[name=password]").fill("wrong wrong wrong")
    await page.locator("[name=password]").press("Enter")
    await expect(page.get_by_text("the password is wrong")).to_be_visible()
    found += await complaints(page)
    assert not found, "\n".join(found)


@SCHEMES
async def test_the_pages_of_an_account(browsers: Browsers, scheme: str) -> None:
    page = await browsers.page_for("anna", color_scheme=scheme, viewport=PHONE)
    found = []
    for path in ACCOUNT:
        await page.goto(path)
        found += await complaints(page)
    assert not found, "\n".join(found)


@SCHEMES
async def test_the_conversation_page_in_all_its_states(browsers: Browsers, scheme: str) -> None:
    anna = Screen(await browsers.page_for("anna", color_scheme=scheme))
    page, found = anna.page, list[str]()

    async def look() -> None:
        found.extend(await complaints(page))

    async def step_back() -> None:
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)

    await look()  # nobody there yet
    bert = Screen(await browsers.page_for("bert"))
    await anna.start_direct("bert")
    await look()
    await anna.say(FORMATTED)
    await anna.say("A long one. " * 300)
    await anna.say("🎉")
    await bert.open("anna")
    await bert.say("An answer")
    await anna.sees("An answer")
    await look()
    await anna.bubble("An answer").hover()
    await anna.bubble("An answer").get_by_role("button", name="Message actions").click()
    await look()
    await page.get_by_role("button", name="Reply").click()
    await anna.composer.fill("half a")
    await look()
    await anna.composer.press("Enter")
    await anna.bubble("half a").hover()
    await anna.bubble("half a").get_by_role("button", name="Message actions").click()
    await page.get_by_role("button", name="Info", exact=True).click()
    await look()
    await step_back()
    for keys in ("Control+k", "Control+/", "Alt+n"):
        await page.keyboard.press(keys)
        await expect(page.get_by_role("dialog")).to_be_visible()
        await look()
        await step_back()
    await anna.start_group("Mountain hut", "bert")
    await page.locator(".conversation-who").click()
    await look()
    await page.get_by_role("button", name="Your account").click()
    await look()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Contacts").click()
    await look()
    await page.set_viewport_size(PHONE)
    await page.reload()
    await expect(anna.composer).to_be_visible()
    await look()
    await page.goto("/")
    await look()
    await page.context.set_offline(True)
    await page.evaluate("dispatchEvent(new Event('offline'))")
    await expect(page.get_by_text("You are offline")).to_be_visible(timeout=30_000)
    await look()
    assert not found, "\n".join(found)
