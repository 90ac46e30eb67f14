"""The SQLite sequencer against a model that fits on a page: any order of sends, stores, commits and restarts."""

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from messaging.protocol.types import Draft, Message
from messaging.stores.sequencer.base import Clash, Duplicate, MembersChanged, New, Pending
from tests.contracts.rig import draft, wish
from tests.messaging.rig import SqliteRig

ROOM = 1
Answer = TypeVar("Answer")


class SequencerModel(RuleBasedStateMachine):
    """Knows the drafts that were numbered, which are stored, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="sequencer-")
        self.loop = asyncio.new_event_loop()
        self.rig = SqliteRig(Path(self.directory.name))
        self.run(self.rig.open())
        self.drafts: list[Draft] = []
        self.numbered: dict[str, Message] = {}  # by client id
        self.stored: set[int] = set()
        self.committed: set[int] = set()
        self.mv = 0

    def run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run_until_complete(coroutine)

    @property
    def head(self) -> int:
        head = 0
        while head + 1 in self.committed:
            head += 1
        return head

    def ask(self, wanted: Draft, mv: int, *, sets_mv: bool = False) -> object:
        (outcome,) = self.run(self.rig.sequencer.allocate([wish(wanted, mv=mv, sets_mv=sets_mv)]))
        return outcome

    @rule(sets_mv=st.booleans())
    def send(self, sets_mv: bool) -> None:
        new = draft(ROOM, f"{len(self.drafts)}")
        outcome = self.ask(new, self.mv, sets_mv=sets_mv)
        assert isinstance(outcome, New)
        self.mv += sets_mv
        assert (outcome.message.seq, outcome.message.mv) == (len(self.numbered) + 1, self.mv)
        self.drafts.append(new)
        self.numbered[new.client_id] = outcome.message

    @rule()
    def send_under_an_old_membership(self) -> None:
        assert self.ask(draft(ROOM), self.mv + 1) == MembersChanged(self.mv)

    @precondition(lambda self: self.drafts)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(self.drafts))
        message = self.numbered[wanted.client_id]
        expected = Duplicate(message.seq, message.sent_at) if message.seq <= self.head else Pending(message)
        assert self.ask(wanted, self.mv) == expected
        assert self.ask(msgspec.structs.replace(wanted, text="another"), self.mv) == Clash()

    @precondition(lambda self: self.numbered)
    @rule(data=st.data())
    def store_and_commit(self, data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(list(self.numbered.values())), max_size=5))
        self.run(self.rig.log.store(chosen))
        self.stored |= {message.seq for message in chosen}
        heads = []
        for message in chosen:
            self.committed.add(message.seq)
            heads.append(self.head)
        assert self.run(self.rig.sequencer.commit(chosen)) == heads

    @precondition(lambda self: self.stored == set(range(1, len(self.stored) + 1)))
    @rule()
    def restart(self) -> None:
        """What was numbered and not stored is forgotten; what was stored is released."""
        self.run(self.rig.reopen())
        self.committed = set(self.stored)
        self.numbered = {client_id: message for client_id, message in self.numbered.items() if message.seq in self.stored}
        self.drafts = [one for one in self.drafts if one.client_id in self.numbered]
        self.mv = max((message.mv for message in self.numbered.values()), default=0)

    @invariant()
    def heads_and_pages_agree(self) -> None:
        (head,) = self.run(self.rig.sequencer.heads([ROOM]))
        assert head.seq == self.head
        page = self.run(self.rig.log.page(ROOM, first=1, last=head.seq))
        assert [message.seq for message in page] == list(range(1, head.seq + 1))
        released = {message.seq for message in self.numbered.values() if message.seq > head.seq}
        assert {message.seq for message in self.run(self.rig.sequencer.unreleased(ROOM))} == released

    def teardown(self) -> None:
        self.run(self.rig.close())
        self.loop.close()
        self.directory.cleanup()


TestSequencerModel = SequencerModel.TestCase
TestSequencerModel.settings = settings(max_examples=25, stateful_step_count=20, derandomize=True, deadline=None, database=None)
