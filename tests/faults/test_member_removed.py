"""A member is removed while everybody writes: what they wrote before is there, nothing comes to or from them after."""

import asyncio

import pytest

from tests.faults.fixtures import Verdict
from tests.faults.trial import Trial

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_a_member_removed_under_load_and_asked_back_sees_their_own_times_only(trial: Trial, verdict: Verdict) -> None:
    group = next(conversation for conversation, people in trial.people.items() if len(people) > 2)
    owner, *_, removed = trial.people[group]
    owners_phone, phone = trial.cast.phone(owner), trial.cast.phone(removed)
    async with trial.load():
        await owners_phone.api("DELETE", f"/conversations/{group}/members/{removed.user}")
        await trial.keep_going(150)
        await owners_phone.api("POST", f"/conversations/{group}/members", {"usernames": [removed.username]})
        await phone.api("POST", f"/conversations/{group}/join", {})
        await trial.keep_going(100)
        await asyncio.gather(*(owners_phone.api("PATCH", f"/conversations/{group}", {"title": f"Title {n}"}) for n in range(3)))
        await trial.keep_going(60)
    await verdict(trial, "remove a member, let them join again")
    assert len(trial.histories[group].spans_of(removed.user)) == 2
    await owners_phone.close()
    await phone.close()
