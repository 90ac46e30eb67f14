"""History in the message file."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from messaging.protocol.types import Message
from messaging.stores.log.base import NOTHING, PAGE_MAX, Change, Wanted
from messaging.stores.log.tails import Tails
from messaging.stores.sqlite import MessageFile

COLUMNS = """conversation_id, seq, sender_id, client_id, sent_at, kind, text, event, digest, reply_to, mentions, mv, epoch, version,
edited_at, redacted_at"""
_VALUES = ", ".join(f"value ->> {column}" for column in range(16))
# A conflict means "stored already": the same bytes again.
_STORE = f"INSERT INTO message ({COLUMNS}) SELECT {_VALUES} FROM json_each(?) WHERE true ON CONFLICT DO NOTHING"  # noqa: S608
_PAGE = f"SELECT {COLUMNS} FROM message WHERE conversation_id = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
_PICK = f"""
SELECT {COLUMNS} FROM json_each(?) AS k JOIN message ON conversation_id = k.value ->> 0 AND seq = k.value ->> 1 ORDER BY k.key"""  # noqa: S608
_FIND = f"""
SELECT {COLUMNS} FROM json_each(?) AS k JOIN message INDEXED BY message_by_client_id
ON conversation_id = k.value ->> 0 AND sender_id = k.value ->> 1 AND client_id = k.value ->> 2 AND seq <= k.value ->> 3
ORDER BY seq DESC"""  # noqa: S608
_REDACT = """
UPDATE message SET text = '', redacted_at = :at WHERE conversation_id = :conversation AND seq = :seq AND redacted_at IS NULL"""
_RECORD = """
INSERT INTO change (conversation_id, rev, kind, seq, author_id, at)
VALUES (:conversation, :rev, 'redact', :seq, :author, :at) ON CONFLICT DO NOTHING"""
_CHANGES = """
SELECT conversation_id, rev, kind, seq, author_id, at FROM change WHERE conversation_id = ? AND rev > ? ORDER BY rev LIMIT ?"""

_encoder = msgspec.json.Encoder()


def encode(value: object) -> str:
    """A batch as the one JSON parameter of its statement."""
    return _encoder.encode(value).decode()


def message_from_row(row: tuple[Any, ...]) -> Message:
    """Reads a row of `COLUMNS`."""
    (
        conversation,
        seq,
        sender,
        client_id,
        sent_at,
        kind,
        text,
        event,
        digest,
        reply_to,
        mentions,
        mv,
        epoch,
        version,
        edited,
        redacted,
    ) = row
    return Message(
        conversation=conversation, seq=seq, sender=sender, client_id=client_id, sent_at=sent_at, kind=kind, text=text,
        event=event and msgspec.json.decode(event), digest=digest, reply_to=reply_to,
        mentions=tuple(msgspec.json.decode(mentions)) if mentions else (), mv=mv, epoch=epoch, version=version, edited_at=edited,
        redacted_at=redacted,
    )  # fmt: skip


def _row(message: Message) -> tuple[object, ...]:
    return (
        message.conversation, message.seq, message.sender, message.client_id, message.sent_at, message.kind, message.text,
        encode(message.event) if message.event else None, message.digest, message.reply_to,
        encode(message.mentions) if message.mentions else None, message.mv, message.epoch, message.version, message.edited_at,
        message.redacted_at,
    )  # fmt: skip


class SqliteMessageLog:
    """Each call is one statement, or none: the newest messages of what is read are kept in memory."""

    def __init__(self, path: str) -> None:
        self._tails = Tails()
        self._file = MessageFile.open(path)

    async def close(self) -> None:
        self._file.close()

    async def store(self, messages: Sequence[Message], *, released: Mapping[int, int] = NOTHING) -> None:
        await self._file.write(_STORE, parameters=(encode([_row(message) for message in messages]),), durable=True)

    async def page(self, conversation: int, *, first: int, last: int, rev: int = 0) -> list[Message]:
        first = max(first, last - PAGE_MAX + 1)
        return await self._tails.page(conversation, first=first, last=last, rev=rev, read=partial(self._read, conversation))

    async def _read(self, conversation: int, first: int, last: int) -> list[Message]:
        rows = await self._file.read(_PAGE, (conversation, first, last, PAGE_MAX))
        return [message_from_row(row) for row in reversed(rows)]

    async def pick(self, keys: Sequence[tuple[int, int]]) -> list[Message]:
        return [message_from_row(row) for row in await self._file.read(_PICK, (encode(keys),))] if keys else []

    async def find(self, wanted: Sequence[Wanted]) -> list[Message | None]:
        keys = encode([(want.conversation, want.sender, want.client_id, want.upto) for want in wanted])
        found = [message_from_row(row) for row in await self._file.read(_FIND, (keys,))]
        by_id = {(message.conversation, message.sender, message.client_id): message for message in found}  # the lowest seq stays
        return [by_id.get((want.conversation, want.sender, want.client_id)) for want in wanted]

    async def redact(self, conversation: int, seq: int, *, rev: int, author: int, at: int) -> None:
        change = {"conversation": conversation, "seq": seq, "rev": rev, "author": author, "at": at}
        await self._file.write(_REDACT, _RECORD, parameters=change, durable=True)
        self._tails.forget(conversation)

    async def changes(self, conversation: int, *, above: int, limit: int) -> list[Change]:
        return [Change(*row) for row in await self._file.read(_CHANGES, (conversation, above, limit))]
