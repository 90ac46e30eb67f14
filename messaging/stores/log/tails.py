"""The newest messages of conversations that were read lately, in memory: what is released never changes but by a change that has a rev."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable

from messaging.protocol.types import Message

SEQS_KEPT = 200  # of each conversation, the newest
CHARACTERS_KEPT = 16_000_000  # of all; a message counts for some more than its text
MESSAGE_CHARACTERS = 500

Read = Callable[[int, int], Awaitable[list[Message]]]


class _Tail:
    """One conversation's, as of one rev."""

    __slots__ = ("by_seq", "characters", "rev")

    def __init__(self, rev: int) -> None:
        self.rev = rev
        self.by_seq: dict[int, Message] = {}
        self.characters = 0


class Tails:
    """Drops, least lately read first, what goes beyond its bounds."""

    def __init__(self, *, characters_kept: int = CHARACTERS_KEPT) -> None:
        self._characters_kept = characters_kept
        self._tails: OrderedDict[int, _Tail] = OrderedDict()
        self._characters = 0

    async def page(self, conversation: int, *, first: int, last: int, rev: int, read: Read) -> list[Message]:
        """The seqs from `first` to `last`, ascending; `read(first, last)` gets those that are not here."""
        known = self.known(conversation, first, last, rev)
        missing = [seq for seq in range(first, last + 1) if seq not in known]
        if missing:
            found = await read(missing[0], missing[-1])
            known |= {message.seq: message for message in found}
            self.keep(conversation, found, rev)
        return [known[seq] for seq in sorted(known)]

    def known(self, conversation: int, first: int, last: int, rev: int) -> dict[int, Message]:
        """Those of first … last that are here. What was kept under another rev is forgotten."""
        tail = self._tails.get(conversation)
        if tail is None:
            return {}
        if tail.rev != rev:
            self.forget(conversation)
            return {}
        self._tails.move_to_end(conversation)
        return {seq: tail.by_seq[seq] for seq in range(first, last + 1) if seq in tail.by_seq}

    def keep(self, conversation: int, messages: Iterable[Message], rev: int) -> None:
        """Released messages, as they were read when the conversation was at `rev`."""
        tail = self._tails.get(conversation)
        if tail is None or tail.rev != rev:
            self.forget(conversation)
            tail = self._tails[conversation] = _Tail(rev)
        before = tail.characters
        for message in messages:
            if message.seq not in tail.by_seq:
                tail.by_seq[message.seq] = message
                tail.characters += len(message.text) + MESSAGE_CHARACTERS
        for seq in sorted(tail.by_seq)[:-SEQS_KEPT]:
            tail.characters -= len(tail.by_seq.pop(seq).text) + MESSAGE_CHARACTERS
        self._characters += tail.characters - before
        while self._characters > self._characters_kept and self._tails:
            self.forget(next(iter(self._tails)))

    def forget(self, conversation: int) -> None:
        tail = self._tails.pop(conversation, None)
        if tail is not None:
            self._characters -= tail.characters
