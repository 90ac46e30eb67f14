"""Sends whose ids are no longer remembered are looked up in the log: whoever repeats an old one gets its answer."""

from collections.abc import Sequence

from chatsite.core.clock import clock
from chatsite.core.errors import Conflict
from messaging.services.jobs import Job
from messaging.stores.log.base import MessageLog, Wanted
from messaging.stores.sequencer.base import Check

RECOGNISED_MS = 24 * 3_600_000  # a repetition that does not say after which head it was written first


def clash() -> Conflict:
    """What is said to whoever uses a client id twice."""
    return Conflict("This client id was used for another message", field="client_id")


async def answer_repeats(log: MessageLog, suspects: Sequence[Job]) -> None:
    """Answers those that were sent before; the others are `checked`. All lose their suspicion. Raises Unavailable."""
    wanted = [_wanted(job, job.suspicion) for job in suspects if job.suspicion is not None]
    for job, found in zip(suspects, await log.find(wanted), strict=True):
        job.suspicion, job.checked = None, True
        if found is not None and found.digest == job.digest:
            job.answer(found.seq, found.sent_at, duplicate=True)
        elif found is not None:
            job.refuse(clash())


def _wanted(job: Job, suspicion: Check) -> Wanted:
    draft = job.draft
    since = clock.now_ms() - RECOGNISED_MS if draft.after is None else 0
    return Wanted(draft.conversation, draft.sender, draft.client_id, suspicion.after, suspicion.floor, since)
