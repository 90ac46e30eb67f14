"""Sends whose ids are no longer remembered are looked up in the log: whoever repeats an old one gets its answer."""

from collections.abc import Sequence

from chatsite.core.errors import Conflict
from messaging.services.jobs import Job
from messaging.stores.log.base import MessageLog, Wanted


def clash() -> Conflict:
    """What is said to whoever uses a client id twice."""
    return Conflict("This client id was used for another message", field="client_id")


async def answer_repeats(log: MessageLog, suspects: Sequence[Job]) -> None:
    """Answers those that were sent before; the others are `checked`. All lose their suspicion. Raises Unavailable."""
    wanted = [
        Wanted(job.draft.conversation, job.draft.sender, job.draft.client_id, job.suspicion.after, job.suspicion.floor)
        for job in suspects
        if job.suspicion is not None
    ]
    for job, found in zip(suspects, await log.find(wanted), strict=True):
        job.suspicion, job.checked = None, True
        if found is not None and found.digest == job.digest:
            job.answer(found.seq, found.sent_at, duplicate=True)
        elif found is not None:
            job.refuse(clash())
