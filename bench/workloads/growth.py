"""Whether costs stay flat: messages into long histories, and to people with many conversations."""

from bench.load.crowd import Crowd
from bench.load.rest import Rest
from bench.population import Account
from bench.results import Result
from bench.workloads.context import Context
from bench.workloads.talk import Speaker, talk

IN_FLIGHT = 4


async def growth(context: Context) -> list[Result]:
    """Two of the hundred members are online; the others' inboxes get it all the same."""
    one, other = context.population.accounts[:2]
    return [
        await _talk(
            context, one, other, history.conversation, name=f"growth-{history.head}",
            what=f"a group of 100, two online, behind {history.head:,} messages", head=history.head,
        )
        for history in context.population.histories
    ]  # fmt: skip


async def busy(context: Context) -> list[Result]:
    """From a friend to somebody with many conversations."""
    return [
        await _talk(
            context, some.friends[0], some.accounts[0], some.conversations[0][0], name=f"busy-{some.count}",
            what=f"to somebody with {some.count:,} conversations",
        )
        for some in context.population.busy
    ]  # fmt: skip


async def _talk(
    context: Context, sender: Account, receiver: Account, conversation: str, *, name: str, what: str, head: int = 0
) -> Result:
    """`head`: of the conversation, which the sender knows from its list."""
    crowd = Crowd(Rest(context.url))
    try:
        one, other = await crowd.connect([sender, receiver])
        speaker = Speaker(conversation, one, [other], in_flight=IN_FLIGHT)
        speaker.ledger.head = head
        return await talk(context, crowd, [speaker], name, what)
    finally:
        await crowd.close()
