"""`manage.py demo`: people with a past to look at."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from accounts.models import User
from messaging.services.demo.script import cast, dialogues
from messaging.services.demo.story import PEOPLE
from tests.client import Phone
from tests.server import ROOT, Server, copy_template, environment, manage

PASSWORD = "amber-cedar-fjord-4711"
Entry = dict[str, Any]


def run(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo", *arguments],
        cwd=ROOT, env=environment(data_dir), capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture(scope="module")
def filled(empty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data directory after `manage.py demo`, and what that printed."""
    path = tmp_path_factory.mktemp("demo") / "data"
    copy_template(empty_template, path)
    return path, manage(path, "demo", "--messages", "900", "--password", PASSWORD)


@pytest.fixture
async def anna(filled: tuple[Path, str], tmp_path: Path) -> AsyncIterator[Phone]:
    """Anna's phone at a server with the demo in it."""
    copy_template(filled[0], tmp_path / "data")
    server = Server(tmp_path / "data", tmp_path / "server.log")
    server.start()
    phone = Phone(server.url)
    await phone.log_in("anna", PASSWORD)
    yield phone
    await phone.close()
    server.stop()
    assert "finished" not in server.log(), "the demo left something for the server to finish"
    assert "Traceback" not in server.log()


async def entries_of(phone: Phone) -> dict[str, Entry]:
    """The list, by title or the other person's username."""
    entries = (await phone.api("GET", "/conversations"))["entries"]
    return {_name(entry, phone.username): entry for entry in entries}


def _name(entry: Entry, me: str) -> str:
    conversation = entry["conversation"]
    others = [member["user"]["username"] for member in conversation["members"] if member["user"]["username"] != me]
    return str(conversation["title"] or others[0])


def test_it_says_who_can_log_in_and_how(filled: tuple[Path, str]) -> None:
    printed = filled[1]
    assert all(f"  {name}" in printed for name in PEOPLE)
    assert f"password: {PASSWORD}" in printed


async def test_the_list_has_direct_conversations_groups_and_an_invitation(anna: Phone) -> None:
    entries = await entries_of(anna)
    assert {"ben", "mei", "jun", "lucia", "omar", "Harbour Street 12 🏠", "周末去爬山 ⛰️"} <= entries.keys()
    hike = entries["周末去爬山 ⛰️"]["conversation"]
    assert [member["state"] for member in hike["members"] if member["user"]["username"] == "anna"] == ["invited"]
    house = entries["Harbour Street 12 🏠"]
    states = {member["user"]["username"]: (member["state"], member["role"]) for member in house["conversation"]["members"]}
    assert (states["anna"], states["ben"]) == (("joined", "owner"), ("joined", "admin"))
    assert states["omar"] == ("invited", "member")
    assert (house["unread"], entries["mei"]["unread"], entries["ben"]["unread"]) == (5, 2, 0)


async def test_its_history_is_dense_and_lies_in_the_past(anna: Phone) -> None:
    house = (await entries_of(anna))["Harbour Street 12 🏠"]
    path = f"/conversations/{house['conversation']['id']}/messages"
    messages: list[Entry] = []
    before = house["head"] + 1
    while before > 1:
        page = await anna.api("GET", f"{path}?before={before}&limit=100")
        messages = page["messages"] + messages
        before = messages[0]["seq"]
    assert [message["seq"] for message in messages] == list(range(1, house["head"] + 1))
    times = [message["sent_at"] for message in messages]
    assert times == sorted(times)
    assert times[-1] - times[0] > 300 * 86_400_000
    assert messages[0]["event"]["type"] == "created"
    assert max(len(message["text"]) for message in messages) > 5_000
    assert any(message.get("reply_to") for message in messages)
    assert any(message.get("mentions") for message in messages)


async def test_somebody_who_left_sees_what_was_said_while_they_were_there(anna: Phone) -> None:
    omar = Phone(anna.url)
    await omar.log_in("omar", PASSWORD)
    house = (await entries_of(omar))["Harbour Street 12 🏠"]
    spans = next(member["spans"] for member in house["conversation"]["members"] if member["user"]["username"] == "omar")
    page = await omar.api("GET", f"/conversations/{house['conversation']['id']}/messages")
    assert [page["messages"][-1]["seq"]] == [spans[0][1]]
    assert page["messages"][-1]["event"]["type"] == "left"
    await omar.close()


async def test_life_goes_on_after_the_last_line(anna: Phone) -> None:
    house = (await entries_of(anna))["Harbour Street 12 🏠"]
    conversation = house["conversation"]["id"]
    async with await anna.connect() as socket:
        ack = await socket.say(conversation, "I am at the market, anything for Saturday?")
        assert ack["seq"] == house["head"] + 1
        await anna.api("PATCH", f"/conversations/{conversation}", {"title": "Harbour Street"})
        event = await socket.expect("message", message={"kind": "event"})
        assert event["message"]["seq"] == house["head"] + 2


def test_it_leaves_an_instance_with_people_alone_unless_told_to_add(filled: tuple[Path, str], tmp_path: Path) -> None:
    copy_template(filled[0], tmp_path / "data")
    again = run(tmp_path / "data", "--messages", "100")
    assert again.returncode == 1
    assert "--add" in again.stderr
    assert "Traceback" not in again.stderr
    added = run(tmp_path / "data", "--add", "--messages", "100", "--password", PASSWORD)
    assert "anna2" in added.stdout
    assert "administrator" not in added.stdout


def test_it_says_so_when_a_server_owns_the_messages(empty_server: Server) -> None:
    done = run(empty_server.data_dir, "--messages", "100")
    assert done.returncode == 1
    assert "server" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("language", ["en", "zh", "long en", "long zh"])
def test_every_dialogue_can_be_played(language: str) -> None:
    """No part without an actor, no word without a list."""
    people = [User(id=number, username=name) for number, name in enumerate(PEOPLE, 1)]
    for dialogue in dialogues(language):
        spoken = cast(dialogue, people, Random(1), language=language)
        assert len(spoken) == len(dialogue)
        assert not any("{" in line.text or "@b " in line.text for line in spoken)
