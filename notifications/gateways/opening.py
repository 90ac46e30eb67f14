"""Makes the gateways that the settings name. Needs no models, so that the checks at the start can use it."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.gateways.base import Gateway

Gateways = dict[str, Gateway]


def open_gateways() -> Gateways:
    """Call it on the loop that uses them."""
    return {name: open_gateway(name) for name in settings.PUSH_GATEWAYS}


def open_gateway(name: str) -> Gateway:
    """Raises whatever its libraries do for a key or a file that is none."""
    spec: dict[str, Any] = settings.PUSH_GATEWAYS[name]
    gateway: Gateway = import_string(spec["BACKEND"])(**spec.get("OPTIONS", {}))
    return gateway
