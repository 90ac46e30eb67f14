"""One cluster for all tests that need one; each finds it whole and leaves it to be mended."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cluster import Cluster
from tests.faults import report
from tests.faults.cast import Cast, enlist
from tests.faults.trial import Trial

PEOPLE, WITH_SECOND_DEVICE = 20, 4

logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for every request would bury the rest

Verdict = Callable[[Trial, str], Awaitable[report.Row]]


@pytest.fixture(scope="session")
def standing_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def cluster(standing_cluster: Cluster) -> Iterator[Cluster]:
    """Whole at the beginning, mended at the end. What its programs logged meanwhile is shown when the test fails."""
    before = {name: len(program.log()) for name, program in standing_cluster.programs.items()}
    yield standing_cluster
    for name, program in standing_cluster.programs.items():
        sys.stdout.write(f"--- {name}\n{program.log()[before.get(name, 0) :]}\n")
    standing_cluster.mend()


@pytest.fixture(scope="session")
def cast(standing_cluster: Cluster) -> Cast:
    """Twenty people, four of them with two devices."""
    with ThreadPoolExecutor(1) as thread:  # a loop of its own: the tests' loops come and go
        return thread.submit(asyncio.run, enlist(standing_cluster.urls, PEOPLE, with_second_device=WITH_SECOND_DEVICE)).result()


@pytest.fixture
async def trial(cluster: Cluster, cast: Cast) -> AsyncIterator[Trial]:
    """Everybody is connected; nobody sends yet."""
    trial = Trial(cast)
    try:
        await trial.prepare()
        yield trial
    finally:
        await trial.close()


@pytest.fixture(scope="session")
def rows() -> Iterator[list[report.Row]]:
    """One per trial. With FAULTS_REPORT=1 they are written into docs/reliability.md."""
    found: list[report.Row] = []
    yield found
    if os.environ.get("FAULTS_REPORT") == "1" and found:
        report.write(found)


@pytest.fixture
def verdict(rows: list[report.Row]) -> Verdict:
    """Ends a trial: nothing may be lost, doubled, reordered or skipped."""

    async def judge(trial: Trial, fault: str) -> report.Row:
        row = await trial.finish(fault)
        rows.append(row)
        sys.stdout.write(f"{row}\n")
        assert not row.complaints, "\n".join(row.complaints[:60])
        return row

    return judge
