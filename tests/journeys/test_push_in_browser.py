"""Pushes in a real browser: asked for at a moment that makes sense, shown by the service worker, taken away when they were read.

No push service can be reached from here. So the browser is given pushes through its debugging protocol, as one would give them, and where a
page subscribes, a PushManager of ours answers with keys of ours.
"""

import json
import re
from typing import Any

import pytest
from playwright.async_api import BrowserContext, CDPSession, Page, expect

from tests.browser import Browsers
from tests.journeys.screen import Screen
from tests.notifications.services import Browser

pytestmark = [pytest.mark.browser, pytest.mark.journey]

STUB = """
const made = %s;
let subscription = null;
PushManager.prototype.getSubscription = async () => subscription;
PushManager.prototype.subscribe = async (options) => {
  const key = new Uint8Array(options.applicationServerKey);
  subscription = {
    options: { applicationServerKey: key.buffer },
    toJSON: () => made,
    unsubscribe: async () => { subscription = null; return true; },
  };
  return subscription;
};
"""
ASKED = """
window.asked = 0;
let answer = "default";
Object.defineProperty(Notification, "permission", { get: () => answer });
Notification.requestPermission = async () => { window.asked += 1; return (answer = "granted"); };
"""


class Pushes:
    """One browser, which is pushed by whoever debugs it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.screen = Screen(page)
        self._registrations: list[Any] = []

    async def begin(self) -> None:
        await self.page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
        self._session: CDPSession = await self.page.context.new_cdp_session(self.page)
        self._session.on(
            "ServiceWorker.workerRegistrationUpdated", lambda told: self._registrations.extend(told["registrations"])
        )
        await self._session.send("ServiceWorker.enable")
        while not self._registrations:
            await self.page.wait_for_timeout(50)

    async def look_away(self) -> None:
        """To a page in front of this one, which Playwright would let believe that it is looked at all the same."""
        await self._session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
        await (await self.page.context.new_page()).bring_to_front()

    async def push(self, **given: Any) -> None:
        await self._session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": re.sub(r"/$", "", self._registrations[-1]["scopeURL"]),
                "registrationId": self._registrations[-1]["registrationId"],
                "data": json.dumps(given),
            },
        )

    async def shown(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.page.evaluate(
            """async () => {
              const registration = await navigator.serviceWorker.ready;
              const shown = await registration.getNotifications();
              return shown.map(({ title, body, tag, data }) => ({ title, body, tag, seq: data?.seq ?? null }));
            }"""
        )
        return found

    async def shows(self, *expected: dict[str, Any]) -> None:
        for _ in range(100):
            if await self.shown() == list(expected):
                return
            await self.page.wait_for_timeout(50)
        assert await self.shown() == list(expected)


async def lookaway(context: BrowserContext) -> None:
    """A page that nobody looks at, until a test says otherwise."""
    await context.add_init_script("window.looked = false; document.hasFocus = () => window.looked;")


def message(conversation: str, seq: int, body: str = "New message") -> dict[str, Any]:
    return {"type": "message", "conversation": conversation, "seq": seq, "badge": seq, "title": "anna", "body": body}


def notice(conversation: str, seq: int, body: str = "New message") -> dict[str, Any]:
    return {"title": "anna", "body": body, "tag": f"c{conversation}", "seq": seq}


async def test_pushes_are_shown_replaced_and_taken_away(browsers: Browsers) -> None:
    page = await browsers.page_for("olga", permissions=["notifications"], path="/accounts/settings/")
    pushes = Pushes(page)
    await pushes.begin()
    await pushes.look_away()
    await pushes.push(**message("7", 3))
    await pushes.shows(notice("7", 3))
    await pushes.push(**message("7", 5, "3 new messages"))
    await pushes.shows(notice("7", 5, "3 new messages"))
    await pushes.push(type="read", conversation="7", seq=4, badge=1)
    await page.wait_for_timeout(300)
    await pushes.shows(notice("7", 5, "3 new messages"))
    await pushes.push(type="read", conversation="7", seq=5, badge=0)
    await pushes.shows()


async def test_a_click_opens_the_conversation(browsers: Browsers) -> None:
    anna = Screen(await browsers.page_for("anna"))
    ben = await browsers.page_for("ben", permissions=["notifications"])
    await anna.start_direct("ben")
    await anna.say("Are you there?")
    pushes = Pushes(ben)
    await pushes.begin()
    row = ben.locator(".row").first
    await expect(row).to_be_visible()
    conversation = str(await row.get_attribute("href")).removeprefix("/c/")
    worker = ben.context.service_workers[0]
    await worker.evaluate(
        """async (conversation) => {
          await self.registration.showNotification("anna", { tag: `c${conversation}`, data: { conversation, seq: 1 } });
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }""",
        conversation,
    )
    await ben.wait_for_url(f"**/c/{conversation}")
    await pushes.screen.sees("Are you there?")
    await pushes.shows()


async def test_a_page_nobody_looks_at_shows_what_comes_and_takes_it_away_when_it_is_read(browsers: Browsers) -> None:
    subscription = Browser("https://fcm.googleapis.com", "clara")
    keys = {"p256dh": subscription.p256dh, "auth": subscription.secret}
    context = await browsers.context(permissions=["notifications"])
    await context.add_init_script(STUB % json.dumps({"endpoint": subscription.endpoint, "keys": keys}))
    await lookaway(context)
    page = await context.new_page()
    await browsers.sign_up(page, "clara")
    await page.goto("/accounts/notifications/")
    await page.get_by_role("button", name="Turn on").click()
    await expect(page.get_by_text("On in this browser.")).to_be_visible()
    await page.goto("/")
    dora = Screen(await browsers.page_for("dora"))
    await dora.start_direct("clara")
    await dora.say("A word that is not shown")
    pushes = Pushes(page)
    row = page.locator(".row").first
    await expect(row).to_be_visible()
    conversation = str(await row.get_attribute("href")).removeprefix("/c/")
    await pushes.shows({"title": "dora", "body": "New message", "tag": f"c{conversation}", "seq": 1})
    await page.evaluate("window.looked = true")
    await row.click()
    await pushes.screen.sees("A word that is not shown")
    await pushes.shows()


async def test_permission_is_asked_for_when_somebody_waits_for_an_answer_and_only_when_they_say_so(browsers: Browsers) -> None:
    subscription = Browser("https://fcm.googleapis.com", "emil")
    keys = {"p256dh": subscription.p256dh, "auth": subscription.secret}
    await browsers.page_for("frieda")
    context = await browsers.context()
    await context.add_init_script(ASKED + STUB % json.dumps({"endpoint": subscription.endpoint, "keys": keys}))
    page = await context.new_page()
    await browsers.sign_up(page, "emil")
    await page.goto("/")
    emil = Screen(page)
    await emil.start_direct("frieda")
    offer = page.get_by_role("region", name="Notifications on this device")
    await expect(offer).to_have_count(0)
    await emil.say("Hello")
    await expect(offer).to_be_visible()
    assert await page.evaluate("window.asked") == 0
    await offer.get_by_role("button", name="Turn on").click()
    await expect(page.get_by_text("Notifications are on.")).to_be_visible()
    assert await page.evaluate("window.asked") == 1
    await expect(offer).to_have_count(0)
    state = await page.evaluate("fetch('/api/v1/push').then((answer) => answer.json())")
    assert state["subscription"]["gateway"] == "web"


async def test_who_does_not_want_them_is_not_asked_again(browsers: Browsers) -> None:
    await browsers.page_for("hanna")
    page = await browsers.page_for("gustav")
    await page.evaluate("0")
    context = page.context
    await context.add_init_script(ASKED)
    await page.reload()
    gustav = Screen(page)
    await gustav.start_direct("hanna")
    await gustav.say("Hello")
    offer = page.get_by_role("region", name="Notifications on this device")
    await offer.get_by_role("button", name="Not now").click()
    await expect(offer).to_have_count(0)
    await page.reload()
    await gustav.say("Hello again")
    await expect(gustav.bubble("Hello again")).to_have_count(1)
    await expect(offer).to_have_count(0)
    assert await page.evaluate("window.asked") == 0


async def test_a_conversation_is_muted_in_its_panel(browsers: Browsers) -> None:
    await browsers.page_for("jan")
    page = await browsers.page_for("ida")
    ida = Screen(page)
    await ida.start_direct("jan")
    await ida.say("Hello")
    await page.locator(".conversation-who").click()
    await page.get_by_role("button", name="Mute for 8 hours").click()
    await expect(page.get_by_text("Muted until")).to_be_visible()
    await expect(ida.row("jan").get_by_title("muted")).to_be_visible()
    await page.reload()
    await expect(ida.row("jan").get_by_title("muted")).to_be_visible()
    await page.locator(".conversation-who").click()
    await page.get_by_role("button", name="Unmute").click()
    await expect(ida.row("jan").get_by_title("muted")).to_have_count(0)
    await page.get_by_label("Notify me of").select_option("none")
    await expect(page.get_by_role("button", name="Mute for 8 hours")).to_have_count(0)
    await page.reload()
    await page.locator(".conversation-who").click()
    await expect(page.get_by_label("Notify me of")).to_have_value("none")


async def test_the_settings_hold_and_say_what_is_wrong(browsers: Browsers) -> None:
    page = await browsers.page_for("kai", path="/accounts/notifications/", timezone_id="Asia/Shanghai")
    await expect(page.get_by_label("Time zone")).to_have_value("Asia/Shanghai")
    await page.get_by_label("Show what was written").check()
    await page.get_by_label("Quiet from").fill("22:30")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Quiet hours need a beginning and an end")).to_be_visible()
    await page.get_by_label("Quiet until").fill("07:00")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_label("Show what was written")).to_be_checked()
    await expect(page.get_by_label("Quiet from")).to_have_value("22:30")
    await page.get_by_label("Time zone").fill("Nowhere/Here")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("There is no such time zone")).to_be_visible()


async def test_an_address_that_the_push_service_changed_is_told_to_the_server(browsers: Browsers) -> None:
    new = Browser("https://updates.push.services.mozilla.com", "changed")
    page = await browsers.page_for("lena", permissions=["notifications"])
    pushes = Pushes(page)
    await pushes.begin()
    key = (await page.evaluate("fetch('/api/v1/push').then((answer) => answer.json())"))["vapid_key"]
    made = {"endpoint": new.endpoint, "keys": {"p256dh": new.p256dh, "auth": new.secret}}
    await page.context.service_workers[0].evaluate(
        """async ([key, made]) => {
          const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
          const applicationServerKey = Uint8Array.from(text, (sign) => sign.charCodeAt(0)).buffer;
          PushManager.prototype.subscribe = async () => ({ toJSON: () => made });
          const event = new ExtendableEvent("pushsubscriptionchange");
          event.oldSubscription = { options: { applicationServerKey } };
          self.dispatchEvent(event);
        }""",
        [key, made],
    )
    asked = "fetch('/api/v1/push').then((answer) => answer.json()).then(({ subscription }) => subscription?.vapid_key)"
    await page.wait_for_function(f"async (key) => (await {asked}) === key", arg=key)
