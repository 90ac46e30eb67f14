"""Notices go by a real Redis to real workers, and none is lost with a worker that is killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatsite.core.errors import Unavailable
from notifications.gateways.base import Notice
from notifications.queue import BATCH, QueuePusher
from tests.server import ROOT, environment
from tests.servers import Services, free_ports

pytestmark = pytest.mark.servers

WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    services = Services(tmp_path_factory.mktemp("queue"))
    try:
        services.up("redis")
        yield services.env()["REDIS_URL"]
    finally:
        services.down()


@pytest.fixture
def start_worker(redis_url: str, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    workers: list[subprocess.Popen[bytes]] = []
    settings = environment(tmp_path, DJANGO_SETTINGS_MODULE="tests.notifications.waiting", REDIS_URL=redis_url)

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "worker", "--concurrency", "2"]
        with (tmp_path / "worker.log").open("ab") as log:
            workers.append(subprocess.Popen(command, cwd=ROOT, env=settings, stdout=log, stderr=subprocess.STDOUT))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()


def notices(first: int, count: int) -> list[Notice]:
    return [Notice(device=first + n, conversation=2, seq=3, badge=4) for n in range(count)]


def written(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def test_a_worker_that_is_killed_in_the_middle_loses_nothing(
    redis_url: str, tmp_path: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    first = start_worker()
    await QueuePusher(redis_url).push(notices(0, 2 * BATCH + 1))
    wait_for(lambda: written(tmp_path / "asked") != [])
    first.kill()
    first.wait()
    (tmp_path / "open").touch()
    second = start_worker()
    wait_for(lambda: set(written(tmp_path / "sent")) == set(range(2 * BATCH + 1)))
    second.terminate()
    assert second.wait(WAIT_SECONDS) == 0


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(
    redis_url: str, tmp_path: Path, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    worker = start_worker()
    await QueuePusher(redis_url).push(notices(1_000, 3))
    wait_for(lambda: written(tmp_path / "asked") != [])
    worker.terminate()
    (tmp_path / "open").touch()
    assert worker.wait(WAIT_SECONDS) == 0
    assert written(tmp_path / "sent") == [1_000, 1_001, 1_002]


async def test_a_broker_that_is_away_is_told_so_that_the_check_is_claimed_again() -> None:
    with pytest.raises(Unavailable):
        await QueuePusher(f"redis://127.0.0.1:{free_ports(1)[0]}/0").push(notices(0, 1))
