"""Leases this process's worker number before any model makes an id."""

from django.apps import AppConfig

from chatsite.core import ids
from chatsite.core.backends import load
from chatsite.discovery.base import Discovery


class DiscoveryConfig(AppConfig):
    name = "chatsite.discovery"
    label = "chatsite_discovery"
    discovery: Discovery

    def ready(self) -> None:
        self.discovery = load("DISCOVERY", Discovery)  # type: ignore[type-abstract]
        ids.use_worker(self.discovery.lease_worker_number())
