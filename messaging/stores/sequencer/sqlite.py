"""The sequencer of one process: counters in memory, seeded from the message file's newest rows, which no other process can move."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from chatsite.core.clock import Clock, clock
from messaging.protocol.types import Message
from messaging.stores.log.sqlite import COLUMNS, encode, message_from_row
from messaging.stores.sequencer.base import (
    LATE_MS,
    PUSH_DELAY_MS,
    Allocation,
    Check,
    Clash,
    Duplicate,
    Full,
    Head,
    MembersChanged,
    New,
    Outcome,
    PastDue,
    Pending,
    PushCheck,
)
from messaging.stores.sqlite import MessageFile

UNRELEASED_MAX = 256
REMEMBERED = 512
KEPT = 20_000
EVER_MS = 10**15

_NEWEST = """
SELECT c.value, m.seq, m.sent_at, m.mv, (SELECT MAX(rev) FROM change WHERE conversation_id = c.value)
FROM json_each(?) AS c JOIN message AS m ON m.conversation_id = c.value
AND m.seq = (SELECT MAX(seq) FROM message WHERE conversation_id = c.value)"""
_IDS = "SELECT sender_id, client_id, seq, digest, sent_at FROM message WHERE conversation_id = ? AND seq > ? ORDER BY seq"
# CROSS keeps the order of the tables: there are few notes, and the planner would begin with all messages.
_OWED = f"""
SELECT {COLUMNS} FROM note CROSS JOIN message USING (conversation_id, seq) WHERE sent_at <= ? ORDER BY sent_at LIMIT ?"""  # noqa: S608 - our constant
# A note owes its push check: in the transaction that removes it the check is written down.
_DONE = """
DELETE FROM note WHERE (conversation_id, seq) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"""
_KEEP_CHECKS = """
INSERT INTO push_check (conversation_id, seq, due_at)
SELECT value ->> 0, value ->> 2, value ->> 3 FROM json_each(?) WHERE value ->> 2 IS NOT NULL
ON CONFLICT (conversation_id) DO UPDATE SET seq = excluded.seq, due_at = excluded.due_at"""
_SETTLE_CHECKS = """
DELETE FROM push_check WHERE (conversation_id, seq) IN (
    SELECT c.conversation_id, c.seq FROM json_each(?) AS k CROSS JOIN push_check AS c
    ON c.conversation_id = k.value ->> 0 AND c.seq <= k.value ->> 1)"""
_CHECKS = "SELECT conversation_id, seq, due_at FROM push_check"

_Key = tuple[int, str]  # sender and client id


class _Counter:
    """One conversation's state."""

    __slots__ = ("active_at", "floor", "head", "ids", "mv", "next", "pending", "rev", "stored")

    def __init__(self, head: Head) -> None:
        self.head = self.next = self.floor = head.seq
        self.rev, self.active_at, self.mv = head.rev, head.active_at, head.mv
        self.ids: OrderedDict[_Key, tuple[int, str, int]] = OrderedDict()  # → seq, digest, sent_at
        self.pending: dict[int, Message] = {}  # numbered, not yet released
        self.stored: set[int] = set()

    def remember(self, key: _Key, seq: int, digest: str, sent_at: int) -> None:
        self.ids[key] = (seq, digest, sent_at)
        while len(self.ids) > REMEMBERED + UNRELEASED_MAX:
            _, (forgotten, _, _) = self.ids.popitem(last=False)
            self.floor = max(self.floor, forgotten)


class SqliteSequencer:
    """Counters are seeded on first use and dropped, least used first, beyond `KEPT` idle conversations."""

    epoch = 1  # one file, one life: positions and seqs survive restarts

    def __init__(self, path: str, clock: Clock = clock) -> None:
        self._file = MessageFile.open(path)
        self._clock = clock
        self._counters: OrderedDict[int, _Counter] = OrderedDict()
        self._cold: OrderedDict[int, Head] = OrderedDict()  # of conversations without a counter, which are only read
        self._seeding = asyncio.Lock()
        self._checks: dict[int, PushCheck] = {}
        self._has_recalled_checks = False

    async def close(self) -> None:
        self._file.close()

    def lane_of(self, conversation: int) -> int:
        return 0

    def of_lanes(self, conversations: Iterable[int], lanes: Collection[int]) -> list[int]:
        return list(conversations) if 0 in lanes else []

    async def allocate(self, wishes: Sequence[Allocation]) -> list[Outcome]:
        await self._seed({wish.draft.conversation for wish in wishes})
        outcomes: list[Outcome] = []
        # Senders in conversations who wait for a look into the log: nothing of theirs goes first.
        unsure: set[tuple[int, int]] = set()
        for wish in wishes:
            draft = wish.draft
            outcome = self._allocate(wish, is_unsure=bool(unsure) and (draft.conversation, draft.sender) in unsure)
            if isinstance(outcome, Check):
                unsure.add((draft.conversation, draft.sender))
            outcomes.append(outcome)
        return outcomes

    def _allocate(self, wish: Allocation, *, is_unsure: bool) -> Outcome:
        draft = wish.draft
        counter = self._counters[draft.conversation]
        key = (draft.sender, draft.client_id)
        if known := counter.ids.get(key):
            seq, digest, sent_at = known
            if digest != wish.digest:
                return Clash()
            return Duplicate(seq, sent_at) if seq <= counter.head else Pending(counter.pending[seq])
        if wish.mv != counter.mv:
            return MembersChanged(counter.mv)
        after = draft.after if draft.after is not None else 0
        if (after < counter.floor or is_unsure) and not wish.checked:
            return Check(after, counter.floor)
        if counter.next - counter.head >= UNRELEASED_MAX:
            return Full(retry_after_seconds=0.5)
        counter.next += 1
        counter.active_at = max(self._clock.now_ms(), counter.active_at + 1)
        if wish.sets_mv:
            counter.mv += 1
        message = draft.numbered(counter.next, sent_at=counter.active_at, mv=counter.mv, epoch=self.epoch, digest=wish.digest)
        counter.pending[message.seq] = message
        counter.remember(key, message.seq, wish.digest, message.sent_at)
        return New(message)

    async def commit(self, messages: Sequence[Message]) -> list[int | None]:
        await self._seed({message.conversation for message in messages})  # after a restart, say
        heads: list[int | None] = []
        for message in messages:
            counter = self._counters[message.conversation]
            if message.seq > counter.head:
                counter.stored.add(message.seq)
                if message.kind == "text":
                    self._set_push_check(message)
            while counter.head + 1 in counter.stored:
                counter.head += 1
                counter.stored.discard(counter.head)
                counter.pending.pop(counter.head, None)
            heads.append(counter.head)
        return heads

    async def heads(self, conversations: Sequence[int]) -> list[Head]:
        missing = [conversation for conversation in conversations if self._head(conversation) is None]
        found = await self._newest(missing) if missing else {}
        for conversation, head in found.items():
            if conversation not in self._counters:  # else it moved while we read
                self._cold[conversation] = head
        heads = [self._head(conversation) or Head() for conversation in conversations]
        while len(self._cold) > KEPT:
            self._cold.popitem(last=False)
        return heads

    def _head(self, conversation: int) -> Head | None:
        counter = self._counters.get(conversation)
        if counter is None:
            return self._cold.get(conversation)
        return Head(seq=counter.head, rev=counter.rev, active_at=counter.active_at, mv=counter.mv)

    async def unreleased(self, conversation: int) -> list[Message]:
        counter = self._counters.get(conversation)
        return [counter.pending[seq] for seq in sorted(counter.pending)] if counter else []

    async def owed(self, limit: int, whose: PastDue = "late") -> list[Message]:
        before = self._clock.now_ms() - (LATE_MS if whose == "late" else -EVER_MS)
        owed = [message_from_row(row) for row in await self._file.read(_OWED, (before, limit))]
        if whose == "all":  # the last process may have ended between its commit and the check's being written down
            for message in owed:
                if message.kind == "text":
                    self._set_push_check(message)
        return owed

    async def done(self, messages: Sequence[Message]) -> None:
        rows: list[tuple[int | None, ...]] = []
        for message in messages:
            check = self._checks.get(message.conversation) if message.kind == "text" else None
            rows.append((message.conversation, message.seq, *((check.seq, check.due_at) if check else (None, None))))
        await self._file.write(_DONE, _KEEP_CHECKS, parameters=(encode(rows),), durable=False)

    async def claim_push_checks(self, *, now: int, limit: int, visibility_ms: int) -> list[PushCheck]:
        await self._recall_checks()
        claimed = list(islice((check for check in self._checks.values() if check.due_at <= now), limit))
        for check in claimed:
            self._checks[check.conversation] = PushCheck(check.conversation, check.seq, now + visibility_ms)
        return claimed

    async def settle_push_checks(self, checks: Sequence[PushCheck]) -> None:
        for check in checks:
            if self._is_newest(check):
                del self._checks[check.conversation]
        if checks:
            rows = encode([(check.conversation, check.seq) for check in checks])
            await self._file.write(_SETTLE_CHECKS, parameters=(rows,), durable=False)

    async def postpone_push_checks(self, checks: Sequence[PushCheck]) -> None:
        for check in checks:
            if self._is_newest(check):
                self._checks[check.conversation] = check

    def _is_newest(self, check: PushCheck) -> bool:
        current = self._checks.get(check.conversation)
        return current is not None and current.seq <= check.seq

    async def _recall_checks(self) -> None:
        """Those that the last process left. The file says no more of them than that they are owed: a claim or a delay ends with its process."""
        if not self._has_recalled_checks:
            rows = await self._file.read(_CHECKS)
            self._has_recalled_checks = True
            for conversation, seq, due_at in rows:
                known = self._checks.get(conversation)
                if known is None or known.seq < seq:
                    self._checks[conversation] = PushCheck(conversation, seq, min(due_at, known.due_at) if known else due_at)

    def _set_push_check(self, message: Message) -> None:
        """The first unseen message decides when to look, the newest what to look for."""
        due_at, seq = self._clock.now_ms() + PUSH_DELAY_MS, message.seq
        if earlier := self._checks.get(message.conversation):  # one that is claimed is due much later
            due_at, seq = min(due_at, earlier.due_at), max(seq, earlier.seq)
        self._checks[message.conversation] = PushCheck(message.conversation, seq, due_at)

    async def _seed(self, conversations: set[int]) -> None:
        """Makes the counters of cold conversations from the file. One at a time: two seeds of one conversation would fork its counter."""
        for conversation in conversations & self._counters.keys():
            self._counters.move_to_end(conversation)
        if conversations <= self._counters.keys():
            return
        async with self._seeding:
            missing = [conversation for conversation in conversations if conversation not in self._counters]
            newest = await self._newest(missing)
            for conversation in missing:
                counter = _Counter(newest.get(conversation, Head()))
                if counter.head:
                    await self._recall(conversation, counter)
                self._counters[conversation] = counter
                self._cold.pop(conversation, None)
            self._drop_idle(keep=conversations)

    async def _newest(self, conversations: list[int]) -> dict[int, Head]:
        rows = await self._file.read(_NEWEST, (encode(conversations),))
        return {
            conversation: Head(seq=seq, rev=rev or 0, active_at=sent_at, mv=mv) for conversation, seq, sent_at, mv, rev in rows
        }

    async def _recall(self, conversation: int, counter: _Counter) -> None:
        counter.floor = max(0, counter.head - REMEMBERED)
        for sender, client_id, seq, digest, sent_at in await self._file.read(_IDS, (conversation, counter.floor)):
            counter.remember((sender, client_id), seq, digest, sent_at)

    def _drop_idle(self, *, keep: set[int]) -> None:
        for conversation in list(self._counters):
            if len(self._counters) <= KEPT:
                return
            if conversation not in keep and not self._counters[conversation].pending:
                del self._counters[conversation]
