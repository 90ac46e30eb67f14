"""Discovery of one process keeps the contract of its port."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatsite.core.errors import StartupRefused
from chatsite.core.ids import WORKER_BITS
from chatsite.discovery.static import StaticDiscovery
from tests.contracts.discovery import Discoveries, DiscoveryContract
from tests.server import ROOT


@pytest.fixture
async def discoveries(tmp_path: Path) -> AsyncIterator[Discoveries]:
    made: list[StaticDiscovery] = []

    def make(node: str) -> StaticDiscovery:
        made.append(StaticDiscovery(str(tmp_path / "workers"), node=node))
        return made[-1]

    yield make
    for discovery in made:
        await discovery.close()


class TestStaticDiscovery(DiscoveryContract):
    pass


async def test_when_all_numbers_are_taken_it_says_so(discoveries: Discoveries, tmp_path: Path) -> None:
    for number in range(1 << WORKER_BITS):
        assert discoveries("some").worker_number() == number
    with pytest.raises(StartupRefused, match=str(tmp_path)):
        discoveries("one more").worker_number()


FORKED = """
import os, django
django.setup()
from chatsite.core.ids import WORKER_BITS, COUNT_BITS, new_id
worker = lambda: new_id() >> COUNT_BITS & (1 << WORKER_BITS) - 1
ours = worker()
if os.fork() == 0:
    os._exit(ours == worker())
assert os.wait()[1] == 0
"""


def test_a_forked_process_leases_a_number_of_its_own(tmp_path: Path) -> None:
    environment = os.environ | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "chatsite.settings"}
    subprocess.run([sys.executable, "-c", FORKED], cwd=ROOT, env=environment, timeout=60, check=True)
