"""The port through which notices leave: straight through the gateway, or by a queue to workers that do it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from chatsite.core.backends import load
from notifications.gateways.base import Gateway, Notice


class Pusher(Protocol):
    """Takes notices over from whoever decided on them. One per process."""

    async def push(self, notices: Sequence[Notice]) -> None:
        """Returns when they are taken: from then on they are not lost. Raises Unavailable when they are not; try again."""


class GatewayPusher:
    """Through the gateway at once, off the event loop."""

    def __init__(self, gateway: Gateway | None = None) -> None:
        self._gateway = gateway or open_gateway()

    async def push(self, notices: Sequence[Notice]) -> None:
        if notices:
            await asyncio.to_thread(self._push_all, notices)

    def _push_all(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._gateway.push(notice)


def open_pusher() -> Pusher:
    """The one that the settings name."""
    return load("PUSHER", Pusher)  # type: ignore[type-abstract]


def open_gateway() -> Gateway:
    """The console gateway until devices can subscribe to a push service."""
    spec: dict[str, Any] = settings.PUSH_GATEWAYS["console"]
    return import_string(spec["BACKEND"])(**spec.get("OPTIONS", {}))  # type: ignore[no-any-return]
