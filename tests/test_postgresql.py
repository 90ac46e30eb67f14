"""What is relational works on PostgreSQL as it does on SQLite, with few connections, and goes on after a restart of it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.client import Phone
from tests.server import ROOT, Server, manage
from tests.servers import Services

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

ACCOUNTS = ("admin", "app_login", "devices", "welcome")
MESSAGING = ("test_admin", "test_listing", "test_members", "test_membership", "push/test_round")
AGAIN = [
    *(f"tests/accounts/test_{name}.py" for name in ACCOUNTS),
    *(f"tests/messaging/{name}.py" for name in MESSAGING),
    "tests/notifications/test_push_admin.py",
]
OF_THIS_PROCESS = ["-m", "not servers and not journey and not browser", "-k", "not what_was_said"]
CROWD, CONNECTIONS = 60, 3


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = Services(tmp_path_factory.mktemp("postgresql"))
    try:
        services.up("postgresql")
        yield services
    finally:
        services.down()


def test_accounts_and_memberships_work_on_postgresql(postgresql: Services) -> None:
    """The same tests, run again."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *OF_THIS_PROCESS, *AGAIN],
        cwd=ROOT,
        env=os.environ | {"TEST_DATABASE_URL": postgresql.env()["DATABASE_URL"]},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr


async def test_a_server_holds_few_connections_and_survives_a_restart_of_postgresql(postgresql: Services, tmp_path: Path) -> None:
    url = postgresql.env()["DATABASE_URL"]
    settings = {
        "DJANGO_SETTINGS_MODULE": "tests.on_postgresql",
        "TEST_DATABASE_URL": url,
        "DATABASE_CONNECTIONS": str(CONNECTIONS),
    }
    manage(tmp_path, "prepare", **settings)
    server = Server(tmp_path, tmp_path / "server.log", **settings)
    phones: list[Phone] = []
    try:
        server.start()
        phones += [Phone(server.url) for _ in range(2)]
        await asyncio.gather(*(phone.sign_up(f"person{n}") for n, phone in enumerate(phones)))

        async def crowd() -> int:
            await asyncio.gather(*(phones[n % 2].api("GET", "/devices") for n in range(CROWD)))
            return _connections(url)

        assert 1 <= await crowd() <= CONNECTIONS
        postgresql.down("postgresql")
        postgresql.up("postgresql")
        assert 1 <= await crowd() <= CONNECTIONS
    finally:
        for phone in phones:
            await phone.close()
        server.stop()


def _connections(url: str) -> int:
    """How many others are connected to the database."""
    ask = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url) as connection:
        (count,) = connection.execute(ask).fetchone() or (0,)
    return int(count)
