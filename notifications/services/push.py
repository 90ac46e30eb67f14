"""Sends notices through the configured gateway, off the event loop."""

import asyncio
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.gateways.base import Gateway, Notice


class Pusher:
    """One per process."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def push(self, notices: Sequence[Notice]) -> None:
        """Returns when the gateway has taken them all."""
        if notices:
            await asyncio.to_thread(self._push_all, notices)

    def _push_all(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._gateway.push(notice)


def open_pusher() -> Pusher:
    """The console gateway until devices can subscribe to a push service."""
    spec: dict[str, Any] = settings.PUSH_GATEWAYS["console"]
    return Pusher(import_string(spec["BACKEND"])(**spec.get("OPTIONS", {})))
