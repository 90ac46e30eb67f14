"""In a real browser: the first visit, passkeys and second factors under the strict policy, the API's documentation."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import Browsers, launched
from tests.client import PASSWORD
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.journey]

HOME = re.compile(r":\d+/$")
PASSKEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def test_the_first_visitor_founds_the_instance(empty_server: Server) -> None:
    async with launched() as browser:
        browsers = Browsers(browser, empty_server.url)
        page = await (await browsers.context()).new_page()
        await page.goto("/")
        await page.get_by_label("Username", exact=True).fill("ada")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_role("heading", name="What next?")).to_be_visible()
        await page.get_by_role("link", name="Open the chats").click()
        await expect(page).to_have_url(HOME)
        await page.goto("/admin/")
        await expect(page.get_by_role("link", name="Devices")).to_be_visible()
        assert browsers.complaints == []


async def test_a_passkey_is_added_and_logs_in(browsers: Browsers) -> None:
    page = await browsers.page_for("ada")
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEYS})

    await page.goto("/accounts/2fa/webauthn/add/")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_label("Name").fill("My laptop")
    await page.get_by_label("Log in with it").check()
    await page.locator("main").get_by_role("button", name="Add").click()
    await expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()

    await page.goto("/accounts/logout/")
    await page.locator("main").get_by_role("button", name="Log out").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page).to_have_url(HOME)
    await page.goto("/accounts/devices/")
    await expect(page.get_by_text("this one")).to_be_visible()


async def test_the_documentation_of_both_apis_works(browsers: Browsers) -> None:
    page = await browsers.page_for("ada")
    await page.goto("/api/v1/docs")
    await page.get_by_role("button", name="Who am I").first.click()
    await page.get_by_role("button", name="Try it out").click()
    await page.get_by_role("button", name="Execute").click()
    await expect(page.locator(".live-responses-table")).to_contain_text('"username": "ada"')
    await page.goto("/api/auth/openapi.html")
    await expect(page.get_by_text("/api/auth/{client}/v1/auth/login").first).to_be_visible()
