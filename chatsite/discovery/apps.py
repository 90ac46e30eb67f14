"""Loads discovery before any model makes an id."""

import os

from django.apps import AppConfig

from chatsite.core import ids
from chatsite.core.backends import load
from chatsite.discovery.base import Discovery


class DiscoveryConfig(AppConfig):
    name = "chatsite.discovery"
    label = "chatsite_discovery"
    discovery: Discovery

    def ready(self) -> None:
        self._load()
        os.register_at_fork(after_in_child=self._load)  # a worker number is one process's own, and so is a connection

    def _load(self) -> None:
        self.discovery = load("DISCOVERY", Discovery)  # type: ignore[type-abstract]
        ids.use_worker(self.discovery.worker_number)
