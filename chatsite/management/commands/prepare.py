"""Brings the database and the static files up to date, and does nothing, quickly, when they are."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    help = "Applies missing migrations and gathers static files that changed."
    requires_system_checks = []  # `serve` runs them, right after

    def handle(self, **_: Any) -> None:
        if _unapplied_migrations():
            self.stdout.write("Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
        stamp = settings.DATA_DIR / "static.stamp"
        now = _fingerprint()
        if not stamp.exists() or stamp.read_text() != now or not (settings.STATIC_ROOT / "staticfiles.json").exists():
            self.stdout.write("Gathering the static files …")
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(now)


def _unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _fingerprint() -> str:
    """Changes whenever a static file, or the way they are stored, does."""
    digest = hashlib.sha256((settings.BASE_DIR / "chatsite" / "static.py").read_bytes())
    for finder in get_finders():
        for path, storage in finder.list([]):
            about = (settings.BASE_DIR / storage.path(path)).stat()
            digest.update(f"{path} {about.st_size} {about.st_mtime_ns}\n".encode())
    return digest.hexdigest()
