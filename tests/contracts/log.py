"""What every message log promises (messaging/stores/log/base.py). An adapter's suite inherits this and gives a `rig`."""

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from messaging.protocol.types import Message
from messaging.stores.log.base import PAGE_MAX, Change, Wanted
from tests.contracts.rig import Rig, some_id


def row(conversation: int, seq: int, text: str = "hello", **fields: Any) -> Message:
    usual = {"sender": 7, "client_id": str(uuid4()), "sent_at": 1_800_000_000_000 + seq, "kind": "text", "digest": "0" * 32}
    return Message(**{"conversation": conversation, "seq": seq, "text": text, **usual, **fields})


def wanted(message: Message, *, after: int = 0, upto: int = 1_000_000, **fields: int) -> Wanted:
    place = {"conversation": message.conversation, "sender": message.sender, **fields}
    return Wanted(client_id=message.client_id, after=after, upto=upto, **place)


FULL = {
    "text": {
        "text": "上海 😀 e\u0301 \u202e <script>",
        "reply_to": 3,
        "mentions": (2**63 - 1, 5),
        "mv": 4,
        "epoch": 2,
        "version": 3,
    },
    "event": {"kind": "event", "text": "", "event": {"type": "renamed", "title": "“quoted”", "by": "1", "version": 9}},
    "longest": {"text": "😀" * 99_999},
    "edited": {"edited_at": 1_800_000_000_001},
    "void": {"kind": "void", "text": ""},
}


class LogContract:
    @pytest.mark.parametrize("fields", FULL.values(), ids=FULL.keys())
    async def test_what_is_stored_comes_back_as_it_was(self, rig: Rig, fields: dict[str, Any]) -> None:
        message = row(some_id(), 1, **fields)
        await rig.log.store([message])
        assert await rig.log.page(message.conversation, first=1, last=1) == [message]
        assert await rig.log.pick([(message.conversation, 1)]) == [message]
        assert await rig.log.find([wanted(message)]) == [message]

    async def test_storing_again_changes_nothing(self, rig: Rig) -> None:
        message = row(some_id(), 1)
        await rig.log.store([message, message])
        await rig.log.store([message])
        assert await rig.log.page(message.conversation, first=1, last=10) == [message]

    async def test_a_stored_message_is_there_after_a_restart(self, rig: Rig) -> None:
        message = row(some_id(), 1)
        await rig.log.store([message])
        await rig.reopen()
        assert await rig.log.page(message.conversation, first=1, last=1) == [message]

    async def test_every_number_that_is_stored_can_be_read(self, rig: Rig) -> None:
        """A client id that comes again under a new number, for whatever reason, must not leave a hole."""
        first = row(some_id(), 1)
        again = msgspec.structs.replace(first, seq=2)
        await rig.log.store([first])
        await rig.log.store([again])
        assert [message.seq for message in await rig.log.page(first.conversation, first=1, last=2)] == [1, 2]
        (found,) = await rig.log.find([wanted(first)])
        assert found == first

    async def test_a_page_is_ascending_and_inclusive(self, rig: Rig) -> None:
        conversation = some_id()
        messages = [row(conversation, seq) for seq in range(1, 11)]
        await rig.log.store(messages)
        assert await rig.log.page(conversation, first=3, last=6) == messages[2:6]
        assert await rig.log.page(conversation, first=10, last=10) == messages[9:]
        assert await rig.log.page(conversation, first=8, last=50) == messages[7:]

    async def test_a_page_holds_at_most_the_hundred_that_end_at_last(self, rig: Rig) -> None:
        conversation = some_id()
        await rig.log.store([row(conversation, seq) for seq in range(1, 251)])
        page = await rig.log.page(conversation, first=1, last=240)
        assert [message.seq for message in page] == list(range(240 - PAGE_MAX + 1, 241))

    async def test_pages_cross_every_boundary_of_storage(self, rig: Rig) -> None:
        conversation = some_id()
        await rig.log.store([row(conversation, seq) for seq in range(960, 1_041)])
        page = await rig.log.page(conversation, first=960, last=1_040)
        assert [message.seq for message in page] == list(range(960, 1_041))

    async def test_nothing_is_an_empty_page(self, rig: Rig) -> None:
        message = row(some_id(), 5)
        await rig.log.store([message])
        assert await rig.log.page(some_id(), first=1, last=100) == []
        assert await rig.log.page(message.conversation, first=6, last=100) == []
        assert await rig.log.page(message.conversation, first=5, last=4) == []

    async def test_conversations_are_apart(self, rig: Rig) -> None:
        mine, theirs = row(some_id(), 1), row(some_id(), 1)
        await rig.log.store([mine, theirs])
        assert await rig.log.page(mine.conversation, first=1, last=100) == [mine]

    async def test_picked_messages_come_in_the_order_of_their_keys(self, rig: Rig) -> None:
        one, two = row(some_id(), 1), row(some_id(), 9)
        await rig.log.store([one, two])
        keys = [(two.conversation, 9), (one.conversation, 2), (one.conversation, 1)]
        assert await rig.log.pick(keys) == [two, one]
        assert await rig.log.pick([]) == []

    async def test_finding_answers_in_order_and_with_none(self, rig: Rig) -> None:
        conversation = some_id()
        one, two = row(conversation, 1), row(conversation, 2)
        await rig.log.store([one, two])
        asked = [wanted(two), wanted(row(conversation, 3)), wanted(one), wanted(two)]
        assert await rig.log.find(asked) == [two, None, one, two]

    async def test_a_client_id_is_found_for_its_own_sender_and_conversation_only(self, rig: Rig) -> None:
        message = row(some_id(), 1)
        await rig.log.store([message])
        assert await rig.log.find([wanted(message, sender=8), wanted(message, conversation=some_id())]) == [None, None]

    async def test_nothing_is_found_above_the_bound(self, rig: Rig) -> None:
        message = row(some_id(), 5)
        await rig.log.store([message])
        assert await rig.log.find([wanted(message, upto=4)]) == [None]
        assert await rig.log.find([wanted(message, after=4, upto=5)]) == [message]

    async def test_an_old_message_is_found_below_thousands_of_newer_ones_and_after_a_restart(self, rig: Rig) -> None:
        conversation = some_id()
        messages = [row(conversation, seq) for seq in range(1, 2_101)]
        await rig.log.store(messages)
        old = messages[6]
        assert await rig.log.find([wanted(old, upto=2_100)]) == [old]
        await rig.reopen()
        assert await rig.log.find([wanted(old, upto=2_100)]) == [old]

    async def test_what_is_recent_enough_is_found_however_much_came_before_and_after(self, rig: Rig) -> None:
        conversation = some_id()
        messages = [msgspec.structs.replace(row(conversation, seq), sent_at=seq) for seq in range(1, 3_101)]
        await rig.log.store(messages)
        for seq in (3_100, 3_000, 2_001, 1_500, 1):
            assert await rig.log.find([wanted(messages[seq - 1], upto=3_100, since=seq)]) == [messages[seq - 1]]
        assert await rig.log.find([wanted(row(conversation, 9), upto=3_100, since=1_500)]) == [None]

    async def test_a_redacted_text_is_gone_for_good(self, rig: Rig) -> None:
        secret, other = row(some_id(), 1, "secret"), row(some_id(), 1)
        await rig.log.store([secret, other])
        await self._redact(rig, secret)
        redacted = msgspec.structs.replace(secret, text="", redacted_at=1_900_000_000_000)
        await rig.log.store([secret])  # a late repetition of the send
        assert await rig.log.page(secret.conversation, first=1, last=1) == [redacted]
        await rig.reopen()
        await rig.log.store([secret])
        assert await rig.log.pick([(secret.conversation, 1)]) == [redacted]
        assert await rig.log.find([wanted(secret)]) == [redacted]
        assert await rig.log.page(other.conversation, first=1, last=1) == [other]

    async def test_redacting_again_changes_nothing(self, rig: Rig) -> None:
        message = row(some_id(), 1)
        await rig.log.store([message])
        await self._redact(rig, message)
        before = await rig.log.page(message.conversation, first=1, last=1)
        await self._redact(rig, message)
        assert await rig.log.page(message.conversation, first=1, last=1) == before
        assert len(await rig.log.changes(message.conversation, above=0, limit=10)) == 1

    async def test_changes_are_read_by_their_number(self, rig: Rig) -> None:
        conversation = some_id()
        await rig.log.store([row(conversation, seq) for seq in (1, 2, 3)])
        for rev, seq in enumerate((3, 1, 2), start=1):
            await rig.log.redact(conversation, seq, rev=rev, author=7, at=1_900_000_000_000)
        changes = await rig.log.changes(conversation, above=1, limit=10)
        assert changes == [
            Change(conversation=conversation, rev=rev, kind="redact", seq=seq, author=7, at=1_900_000_000_000)
            for rev, seq in ((2, 1), (3, 2))
        ]
        assert [change.rev for change in await rig.log.changes(conversation, above=0, limit=2)] == [1, 2]
        assert await rig.log.changes(conversation, above=3, limit=10) == []
        assert await rig.log.changes(some_id(), above=0, limit=10) == []

    async def _redact(self, rig: Rig, message: Message) -> None:
        await rig.log.redact(message.conversation, message.seq, rev=1, author=7, at=1_900_000_000_000)
