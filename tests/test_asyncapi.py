"""docs/asyncapi.yaml is what the frames' types say, and docs/protocol.md says the same."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from jsonschema_rs import Draft202012Validator

from chatsite import problems
from chatsite.api import api
from chatsite.edge import consumer as edge
from chatsite.edge import sessions
from messaging import consumers
from messaging.protocol import commands, events
from messaging.protocol.asyncapi import DOWN, UP, ConversationObject, HappeningObject, error_codes
from messaging.services import drain
from messaging.services.silence import SILENT
from tests.client import Phone
from tests.conftest import NewPhone

DOCS = Path(__file__).resolve().parent.parent / "docs"
Row = list[str]


def rows_of(heading: str) -> Iterator[Row]:
    """The cells of the table under a heading of docs/protocol.md."""
    section = (DOCS / "protocol.md").read_text().split(f"\n### {heading}\n")[1].split("\n##")[0]
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith("| frame") and not line.startswith("| code"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def named(cell: str) -> set[str]:
    """The names in backticks; objects in backticks describe a name before them."""
    return {name for name in re.findall(r"`([^`]+)`", cell) if re.fullmatch(r"[a-z_.]+", name)}


def frames_of(heading: str) -> dict[str, set[str]]:
    """Frame → its fields, as the document has them."""
    return {frame: named(row[1]) for row in rows_of(heading) for frame in named(row[0])}


def fields_of(struct: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(struct)}


def tag_of(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


def document() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())
    return parsed


def test_the_committed_document_is_the_generated_one() -> None:
    made = subprocess.run(
        [sys.executable, DOCS.parent / "bin" / "asyncapi", "--print"], capture_output=True, text=True, check=True
    )
    assert (DOCS / "asyncapi.yaml").read_text() == made.stdout, "run .venv/bin/python bin/asyncapi"


def test_every_frame_that_can_be_decoded_or_sent_is_described() -> None:
    assert set(UP) == set(commands.Command.__subclasses__())
    assert set(DOWN) >= set(events.Event.__subclasses__())
    messages = document()["components"]["messages"]
    assert set(messages) == {f"up.{tag_of(struct)}" for struct in UP} | {f"down.{tag_of(struct)}" for struct in DOWN}


def test_the_tables_name_the_same_commands_with_the_same_fields() -> None:
    """`id`, which every command may carry, stands above the table."""
    assert frames_of("Up") == {tag_of(struct): fields_of(struct) - {"id"} for struct in UP}


def test_the_tables_name_the_same_events_with_the_same_fields() -> None:
    documented = frames_of("Down")
    expected = {tag_of(struct): fields_of(struct) for struct in DOWN}
    expected["error"] = {"id"}  # the error object has a paragraph of its own
    assert documented == expected


def test_the_tables_name_every_error_code() -> None:
    codes = {code for row in rows_of("Error codes") for code in named(row[0])}
    assert codes == {*error_codes(), problems.Internal.code}


def test_every_close_code_is_in_the_table() -> None:
    used = {
        edge.SLOW, sessions.REVOKED, SILENT, consumers.ORIGIN_REFUSED, consumers.OVERLOAD, edge.FAILED,
        consumers.BAD_TICKET, consumers.NO_HELLO, consumers.BAD_FRAME, consumers.RESTART, drain.MOVED,
    }  # fmt: skip
    documented = {int(code) for row in rows_of("Closing") for code in row[0].split(", ")}
    assert used <= documented


def test_the_limits_are_those_the_server_tells() -> None:
    (limits,) = re.findall(r"`limits` = `(\{.*?\})`", (DOCS / "protocol.md").read_text())
    assert json.loads(limits) == consumers.LIMITS


def test_the_rest_table_names_every_path_of_the_openapi_document() -> None:
    section = (DOCS / "protocol.md").read_text().split("\n## REST, `/api/v1`\n")[1].split("\n## ")[0]
    documented = {path for line in section.splitlines() if line.startswith("| `") for path in _paths(line.split(" | ")[0])}
    served = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1")))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    assert documented == served


def _paths(cell: str) -> Iterator[tuple[str, str]]:
    """`POST /a/{id}/join` · `/decline` are two: what has no method stands in the place of the last part."""
    method, path = "", ""
    for name in re.findall(r"`([^`?]+)[^`]*`", cell):
        if " " in name:
            method, path = name.split(" ")
        else:
            path = path.rpartition("/")[0] + name
        yield method, re.sub(r"\{\w+\}", "{}", path)


async def test_what_a_server_says_fits_the_document(new_phone: NewPhone) -> None:
    """Every kind of event that two phones can bring about, checked against its schema."""
    anna, ben = await new_phone("anna"), await new_phone("ben")
    frames = await _lively_afternoon(anna, ben)
    assert {frame["type"] for frame in frames} == {tag_of(struct) for struct in DOWN} - {"goodbye"}
    components = document()["components"]
    for frame in frames:
        name = components["messages"][f"down.{frame['type']}"]["payload"]["$ref"].rsplit("/", 1)[1]
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        problems_found = [error.message for error in Draft202012Validator(schema).iter_errors(frame)]
        assert problems_found == [], frame
        unknown = frame.keys() - components["schemas"][name]["properties"].keys()
        assert not unknown, f"{frame['type']} has undocumented {unknown}"
        for conversation in (frame.get("conversation"), *frame.get("changed", [])):
            if isinstance(conversation, dict):
                msgspec.convert(conversation, ConversationObject)
        if frame.get("message", {}).get("event"):
            msgspec.convert(frame["message"]["event"], HappeningObject)


async def _lively_afternoon(anna: Phone, ben: Phone) -> list[dict[str, Any]]:
    """Returns every frame that both phones got."""
    group = await anna.group("Garden", "ben")
    ours, theirs = await anna.connect(), await ben.connect()
    cursor = theirs.welcome["cursor"]
    await ben.api("POST", f"/conversations/{group}/join", {})
    await ours.expect("conversation")
    await anna.api("POST", "/contacts", {"username": "ben"})
    await theirs.expect("contacts")
    await ours.say(group, "Hello", mentions=[theirs.welcome["user"]])
    await theirs.send({"type": "typing", "conversation": group})
    await theirs.send({"type": "read", "conversation": group, "seq": 3})
    await ours.expect("receipt")
    await ours.call({"type": "history", "conversation": group})
    await ours.send({"type": "presence.watch", "users": [theirs.welcome["user"]]})
    await ours.expect("presence")
    await ours.send({"type": "send", "id": "refused", "conversation": group, "client_id": "no", "text": "x"})
    await ours.expect("error")
    await theirs.call({"type": "sync", "cursor": cursor})
    await theirs.call({"type": "sync", "cursor": "1.999999999"})
    return await ours.settle() + await theirs.settle()


@pytest.mark.parametrize("frame", ["hello", "send", "history", "presence.watch"])
def test_the_document_refuses_a_command_that_the_decoder_refuses(frame: str) -> None:
    components = document()["components"]
    name = components["messages"][f"up.{frame}"]["payload"]["$ref"].rsplit("/", 1)[1]
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
    bad = {"type": frame, "conversation": "0", "users": "none", "ticket": 7}
    assert not validator.is_valid(bad)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, commands.AnyCommand)
