"""The port that remembers what was pushed: which notices stand on which devices."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Shown(msgspec.Struct, frozen=True):
    """A device of `user` was given a notice of `conversation`, up to `seq`, that was not taken back."""

    user: int
    conversation: int
    device: int
    seq: int


class ShownNotices(Protocol):
    """What is forgotten costs a notice twice, or one that stays until somebody looks. Raises `chatsite.core.errors.Unavailable`."""

    async def close(self) -> None: ...

    async def note(self, notices: Sequence[Shown]) -> None:
        """Remembers, by maximum."""
        ...

    async def of(self, readers: Sequence[tuple[int, int]]) -> list[dict[int, int]]:
        """For each (user, conversation), devices and up to which seq they were given notices."""
        ...

    async def take(self, notices: Sequence[Shown]) -> None:
        """They were taken back: forgets each, unless there is one up to a higher seq by now."""
        ...
