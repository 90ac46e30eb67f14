"""A round on real stores: one push a device and conversation, never after it was read, nothing lost when something fails."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from accounts.models import Device, User
from chatsite.core.errors import Unavailable
from messaging.models import Conversation
from messaging.services.membership import leave
from messaging.services.push import round as rounds
from messaging.services.push.badge import badges
from messaging.services.push.pusher import VISIBILITY_MS, OwnPusher, claim_and_look
from messaging.services.push.round import BEGIN_SECONDS, SLICE, Pushing, look
from messaging.services.push.withdraw import Withdrawals, withdraw
from messaging.services.receipts import flush_receipts, mark_delivered, mark_read
from messaging.stores.inbox.redis import RedisInbox
from messaging.stores.log.cassandra import CassandraMessageLog
from messaging.stores.receipts.redis import RedisReceipts
from messaging.stores.sequencer.redis import RedisSequencer
from messaging.stores.shown.redis import RedisShownNotices
from notifications.models import ConversationPreference, Preferences, Subscription, Tally
from notifications.protocol import Dropped, Gone, Later, Omitted, Outcome, Push, Refused, Sent
from notifications.services.sending import Sender
from notifications.services.subscriptions import forget_revoked
from tests.contracts.clock import MovableClock
from tests.messaging.world import Unreliable, World

DELAY_SECONDS = 3
SECRET = "a secret that nobody else may see"


class WorldOnServers(World):
    """The same on Redis shards and Cassandra."""

    def __init__(self, directory: Path, clock: MovableClock, coordination: dict[str, Any]) -> None:
        self.coordination = coordination
        super().__init__(directory, clock)

    def stores(self) -> dict[str, Any]:
        return {
            "sequencer": RedisSequencer(**self.coordination, clock=self.clock),
            "log": CassandraMessageLog(**self.coordination["cassandra"]),
            "inbox": RedisInbox(**self.coordination, clock=self.clock),
            "receipts": RedisReceipts(**self.coordination),
            "shown": RedisShownNotices(**self.coordination),
        }


@pytest.fixture
def clock() -> MovableClock:
    """It begins now, since shards give messages their own time."""
    return MovableClock(time.time_ns() // 1_000_000)


@pytest.fixture(
    params=[
        "embedded",
        pytest.param(
            "distributed", marks=[pytest.mark.servers, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]
        ),
    ]
)
async def world(request: pytest.FixtureRequest, tmp_path: Path, clock: MovableClock) -> AsyncIterator[World]:
    """On the stores of either profile."""
    if request.param == "embedded":
        world = World(tmp_path, clock)
    else:
        world = WorldOnServers(tmp_path, clock, request.getfixturevalue("coordination"))
    yield world
    await world.road.drain()
    await world.close()


class Uses:
    """When devices were last used."""

    def __init__(self) -> None:
        self.of: dict[int, dict[int, int]] = {}

    async def last_used(self, users: Any) -> list[dict[int, int]]:
        return [self.of.get(user, {}) for user in users]


class Tray:
    """A gateway that keeps what it is given. `answer` says what becomes of it."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.outcome: Outcome = Sent()

    async def push(self, push: Push) -> Outcome:
        self.pushes.append(push)
        return self.outcome

    async def close(self) -> None: ...

    def told(self) -> list[tuple[int, str, int, int]]:
        return sorted((one.subscriber.device, one.notice.kind, one.notice.seq, one.notice.badge) for one in self.pushes)


class Stage:
    """A world whose people's devices take pushes."""

    def __init__(self, world: World, clock: MovableClock) -> None:
        self.world, self.clock = world, clock
        self.tray, self.uses = Tray(), Uses()
        self.sender = Sender(lambda: {"console": self.tray})
        self.pushing = Pushing(world.chat, self.uses, self.sender, clock)

    async def device(self, user: int) -> int:
        device = await self.world.device(user)
        await Device.objects.filter(id=device).aupdate(last_seen_at=timezone.now())
        await Subscription.objects.acreate(
            device_id=device, gateway="console", address=str(device), address_digest=str(device).encode()
        )
        return device

    async def round(self, *, after: float = DELAY_SECONDS) -> int:
        await self.world.road.drain()
        self.clock.forward(after)
        checks = await self.world.chat.sequencer.claim_push_checks(
            now=self.clock.now_ms(), limit=500, visibility_ms=VISIBILITY_MS
        )
        return await look(self.pushing, checks)

    async def read(self, user: int, device: int, room: int, upto: int) -> None:
        await mark_read(self.world.chat, self.world.buffer, reader=user, device=device, conversation=room, upto=upto)

    async def withdraw(self) -> int:
        withdrawals = Withdrawals()
        await flush_receipts(self.world.chat, self.world.buffer, withdrawals.add)
        notices = await withdrawals.take(self.world.chat)
        return await withdraw(self.pushing, notices)


@pytest.fixture
async def stage(world: World, clock: MovableClock, settings: Any) -> Any:
    settings.PUSH_GATEWAYS = {"console": {}}
    stage = Stage(world, clock)
    yield stage
    await stage.sender.close()


async def test_one_push_a_device_and_conversation_without_a_word(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet = await stage.device(ben), await stage.device(ben)
    await stage.device(anna)
    for _ in range(3):
        await world.say(anna, room, SECRET)
    assert await stage.round(after=2) == 0
    assert await stage.round(after=1) == 2
    assert stage.tray.told() == [(device, "message", 3, 3) for device in sorted((phone, tablet))]
    notice = stage.tray.pushes[0].notice
    assert (notice.title, notice.body) == (await world.username(anna), "3 new messages")
    assert SECRET not in repr(stage.tray.pushes)
    assert await stage.round(after=600) == 0


async def test_a_later_message_is_another_push_with_the_new_count(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room, other = await world.direct(anna, ben), await world.group(anna, ben)
    phone = await stage.device(ben)
    await world.say(anna, room)
    await stage.round()
    await world.say(anna, room)
    await world.say(anna, other)
    await stage.round()
    assert [told[2:] for told in stage.tray.told()] == [(1, 1), (2, 3), (3, 3)], "of both conversations"
    assert {told[0] for told in stage.tray.told()} == {phone}


async def test_silenced_conversations_do_not_count_in_the_badge(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room, other = await world.direct(anna, ben), await world.group(anna, ben)
    await stage.device(ben)
    await ConversationPreference.objects.acreate(user_id=ben, conversation_id=other, level="none")
    await world.say(anna, other)
    await world.say(anna, room)
    await stage.round()
    assert [(one.notice.conversation, one.notice.badge) for one in stage.tray.pushes] == [(room, 1)]


async def test_a_device_that_has_it_is_not_rung_and_the_other_is(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet = await stage.device(ben), await stage.device(ben)
    await world.say(anna, room)
    await mark_delivered(world.chat, world.buffer, receiver=ben, device=phone, conversation=room, upto=1)
    await stage.round()
    assert [told[0] for told in stage.tray.told()] == [tablet]


async def test_previews_are_for_those_who_chose_them(world: World, stage: Stage) -> None:
    anna, ben, cem = await world.people(3)
    room = await world.group(anna, ben, cem, title="Lunch")
    of_ben, of_cem = await stage.device(ben), await stage.device(cem)
    await Preferences.objects.acreate(user_id=ben, previews=True)
    await User.objects.filter(id=cem).aupdate(locale="zh-hans")
    await world.say(anna, room, f"{SECRET}\n\nthat goes on")
    await stage.round()
    words = {one.subscriber.device: (one.notice.title, one.notice.body) for one in stage.tray.pushes}
    assert words[of_ben] == ("Lunch", f"{await world.username(anna)}: {SECRET} that goes on")
    assert words[of_cem] == ("Lunch", "新消息")


async def test_a_mention_says_so(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    await stage.device(ben)
    await ConversationPreference.objects.acreate(user_id=ben, conversation_id=room, level="mentions")
    await world.say(anna, room)
    assert await stage.round() == 0
    await world.say(anna, room, "you", mentions=[str(ben)])
    assert await stage.round() == 1
    assert stage.tray.pushes[0].notice.body == "You were mentioned"


@pytest.mark.parametrize("meanwhile", ["reads", "leaves", "logs out", "is suspended", "unsubscribes"])
async def test_nobody_is_rung_for_whom_it_is_too_late(world: World, stage: Stage, meanwhile: str) -> None:
    anna, ben = await world.people(2)
    room = await world.group(anna, ben)
    phone = await stage.device(ben)
    await world.say(anna, room)
    match meanwhile:
        case "reads":
            await stage.read(ben, await world.device(ben), room, 99)
        case "leaves":
            await leave(world.chat, world.road, user=ben, conversation=room)
        case "logs out":
            await Device.objects.filter(id=phone).aupdate(revoked_at=timezone.now())
        case "is suspended":
            await User.objects.filter(id=ben).aupdate(is_active=False)
        case "unsubscribes":
            await Subscription.objects.filter(device_id=phone).adelete()
    assert await stage.round() == 0
    assert stage.tray.pushes == []
    assert await stage.round(after=4_000) == 0


async def test_what_is_read_between_the_look_and_the_push_is_not_pushed(world: World, stage: Stage, monkeypatch: Any) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await stage.device(ben)
    laptop = await world.device(ben)
    await world.say(anna, room)
    real = badges

    async def reading(*arguments: Any) -> Any:
        await stage.read(ben, laptop, room, 1)
        return await real(*arguments)

    monkeypatch.setattr(rounds, "badges", reading)
    assert await stage.round() == 0
    assert stage.tray.pushes == []


async def test_who_is_active_elsewhere_is_rung_when_that_is_over_and_they_have_not_read(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, laptop = await stage.device(ben), await world.device(ben)
    await world.say(anna, room)
    stage.uses.of = {ben: {laptop: stage.clock.now_ms()}}
    assert await stage.round() == 0
    assert await stage.round(after=50) == 0
    assert await stage.round(after=10) == 1
    assert [told[0] for told in stage.tray.told()] == [phone]


async def test_a_service_that_fails_is_asked_again_later_and_less_and_less_often(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await stage.device(ben)
    await world.say(anna, room)
    stage.tray.outcome = Later("HTTP 503")
    await stage.round()
    for _ in range(740):
        await stage.round(after=5)
    asked = len(stage.tray.pushes)
    assert 8 < asked < 40, asked
    stage.tray.outcome = Sent()
    await stage.round(after=3_600)
    assert len(stage.tray.pushes) == asked, "after an hour nobody is rung any more"


async def test_an_error_is_remembered_until_a_push_succeeds(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone = await stage.device(ben)
    await world.say(anna, room)
    stage.tray.outcome = Later("HTTP 503")
    await stage.round()
    subscription = await Subscription.objects.aget(device_id=phone)
    assert (subscription.failure, subscription.succeeded_at) == ("HTTP 503", None)
    stage.tray.outcome = Sent()
    assert await stage.round(after=10) == 1
    await subscription.arefresh_from_db()
    assert (subscription.failure, subscription.succeeded_at is not None) == ("", True)


async def test_the_time_that_a_service_asks_for_holds_for_later_messages_too(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone = await stage.device(ben)
    await world.say(anna, room)
    stage.tray.outcome = Later("HTTP 429", 300)
    await stage.round()
    retry_at = (await Subscription.objects.aget(device_id=phone)).retry_at
    assert retry_at is not None
    now = datetime.fromtimestamp(stage.clock.now_ms() / 1000, UTC)
    await Subscription.objects.filter(device_id=phone).aupdate(retry_at=now + timedelta(seconds=300))  # by the clock of the test
    stage.tray.outcome = Sent()
    await world.say(anna, room)
    for _ in range(29):
        await stage.round(after=10)
    assert len(stage.tray.pushes) == 1
    await stage.round(after=70)
    assert [told[2] for told in stage.tray.told()] == [1, 2]


async def test_a_subscription_that_is_gone_is_forgotten_and_one_made_since_is_not(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone, tablet = await stage.device(ben), await stage.device(ben)
    await Subscription.objects.filter(device_id=phone).aupdate(created_at=timezone.now() - timedelta(days=1))
    stage.tray.outcome = Gone("HTTP 410", since=int((timezone.now() - timedelta(hours=1)).timestamp() * 1000))
    await world.say(anna, room)
    assert await stage.round() == 0
    assert [one.device_id async for one in Subscription.objects.all()] == [tablet]
    stage.tray.outcome = Gone("HTTP 410")
    await world.say(anna, room)
    await stage.round()
    assert not await Subscription.objects.aexists()


@pytest.mark.parametrize("outcome", [Refused("HTTP 403: not our key"), Dropped("HTTP 413")])
async def test_what_cannot_be_sent_is_told_and_kept(world: World, stage: Stage, outcome: Outcome, caplog: Any) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone = await stage.device(ben)
    stage.tray.outcome = outcome
    await world.say(anna, room)
    await stage.round()
    await stage.round(after=600)
    assert len(stage.tray.pushes) == 1
    assert (await Subscription.objects.aget(device_id=phone)).failure.startswith("HTTP 4")
    assert ("pushes are refused" in caplog.text) == isinstance(outcome, Refused)


async def test_reading_on_one_device_takes_the_notice_from_the_others(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room, other = await world.direct(anna, ben), await world.group(anna, ben)
    phone, tablet, laptop = await stage.device(ben), await stage.device(ben), await world.device(ben)
    await world.say(anna, room)
    await world.say(anna, other)
    await stage.round()
    stage.tray.pushes.clear()
    await mark_delivered(world.chat, world.buffer, receiver=ben, device=tablet, conversation=room, upto=1)  # it is connected
    await stage.read(ben, laptop, room, 1)
    assert await stage.withdraw() == 1
    assert stage.tray.told() == [(phone, "read", 1, 1)]
    assert stage.tray.pushes[0].notice.conversation == room
    await stage.read(ben, laptop, room, 1)
    assert await stage.withdraw() == 0


async def test_a_service_that_is_better_not_told_is_no_failure(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    phone = await stage.device(ben)
    await world.say(anna, room)
    await stage.round()
    stage.tray.outcome = Omitted()
    await stage.read(ben, await world.device(ben), room, 1)
    assert await stage.withdraw() == 1
    assert (await Subscription.objects.aget(device_id=phone)).failure == ""
    assert (await Tally.objects.aget()).dropped == 0


async def test_a_newer_notice_is_not_taken_back_by_an_older_mark(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await stage.device(ben)
    for _ in range(2):
        await world.say(anna, room)
    await stage.round()
    await stage.read(ben, await world.device(ben), room, 1)
    assert await stage.withdraw() == 0


async def test_a_store_that_is_away_leaves_the_check_for_later(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await stage.device(ben)
    await world.say(anna, room)
    inbox: Any = Unreliable(world.chat.inbox)
    inbox.fail("acknowledged", error=Unavailable())
    world.chat.inbox = inbox
    assert await stage.round() == 0
    inbox.mend()
    assert await stage.round(after=VISIBILITY_MS / 1000 - 1) == 0
    assert await stage.round(after=1) == 1


async def test_a_round_that_was_left_half_way_is_done_again_and_rings_nobody_twice(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    rooms = [await world.direct(anna, ben), await world.group(anna, ben)]
    await stage.device(ben)
    for room in rooms:
        await world.say(anna, room)
    sequencer: Any = Unreliable(world.chat.sequencer)
    sequencer.fail("settle_push_checks", error=RuntimeError("the process ends here"))
    world.chat.sequencer = sequencer
    with pytest.raises(RuntimeError):
        await stage.round()
    sequencer.mend()
    assert len(stage.tray.pushes) == 2
    await stage.round(after=VISIBILITY_MS / 1000)
    assert len(stage.tray.pushes) == 2


async def test_checks_outlive_the_process(world: World, clock: MovableClock, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await stage.device(ben)
    await world.say(anna, room)
    await world.road.drain()
    await world.crash()
    await world.recover()
    stage.pushing = Pushing(world.chat, stage.uses, stage.sender, clock)
    assert await stage.round() == 1


async def test_a_deleted_conversation_and_many_checks_at_once(world: World, stage: Stage) -> None:
    anna, *others = await world.people(SLICE + 3)
    rooms = [await world.direct(anna, other) for other in others]
    devices = [await stage.device(other) for other in others]
    for room in rooms:
        await world.say(anna, room)
    await Conversation.objects.filter(id=rooms[0]).adelete()
    assert await stage.round() == len(others) - 1
    assert {told[0] for told in stage.tray.told()} == set(devices[1:])
    assert await stage.round(after=4_000) == 0


async def test_a_round_ends_in_time_and_what_is_left_comes_again(world: World, stage: Stage, monkeypatch: Any) -> None:
    anna, *others = await world.people(5)
    for other in others:
        await stage.device(other)
        await world.say(anna, await world.direct(anna, other))
    real = stage.sender.send

    async def slowly(push: Push) -> Any:
        stage.clock.forward(BEGIN_SECONDS / 2)
        return await real(push)

    monkeypatch.setattr("messaging.services.push.round.AT_ONCE", 1)
    monkeypatch.setattr(stage.sender, "send", slowly)
    sent = await stage.round()
    assert 0 < sent < 4
    assert not await Subscription.objects.exclude(failure="").aexists(), "a service that was not asked has done nothing wrong"
    monkeypatch.setattr(stage.sender, "send", real)
    await stage.round(after=600)
    assert sorted(told[0] for told in stage.tray.told()) == sorted({told[0] for told in stage.tray.told()})
    assert len(stage.tray.pushes) == 4


async def test_the_address_of_a_device_that_was_logged_out_is_not_kept(world: World, stage: Stage) -> None:
    (ben,) = await world.people(1)
    here, gone, long_gone = [await stage.device(ben) for _ in range(3)]
    await Device.objects.filter(id=gone).aupdate(revoked_at=timezone.now())
    await Device.objects.filter(id=long_gone).aupdate(revoked_at=timezone.now() - timedelta(days=1))
    assert await database_sync_to_async(forget_revoked)(within_seconds=3_600) == 1
    assert {one.device_id async for one in Subscription.objects.all()} == {here, long_gone}, "looked for by when it was revoked"


async def test_the_hours_are_counted(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    room = await world.direct(anna, ben)
    await stage.device(ben)
    for outcome in (Sent(), Later("x"), Dropped("y"), Refused("z"), Gone("g")):
        stage.tray.outcome = outcome
        await world.say(anna, room)
        await stage.round(after=60 if isinstance(outcome, Sent) else DELAY_SECONDS)
    (tally,) = [one async for one in Tally.objects.all()]
    assert (tally.gateway, tally.sent, tally.later, tally.dropped, tally.refused, tally.gone) == ("console", 1, 1, 1, 1, 1)


async def test_a_slow_service_holds_up_no_other_round(world: World, stage: Stage) -> None:
    anna, ben, cem = await world.people(3)
    await stage.device(ben)
    await stage.device(cem)
    pusher = OwnPusher(stage.pushing)
    gate = asyncio.Event()
    real = stage.sender.send

    async def held(push: Push) -> Any:
        if push.subscriber.user == ben:
            await gate.wait()
        return await real(push)

    stage.sender.send = held  # type: ignore[method-assign]
    for other in (ben, cem):
        await world.say(anna, await world.direct(anna, other))
        await world.road.drain()
        stage.clock.forward(DELAY_SECONDS)
        assert await claim_and_look(world.chat, pusher, now=stage.clock.now_ms()) == 1
    while not stage.tray.pushes:
        await asyncio.sleep(0.01)
    assert [one.subscriber.user for one in stage.tray.pushes] == [cem]
    gate.set()
    while len(stage.tray.pushes) < 2:
        await asyncio.sleep(0.01)
    await pusher.close()


async def test_system_messages_ring_nobody(world: World, stage: Stage) -> None:
    anna, ben = await world.people(2)
    await stage.device(ben)
    await world.group(anna, ben)
    assert await stage.round() == 0
