"""Pushes as an app's developer meets them: subscribe by REST, be pushed by a real protocol, choose, try, stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.client import Phone
from tests.messaging.stage import Stage, problem_of
from tests.notifications.services import Answer, Browser, PushServices

pytestmark = pytest.mark.journey

SECRET = "what nobody else may see"
TOKEN = "a1" * 32
WITHIN_SECONDS = 20
QUIET: dict[str, Any] = {"begin": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}


@dataclass
class Place:
    stage: Stage
    services: PushServices

    async def pushed(self, count: int = 1) -> None:
        """Waits for so many pushes."""
        deadline = time.monotonic() + WITHIN_SECONDS
        while len(self.services.requests) < count:
            assert time.monotonic() < deadline, f"{len(self.services.requests)} of {count} pushes"
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def server(server_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("push")
    services = PushServices(directory / "services")
    stage = Stage(server_template, directory, ("anna", "ben", "cleo"), PUSH_CONSOLE="1", **services.environment())
    with services:
        yield Place(stage, services)
    stage.stop()


@pytest.fixture
async def place(server: Place) -> AsyncIterator[Place]:
    server.services.requests.clear()
    server.services.answers.clear()
    yield server
    for name in ("anna", "ben", "cleo"):
        await server.stage.phone(name).api("DELETE", "/push/subscription")
        await server.stage.phone(name).api("PATCH", "/push", {"previews": False, "quiet_hours": None, "muted_until": None})
    await server.stage.put_phones_away()


@pytest.fixture
def phone(place: Place) -> Callable[[str], Phone]:
    return place.stage.phone


async def subscribe(phone: Phone, browser: Browser) -> Any:
    key = (await phone.api("GET", "/push"))["vapid_key"]
    keys = {"p256dh": browser.p256dh, "auth": browser.secret}
    wish = {"gateway": "web", "endpoint": browser.endpoint, "keys": keys, "vapid_key": key, "expirationTime": None}
    return await phone.api("PUT", "/push/subscription", wish)


async def say(phone: Phone, conversation: str, text: str = SECRET, **more: Any) -> None:
    await phone.api("POST", f"/conversations/{conversation}/messages", {"client_id": str(uuid4()), "text": text, **more})


async def test_what_there_is_to_choose(phone: Callable[[str], Phone]) -> None:
    anna = phone("anna")
    found = await anna.api("GET", "/push")
    assert found["gateways"] == ["web", "fcm", "apns", "console"]
    assert len(found["vapid_key"]) == 87
    chosen = {name: found[name] for name in ("subscription", "previews", "quiet_hours", "muted_until")}
    assert chosen == {"subscription": None, "previews": False, "quiet_hours": None, "muted_until": None}
    assert (await anna.api("PATCH", "/push", {"previews": True, "quiet_hours": QUIET}))["previews"] is True
    found = await anna.api("PATCH", "/push", {"muted_until": 1_900_000_000_000})
    assert (found["previews"], found["muted_until"]) == (True, 1_900_000_000_000)
    assert found["quiet_hours"] == {"begin": "22:00:00", "end": "07:00:00", "time_zone": "Europe/Berlin"}
    found = await anna.api("PATCH", "/push", {"quiet_hours": None, "muted_until": None})
    assert (found["previews"], found["quiet_hours"], found["muted_until"]) == (True, None, None)


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"quiet_hours": QUIET | {"time_zone": "Mars/Olympus"}}, "invalid"),
        ({"quiet_hours": QUIET | {"time_zone": "../../etc/passwd"}}, "invalid"),
        ({"quiet_hours": QUIET | {"begin": "25:00"}}, "bad_request"),
        ({"quiet_hours": {"begin": "22:00"}}, "bad_request"),
        ({"muted_until": -1}, "invalid"),
        ({"muted_until": 10**30}, "invalid"),
        ({"previews": "perhaps"}, "bad_request"),
    ],
)
async def test_what_cannot_be_chosen(phone: Callable[[str], Phone], wish: Any, code: str) -> None:
    response = await phone("anna").request("PATCH", "/api/v1/push", wish)
    assert problem_of(response)["code"] == code, response.text


async def test_a_browser_is_pushed_what_only_it_can_read_and_no_word_of_it(place: Place, phone: Callable[[str], Phone]) -> None:
    anna, ben, browser = phone("anna"), phone("ben"), Browser(place.services.url)
    room = await anna.direct("ben")
    assert (await subscribe(ben, browser))["gateway"] == "web"
    assert (await subscribe(ben, browser))["succeeded_at"] is None, "said twice, it changes nothing"
    await say(anna, room)
    await place.pushed()
    given = browser.decrypt(place.services.requests[0])
    head = (await ben.api("GET", f"/conversations/{room}"))["head"]
    assert (given["conversation"], given["seq"], given["title"], given["type"]) == (room, head, "anna", "message")
    assert SECRET not in str(given)
    assert given["badge"] >= 1
    await asyncio.sleep(0.3)
    assert (await ben.api("GET", "/push"))["subscription"]["succeeded_at"] is not None


async def test_an_app_that_wants_previews_is_given_the_text(place: Place, phone: Callable[[str], Phone]) -> None:
    anna, ben = phone("anna"), phone("ben")
    room = await anna.group("Lunch", "ben")
    await ben.api("POST", f"/conversations/{room}/join", {})
    await ben.api("PUT", "/push/subscription", {"gateway": "fcm", "token": "registration:1"})
    await ben.api("PATCH", "/push", {"previews": True})
    await say(anna, room)
    await place.pushed()
    assert place.services.requests[0].json["message"]["data"]["body"] == f"anna: {SECRET}"


async def test_an_iphone_is_pushed_over_http_2_and_told_when_it_was_read_elsewhere(
    place: Place, phone: Callable[[str], Phone]
) -> None:
    anna, ben, laptop = phone("anna"), phone("ben"), await place.stage.second_phone("ben")
    room = await anna.direct("ben")
    await ben.api("PUT", "/push/subscription", {"gateway": "apns", "token": TOKEN})
    await say(anna, room)
    await place.pushed()
    shown = place.services.requests[0]
    assert (shown.path, shown.version) == (f"/3/device/{TOKEN}", "2")
    await laptop.api("POST", f"/conversations/{room}/read", {"seq": 10_000})
    await place.pushed(2)
    read = place.services.requests[1].json
    assert (read["type"], read["conversation"], read["aps"]["content-available"]) == ("read", room, 1)


async def test_an_address_is_of_whoever_had_it_last(place: Place, phone: Callable[[str], Phone]) -> None:
    """A phone on which somebody else logs in."""
    anna, ben, cleo = phone("anna"), phone("ben"), phone("cleo")
    for other in (ben, cleo):
        await other.api("PUT", "/push/subscription", {"gateway": "fcm", "token": "registration:shared"})
    assert (await ben.api("GET", "/push"))["subscription"] is None
    for name in ("ben", "cleo"):
        await say(anna, await anna.direct(name))
    await place.pushed()
    await asyncio.sleep(3)
    conversations = {request.json["message"]["data"]["conversation"] for request in place.services.requests}
    assert conversations == {await anna.direct("cleo")}


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"gateway": "web"}, "bad_request"),
        ({"gateway": "pigeon", "token": "x"}, "invalid"),
        ({"gateway": "fcm", "token": ""}, "invalid"),
        ({"gateway": "fcm", "token": "a b"}, "invalid"),
        ({"gateway": "fcm", "token": "ä"}, "invalid"),
        ({"gateway": "fcm", "token": "a" * 5_000}, "invalid"),
        ({"gateway": "apns", "token": "not/hex?"}, "invalid"),
        ({}, "invalid"),
    ],
)
async def test_what_is_no_subscription(phone: Callable[[str], Phone], wish: Any, code: str) -> None:
    assert problem_of(await phone("anna").request("PUT", "/api/v1/push/subscription", wish))["code"] == code


@pytest.mark.parametrize("endpoint", ["https://127.0.0.1/1", "https://example.org/1", "http://fcm.googleapis.com/1", "x"])
async def test_nobody_makes_us_call_another_host(place: Place, phone: Callable[[str], Phone], endpoint: str) -> None:
    anna, browser = phone("anna"), Browser(place.services.url)
    browser.endpoint = endpoint
    key, keys = (await anna.api("GET", "/push"))["vapid_key"], {"p256dh": browser.p256dh, "auth": browser.secret}
    wish = {"gateway": "web", "endpoint": endpoint, "keys": keys, "vapid_key": key}
    problem = problem_of(await anna.request("PUT", "/api/v1/push/subscription", wish))
    assert (problem["code"], problem["field"]) == ("invalid", "endpoint")
    wish["endpoint"], wish["vapid_key"] = f"{place.services.url}/web/1", "B" + "A" * 86
    assert problem_of(await anna.request("PUT", "/api/v1/push/subscription", wish))["code"] == "conflict"


async def test_a_push_can_be_tried_and_tells_what_came_of_it(place: Place, phone: Callable[[str], Phone]) -> None:
    cleo = phone("cleo")
    assert problem_of(await cleo.request("POST", "/api/v1/push/test", {}))["code"] == "not_found"
    await subscribe(cleo, browser := Browser(place.services.url))
    assert await cleo.api("POST", "/push/test", {}) == {"outcome": "sent", "reason": ""}
    assert browser.decrypt(place.services.requests[0])["type"] == "test"
    place.services.answers.append(Answer(503))
    assert (await cleo.api("POST", "/push/test", {}))["outcome"] == "later"
    place.services.answers.append(Answer(410))
    assert (await cleo.api("POST", "/push/test", {}))["outcome"] == "gone"
    assert (await cleo.api("GET", "/push"))["subscription"] is None
    codes = [(await cleo.request("POST", "/api/v1/push/test", {})).status_code for _ in range(3)]
    assert codes[-1] == 429


async def test_a_conversation_can_be_muted_by_those_who_are_in_it(place: Place, phone: Callable[[str], Phone]) -> None:
    anna, ben, cleo = phone("anna"), phone("ben"), phone("cleo")
    room = await anna.group("Quiet", "ben")
    await ben.api("POST", f"/conversations/{room}/join", {})
    await ben.api("PUT", "/push/subscription", {"gateway": "fcm", "token": "registration:2"})
    assert await ben.api("GET", f"/conversations/{room}/push") == {"level": "all", "muted_until": None}
    until = int(time.time() * 1000) + 3_600_000
    assert await ben.api("PUT", f"/conversations/{room}/push", {"level": "all", "muted_until": until}) == {
        "level": "all", "muted_until": until,
    }  # fmt: skip
    assert (await ben.api("GET", f"/conversations/{room}/push"))["muted_until"] == until
    listed = {"conversations": [{"conversation": room, "level": "all", "muted_until": until}]}
    assert await ben.api("GET", "/push/conversations") == listed
    assert await cleo.api("GET", "/push/conversations") == {"conversations": []}
    await ben.api("PUT", f"/conversations/{room}/push", {"level": "all", "muted_until": 1})
    assert await ben.api("GET", "/push/conversations") == {"conversations": []}, "it is over"
    await ben.api("PUT", f"/conversations/{room}/push", {"level": "all", "muted_until": until})
    for path in (f"/conversations/{room}/push", "/conversations/1/push"):
        assert problem_of(await cleo.request("GET", f"/api/v1{path}"))["code"] == "not_found"
        assert problem_of(await cleo.request("PUT", f"/api/v1{path}", {"level": "none"}))["code"] == "not_found"
    assert problem_of(await ben.request("PUT", f"/api/v1/conversations/{room}/push", {"level": "some"}))["code"] == "invalid"
    await say(anna, room, "not for Ben")
    await say(anna, room, "for Ben", mentions=[(await ben.api("GET", "/me"))["user"]["id"]])
    await place.pushed()
    assert place.services.requests[0].json["message"]["data"]["body"] == "You were mentioned"


async def test_who_logged_out_is_pushed_nothing(place: Place, phone: Callable[[str], Phone]) -> None:
    anna, second = phone("anna"), await place.stage.second_phone("ben")
    await second.api("PUT", "/push/subscription", {"gateway": "fcm", "token": "registration:3"})
    await phone("ben").api("PUT", "/push/subscription", {"gateway": "fcm", "token": "registration:4"})
    await second.log_out()
    await say(anna, await anna.direct("ben"))
    await place.pushed()
    await asyncio.sleep(1)
    assert [request.json["message"]["token"] for request in place.services.requests] == ["registration:4"]


async def test_a_message_whose_server_was_killed_is_pushed_by_the_next(place: Place, phone: Callable[[str], Phone]) -> None:
    anna, ben = phone("anna"), phone("ben")
    await ben.api("PUT", "/push/subscription", {"gateway": "fcm", "token": "registration:5"})
    room = await anna.direct("ben")
    await say(anna, room)
    place.stage.server.kill9()
    place.stage.server.start()
    await place.pushed()
    assert place.services.requests[0].json["message"]["data"]["conversation"] == room


async def test_strangers_are_told_nothing(place: Place) -> None:
    stranger = Phone(place.stage.server.url)
    for method, path in (
        ("GET", "/push"), ("GET", "/push/conversations"), ("PATCH", "/push"), ("PUT", "/push/subscription"),
        ("DELETE", "/push/subscription"), ("POST", "/push/test"), ("GET", "/conversations/1/push"), ("PUT", "/conversations/1/push"),
    ):  # fmt: skip
        assert (await stranger.request(method, f"/api/v1{path}", {})).status_code == 401, path
    await stranger.close()


async def test_the_service_worker_is_served_at_the_root(place: Place, phone: Callable[[str], Phone]) -> None:
    response = await phone("anna").http.get("/sw.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "no-cache"
    assert "showNotification" in response.text
