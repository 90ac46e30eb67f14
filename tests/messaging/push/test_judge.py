"""Who is rung, when, on which device: the table of how somebody stands × what happened meanwhile."""

from datetime import time
from itertools import product
from typing import Any

import msgspec
import pytest

from messaging.protocol.types import Message
from messaging.services.members import Member, Members
from messaging.services.push.judge import ACTIVE_MS, EXPIRY_MS, Reader, Ring, Wait, judge, missed_by
from notifications.protocol import Subscriber
from notifications.services.preferences import Taste, Wish

ANNA, BEN, ROOM = 1, 2, 100
PHONE, TABLET, LAPTOP = 21, 22, 23  # Ben's; the laptop takes no pushes
NOW = 1_800_000_000_000  # 08:00 UTC
SENT_AT = NOW - 3_000


def message(seq: int = 5, **fields: Any) -> Message:
    return Message(
        **{"conversation": ROOM, "seq": seq, "sender": ANNA, "client_id": "", "sent_at": SENT_AT, "kind": "text", **fields}
    )


def members(**fields: Any) -> Members:
    people = {user: Member(user, f"p{user}", f"P{user}", "member", "joined", ((1, None),)) for user in (ANNA, BEN)}
    return Members(**{"conversation": ROOM, "kind": "group", "title": "G", "version": 1, "revision": 1, "created_by": ANNA, "created_at": 0,
                      "by_user": people, **fields})  # fmt: skip


def with_ben(**fields: Any) -> Members:
    everybody = members()
    return msgspec.structs.replace(
        everybody, by_user=everybody.by_user | {BEN: msgspec.structs.replace(everybody.by_user[BEN], **fields)}
    )


def on(*devices: int) -> list[Subscriber]:
    return [Subscriber(device=device, user=BEN, gateway="web", address="") for device in devices]


# How Ben's devices stand when somebody looks; the phone and the tablet take pushes.
STANDS: dict[str, dict[str, Any]] = {
    "offline": {},
    "offline since yesterday": {"used": {PHONE: NOW - 86_000_000}},
    "online, and has it": {"acknowledged": {PHONE: 5, TABLET: 5}, "used": {PHONE: NOW}},
    "away: connected, nobody looks": {"acknowledged": {PHONE: 5, TABLET: 5}, "used": {PHONE: NOW - 600_000}},
    "one of two has it": {"acknowledged": {TABLET: 5}},
    "has an older one": {"acknowledged": {PHONE: 4, TABLET: 4}},
    "active on a device that takes no pushes": {"used": {LAPTOP: NOW}},
    "active on the tablet, which has it": {"acknowledged": {TABLET: 5}, "used": {TABLET: NOW}},
    "active on the phone, whose connection broke": {"used": {PHONE: NOW}},
    "was active elsewhere a minute ago": {"used": {LAPTOP: NOW - ACTIVE_MS}},
    "was rung for it": {"shown": {PHONE: 5, TABLET: 5}},
    "was rung for an older one": {"shown": {PHONE: 4}},
    "the service of the phone asked for time": {"retry_at": {PHONE: NOW + 9_000}},
}
RING = "ring"
EXPECTED: dict[str, dict[int, str | int]] = {
    "offline": {PHONE: RING, TABLET: RING},
    "offline since yesterday": {PHONE: RING, TABLET: RING},
    "online, and has it": {},
    "away: connected, nobody looks": {},
    "one of two has it": {PHONE: RING},
    "has an older one": {PHONE: RING, TABLET: RING},
    "active on a device that takes no pushes": {PHONE: NOW + ACTIVE_MS, TABLET: NOW + ACTIVE_MS},
    "active on the tablet, which has it": {PHONE: NOW + ACTIVE_MS},
    "active on the phone, whose connection broke": {PHONE: RING, TABLET: NOW + ACTIVE_MS},
    "was active elsewhere a minute ago": {PHONE: RING, TABLET: RING},
    "was rung for it": {},
    "was rung for an older one": {PHONE: RING, TABLET: RING},
    "the service of the phone asked for time": {PHONE: NOW + 9_000, TABLET: RING},
}
MENTION = {"messages": [message(mentions=(BEN,))]}
MUTED = {"wish": Wish(muted_until=NOW + 1)}
# What happened meanwhile, or what Ben wants: those that ring nobody however he stands, and those that change nothing.
SILENT: dict[str, dict[str, Any]] = {
    "muted": MUTED,
    "wants mentions only": {"wish": Wish("mentions")},
    "wants nothing": {"wish": Wish("none")},
    "wants nothing, and is mentioned": {"wish": Wish("none"), **MENTION},
    "quiet hours": {"taste": Taste(quiet=(time(7), time(9)))},
    "quiet hours over midnight": {"taste": Taste(quiet=(time(22), time(9)))},
    "quiet hours, and is mentioned": {"taste": Taste(quiet=(time(7), time(9))), **MENTION},
    "quiet hours where he lives": {"taste": Taste(quiet=(time(15, 30), time(17)), time_zone="Asia/Shanghai")},
    "everything is muted": {"taste": Taste(muted_until=NOW + 1)},
    "he blocked the sender": {"members": members(blocks=frozenset({(BEN, ANNA)}))},
    "left": {"members": with_ben(state="left", spans=((1, 5),))},
    "left before it was said": {"members": with_ben(state="left", spans=((1, 4),))},
    "joined after it was said": {"members": with_ben(spans=((6, None),))},
    "was never in": {"members": members(by_user={ANNA: members().by_user[ANNA]})},
    "read meanwhile": {"read": 5},
    "read beyond it": {"read": 9},
    "deleted meanwhile": {"messages": [message(redacted_at=NOW)]},
    "it is his own": {"messages": [message(sender=BEN)]},
    "it is no text": {"messages": [message(kind="event")]},
    "never came to be": {"messages": [message(kind="void")]},
    "nothing is there": {"messages": []},
    "said too long ago": {"messages": [message(sent_at=NOW - EXPIRY_MS)]},
}
AUDIBLE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "mention": MENTION,
    "mention in a muted group": MUTED | MENTION,
    "wants mentions only, and is mentioned": {"wish": Wish("mentions"), **MENTION},
    "no longer muted": {"wish": Wish(muted_until=NOW), "taste": Taste(muted_until=NOW)},
    "quiet hours are over": {"taste": Taste(quiet=(time(7), time(8)))},
    "quiet hours elsewhere": {"taste": Taste(quiet=(time(7), time(9)), time_zone="Asia/Shanghai")},
    "the sender blocked him": {"members": members(blocks=frozenset({(ANNA, BEN)}))},
    "read up to the one before": {"read": 4},
    "an earlier one was deleted": {"messages": [message(4, redacted_at=NOW), message()]},
    "an earlier mention in a muted group": MUTED | {"messages": [message(4), message(5, mentions=(BEN,))]},
}


def verdicts(stand: str, meanwhile: dict[str, Any]) -> dict[int, str | int]:
    """Device → RING, or when to look again."""
    known = {"subscribers": on(PHONE, TABLET), **STANDS[stand], **meanwhile}
    messages, everybody = known.pop("messages", [message()]), known.pop("members", members())
    found = judge(BEN, Reader(**known), everybody, messages, now=NOW)
    waits = sorted({one.until for one in found if isinstance(one, Wait)})
    rung = {one.subscriber.device: RING for one in found if isinstance(one, Ring)}
    assert len(waits) <= 1
    assert len(found) == len(rung) + sum(isinstance(one, Wait) for one in found)
    return rung | {device: waits[0] for device in EXPECTED[stand] if waits and device not in rung}


@pytest.mark.parametrize(("stand", "meanwhile"), list(product(STANDS, AUDIBLE)))
def test_whoever_lacks_it_is_rung_once_on_each_device_that_lacks_it(stand: str, meanwhile: str) -> None:
    assert verdicts(stand, AUDIBLE[meanwhile]) == EXPECTED[stand]


@pytest.mark.parametrize(("stand", "meanwhile"), list(product(STANDS, SILENT)))
def test_nobody_is_rung_for_what_they_do_not_want_or_may_not_see(stand: str, meanwhile: str) -> None:
    assert verdicts(stand, SILENT[meanwhile]) == {}


def test_a_ring_is_for_all_that_was_missed_up_to_the_newest_that_rings() -> None:
    """In a muted group with a mention: for the mention, not for what was said after it."""
    said = [message(3), message(4, mentions=(BEN,)), message(5)]
    (ring,) = judge(BEN, Reader(subscribers=on(PHONE), read=2), members(), said, now=NOW)
    assert isinstance(ring, Ring)
    assert [one.seq for one in ring.missed] == [3, 4, 5]
    (ring,) = judge(BEN, Reader(subscribers=on(PHONE), wish=Wish("mentions")), members(), said, now=NOW)
    assert isinstance(ring, Ring)
    assert ([one.seq for one in ring.missed], ring.seq) == ([4], 4)


def test_a_mention_that_the_device_has_does_not_ring_for_what_came_after() -> None:
    said = [message(4, mentions=(BEN,)), message(5)]
    reader = Reader(subscribers=on(PHONE), wish=Wish("mentions"), acknowledged={PHONE: 4})
    assert judge(BEN, reader, members(), said, now=NOW) == []


def test_only_those_who_are_in_can_miss_anything() -> None:
    assert missed_by(BEN, members(), [message()], read=0) == [message()]
    assert missed_by(3, members(), [message()], read=0) == []
