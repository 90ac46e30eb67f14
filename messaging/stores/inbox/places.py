"""Who is connected where, and how far their inboxes are: kept on the users' shards, and in memory for those connected here."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from chatsite.coordination.batch import ShardBatcher
from chatsite.coordination.shards import Script, Shards
from chatsite.core.clock import clock
from chatsite.core.errors import Unavailable

INBOX_SECONDS = 62 * 86_400  # set anew by every sixteenth entry; an inbox that is gone is a reason to compare, no loss
REGISTRATION_SECONDS = 600
REFRESH_SECONDS = 30.0
REFRESHED_AT_ONCE = 400

_PLACE = Script.beside(__file__, "lua/position.lua", "lua/place.lua")
_NODES = Script.beside(__file__, "lua/nodes.lua")


class Place(NamedTuple):
    """The position of an entry, in one life of its shard. Later is greater."""

    epoch: int
    ms: int
    number: int

    @classmethod
    def of(cls, epoch: bytes, position: bytes) -> "Place":
        ms, _, number = position.partition(b"-")
        return cls(int(epoch), int(ms), int(number))

    @property
    def position(self) -> str:
        return f"{self.ms}-{self.number}"


NOWHERE = Place(0, 0, 0)


class _Item(NamedTuple):
    what: Literal["register", "unregister", "look"]
    user: int
    node: str = ""


class Places:
    """A registration holds for ten minutes unless `refresh` repeats it, and so does the name of a node for `node_seconds`.

    After these, and with a shard's life, names vanish; `refresh` brings those back whose sockets are here.
    """

    def __init__(self, shards: Shards, *, now: Callable[[], str], node_seconds: float) -> None:
        self._shards = shards
        self._now = now
        self._node_ms = round(node_seconds * 1_000)
        self._here: dict[str, dict[int, Place]] = {}
        self._refreshed: dict[int, tuple[int, float]] = {}  # shard → in which life, and when
        self._items: ShardBatcher[_Item, Place] = ShardBatcher(shards.count, self._call)
        self._questions: ShardBatcher[list[int], list[bytes]] = ShardBatcher(shards.count, self._call_nodes, most=100)

    async def register(self, user: int, node: str) -> None:
        self._here.setdefault(node, {}).setdefault(user, NOWHERE)
        await self._items.ask(self._shards.of(user), _Item("register", user, node))

    async def unregister(self, user: int, node: str) -> None:
        self._here.get(node, {}).pop(user, None)
        with contextlib.suppress(Unavailable):  # then it vanishes by itself: nobody repeats it
            await self._items.ask(self._shards.of(user), _Item("unregister", user, node))

    async def refresh(self, *, fully: bool) -> None:
        """Asks shards whose life is new, or whom nobody asked for `REFRESH_SECONDS`: of a few users at a time, so that nobody waits long."""
        failures: list[Unavailable] = []
        due = [shard for shard in range(self._shards.count) if fully or await self._is_due(shard, failures)]
        for node, users in list(self._here.items()) if due else ():
            everybody = list(users)
            for start in range(0, len(everybody), REFRESHED_AT_ONCE):
                await self._refresh(node, everybody[start : start + REFRESHED_AT_ONCE], due, failures)
        if failures:
            raise failures[0]

    async def _is_due(self, shard: int, failures: list[Unavailable]) -> bool:
        try:
            epoch = await self._shards.enter(shard)
        except Unavailable as error:
            failures.append(error)
            return False
        known, at = self._refreshed.get(shard, (0, 0.0))
        if known == epoch and clock.monotonic() - at < REFRESH_SECONDS:
            return False
        self._refreshed[shard] = (epoch, clock.monotonic())
        return True

    async def _refresh(self, node: str, users: Sequence[int], due: list[int], failures: list[Unavailable]) -> None:
        """What fails is due again at once."""
        for shard, mine in self._shards.by_shard(user for user in users if user in self._here[node]).items():
            if shard in due:
                try:
                    await self._call(shard, [_Item("register", user, node) for user in mine])
                except Unavailable as error:
                    failures.append(error)
                    due.remove(shard)
                    self._refreshed.pop(shard, None)

    async def last(self, user: int) -> Place:
        """Where the inbox of a user ends: from memory for those connected here. Raises Unavailable."""
        if known := self.known(user):
            return known
        shard = self._shards.of(user)
        for node, users in self._here.items():
            if user in users:  # its shard began another life
                return await self._items.ask(shard, _Item("register", user, node))
        return await self._items.ask(shard, _Item("look", user))

    def known(self, user: int) -> Place | None:
        """The same of those connected here, unless their shard began another life since."""
        epoch = self._shards.epoch_of(self._shards.of(user))
        for users in self._here.values():
            if known := users.get(user):
                return known if known.epoch == epoch != 0 else None
        return None

    def learn(self, users: Iterable[int], place: Place) -> None:
        """Somebody read these inboxes or appended to them; only those of users who are connected here matter."""
        for here in self._here.values():
            for user in users:
                if user in here and here[user] < place:
                    here[user] = place

    async def nodes_of(self, users: Sequence[int]) -> tuple[str, ...]:
        """Of users whose shard is away nothing is known."""
        by_shard = self._shards.by_shard(users)
        found = await self._questions.ask_each(list(by_shard), list(by_shard.values()))
        return tuple({name.decode() for names in found if not isinstance(names, Unavailable) for name in names})

    async def _call(self, shard: int, items: Sequence[_Item]) -> list[Place]:
        settings = (self._now(), INBOX_SECONDS, self._node_ms, REGISTRATION_SECONDS)
        epoch, *positions = await self._shards.run(shard, _PLACE, *settings, *(word for item in items for word in item))
        places = [Place.of(epoch, position) for position in positions]
        for item, place in zip(items, places, strict=True):
            self.learn([item.user], place)
        return places

    async def _call_nodes(self, shard: int, questions: list[list[int]]) -> Sequence[list[bytes]]:
        words = (word for users in questions for word in (len(users), *users))
        answers: Sequence[list[bytes]] = await self._shards.run(shard, _NODES, *words)
        return answers
