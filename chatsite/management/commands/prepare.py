"""Brings databases and static files up to date, and does nothing, quickly, when they are."""

import fcntl
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from notifications.vapid import new_key, write_key

LOCK = 0x63686174  # any number, the same in every process


class Command(BaseCommand):
    help = (
        "Applies missing migrations, makes missing tables in Cassandra and a missing key, and gathers static files that changed."
    )
    requires_system_checks = []  # `serve` runs them, right after

    def handle(self, **_: Any) -> None:
        with _alone():
            if _unapplied_migrations():
                self.stdout.write("Preparing the database …")
                call_command("migrate", interactive=False, verbosity=0)
            if "cassandra" in settings.DATABASES:
                self.stdout.write("Preparing Cassandra …")
                call_command("sync_cassandra", stdout=io.StringIO())
                connections["cassandra"].connection.unregister()  # or the driver's thread holds up our end for five seconds
        with (settings.DATA_DIR / "prepare.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._gather_static_files()
        if not settings.PROFILE.is_distributed:  # its processes share one key, which `manage.py vapid` makes
            write_key(settings.VAPID_KEY_FILE, new_key())

    def _gather_static_files(self) -> None:
        stamp = settings.DATA_DIR / "static.stamp"
        now = _fingerprint()
        if not stamp.exists() or stamp.read_text() != now or not (settings.STATIC_ROOT / "staticfiles.json").exists():
            self.stdout.write("Gathering the static files …")
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(now)


@contextmanager
def _alone() -> Iterator[None]:
    """One process of an instance at a time changes the databases; PostgreSQL takes the lock back when its holder is gone."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


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
