"""Work that goes on to its end when whoever asked for it hangs up."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_under_way: set[asyncio.Task[Any]] = set()


def unbroken(work: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """For steps of which the first must not stand without the last: a server cancels a request whose client is gone, wherever it is."""

    @wraps(work)
    async def to_the_end(*arguments: P.args, **named: P.kwargs) -> R:
        task = asyncio.create_task(work(*arguments, **named))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
        return await asyncio.shield(task)

    return to_the_end
