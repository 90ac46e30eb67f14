"""Fixtures for tests that talk to a whole server over real sockets, and the rule that nothing is skipped in CI."""

import gc
import os
import shutil
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browsers, launched
from tests.client import PASSWORD, Phone
from tests.faults.fixtures import cast, cluster, rows, standing_cluster, trial, verdict  # noqa: F401 - one cluster for all who ask
from tests.server import Server, copy_template, manage
from tests.servers import Services

WARDEN = "warden"
SERVERS_SECONDS = 400  # the first of them waits for all that it starts

StartServer = Callable[..., Server]
NewPhone = Callable[..., Awaitable[Phone]]


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data directory without any account: migrated once, copied for each server."""
    template = tmp_path_factory.mktemp("empty") / "data"
    manage(template, "prepare")
    return template


@pytest.fixture(scope="session")
def server_template(tmp_path_factory: pytest.TempPathFactory, empty_template: Path) -> Path:
    """The same with an administrator, WARDEN, so that pages do not lead to the first visitor's welcome."""
    template = tmp_path_factory.mktemp("template") / "data"
    copy_template(empty_template, template)
    manage(template, "admin", "--username", WARDEN, "--password-stdin", input=f"{PASSWORD}\n")
    return template


@pytest.fixture
def start_server(server_template: Path, tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers, each with fresh data: `start_server("--lan", LOG_LEVEL="DEBUG")`. A traceback in a log fails the test."""
    servers: list[Server] = []

    def start(*options: str, template: Path = server_template, **environment: str) -> Server:
        number = len(servers) + 1
        data_dir = tmp_path / f"data-{number}"
        copy_template(template, data_dir)
        servers.append(Server(data_dir, tmp_path / f"server-{number}.log", *options, **environment))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        _finish(server)


def _finish(server: Server) -> None:
    server.stop()
    sys.stdout.write(server.log())  # pytest shows it when the test failed
    if not server.may_log_tracebacks:
        assert "Traceback (most recent call last)" not in server.log(), "the server logged a traceback"
    shutil.rmtree(server.data_dir, ignore_errors=True)


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """A server that runs, with no account but WARDEN's."""
    return start_server()


@pytest.fixture
def empty_server(start_server: StartServer, empty_template: Path) -> Server:
    """A server that runs as on its first day: no account at all."""
    return start_server(template=empty_template)


@pytest.fixture(scope="session")
def standing_server(server_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that only look: they leave no data behind, and do not stop it."""
    place = tmp_path_factory.mktemp("standing")
    copy_template(server_template, place / "data")
    server = Server(place / "data", place / "server.log")
    server.start()
    yield server
    _finish(server)


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One Cassandra, and two shards of Redis, for all tests, with our tables: each uses ids of its own."""
    services = Services(tmp_path_factory.mktemp("services"))
    try:
        services.up("redis", "cassandra")
        services.manage("sync_cassandra")
        yield services
    finally:
        services.down()
        with warnings.catch_warnings():  # of sockets that the driver leaves to the collector: not in pytest's last look around
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def coordination(cassandra: Services) -> dict[str, Any]:
    """What the COORDINATION setting holds: two shards and the table of their lives. Who breaks a shard starts one of their own."""
    known = cassandra.env()
    where = {
        "hosts": known["CASSANDRA_HOSTS"].split(","),
        "port": int(known["CASSANDRA_PORT"]),
        "keyspace": "chatsite",
        "datacenter": known["CASSANDRA_DATACENTER"],
    }
    return {"urls": known["REDIS_SHARD_URLS"].split(","), "cassandra": where}


@pytest.fixture
async def new_phone(server: Server) -> AsyncIterator[NewPhone]:
    """Plays a mobile app: `anna = await new_phone("anna")` signs her up; `new_phone("anna", again=True)` is her second device."""
    phones: list[Phone] = []

    async def new(username: str = "", *, again: bool = False, password: str = PASSWORD) -> Phone:
        phones.append(Phone(server.url, name=f"Phone {len(phones) + 1}"))
        if username:
            await (phones[-1].log_in if again else phones[-1].sign_up)(username, password)
        return phones[-1]

    yield new
    for phone in phones:
        await phone.close()


@pytest.fixture
async def browsers(server: Server) -> AsyncIterator[Browsers]:
    """Opens pages of the server: `page = await browsers.page_for("anna", viewport={…})`. A script error or CSP breach fails."""
    async with launched() as browser:
        opened = Browsers(browser, server.url)
        yield opened
    assert opened.complaints == []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on real servers come last, those on the whole cluster at the very end: what they start stays up until then."""
    for item in items:
        if item.get_closest_marker("servers"):
            item.add_marker(pytest.mark.timeout(SERVERS_SECONDS))
    items.sort(
        key=lambda item: (bool(item.get_closest_marker("servers")), "standing_cluster" in getattr(item, "fixturenames", ()))
    )


# --- In CI a skipped test counts as failed -------------------------------------------------------------------------------


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("CI") and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Nothing may be skipped in CI. {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report
