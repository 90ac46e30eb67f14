"""Refuses request bodies that are too large while they come: Django would first write all of one to the disk, whoever sends it."""

from collections.abc import Awaitable, Callable
from typing import Any

from chatsite.core.errors import ChatsiteError, TooLarge
from chatsite.problems import problem

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Application = Callable[..., Awaitable[None]]


class BodyLimit:
    """Stands in front of an HTTP application; to that, a body that grows too large looks like a client that hung up."""

    def __init__(self, application: Application, *, most_bytes: int) -> None:
        self._application = application
        self._most_bytes = most_bytes

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        received = 0

        async def receive_counted() -> Event:
            nonlocal received
            event = await receive()
            received += len(event.get("body", b""))
            return {"type": "http.disconnect"} if received > self._most_bytes else event

        await self._application(scope, receive_counted, send)
        if received > self._most_bytes:
            await refuse(send, TooLarge())


async def refuse(send: Send, error: ChatsiteError) -> None:
    """Answers as `/api/v1` does, without Django's handler."""
    response = problem(error)
    response["Content-Length"] = str(len(response.content))
    headers = [(name.encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
