"""Failure points do what a test armed, in the process that reaches them, and nothing where nobody gave leave."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatsite.core.failpoints import Arming, arm
from tests.server import ROOT, environment

REACHER = """
import asyncio
from chatsite.core.failpoints import is_planted, reach, reach_now

async def main():
    for step in ("send.allocated", "send.stored"):
        for conversation in (7, 8):
            await reach(step, conversation=[conversation])
            reach_now(step + ".now", conversation=conversation)
            print(step, conversation, flush=True)
    print("planted" if is_planted("early_ack") else "sound", flush=True)

asyncio.run(main())
"""
ALL = ["send.allocated 7", "send.allocated 8", "send.stored 7", "send.stored 8", "sound"]


@pytest.fixture
def armory(tmp_path: Path) -> Path:
    (tmp_path / "points").mkdir()
    return tmp_path / "points"


def reacher(armory: Path, **more: str) -> "subprocess.Popen[str]":
    """A process that goes through its points and prints each that it has passed."""
    known = environment(armory, CHATSITE_FAILPOINTS=str(armory), **({"CHATSITE_TEST_BUILD": "1"} | more))
    return subprocess.Popen([sys.executable, "-c", REACHER], cwd=ROOT, env=known, stdout=subprocess.PIPE, text=True)


def passed(process: "subprocess.Popen[str]") -> list[str]:
    return process.communicate(timeout=30)[0].splitlines()


def test_a_kill_ends_the_process_at_its_point(armory: Path) -> None:
    arm(armory, "first", Arming("send.stored", "kill"))
    process = reacher(armory)
    assert passed(process) == ALL[:2]
    assert process.returncode == -signal.SIGKILL
    assert [path.name for path in armory.iterdir()] == ["first.reached"]


def test_a_match_picks_the_conversation(armory: Path) -> None:
    arm(armory, "first", Arming("send.allocated", "kill", match={"conversation": "8"}))
    assert passed(reacher(armory)) == ALL[:1]


def test_a_stop_freezes_the_process_until_it_is_told_to_go_on(armory: Path) -> None:
    arm(armory, "first", Arming("send.allocated.now", "stop", match={"conversation": "8"}))
    process = reacher(armory)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert (armory / "first.reached").exists()
    process.send_signal(signal.SIGCONT)
    assert passed(process) == ALL


@pytest.mark.parametrize("point", ["send.stored", "send.stored.now"])
def test_a_pause_waits_as_often_as_it_was_asked_to(armory: Path, point: str) -> None:
    arm(armory, "first", Arming(point, "pause", seconds=0.3, times=2))
    began_at = time.monotonic()
    assert passed(reacher(armory)) == ALL
    assert time.monotonic() - began_at >= 0.6
    assert (armory / "first.reached").exists()


def test_points_that_nobody_armed_do_nothing(armory: Path) -> None:
    arm(armory, "first", Arming("seed.read", "kill"))
    assert passed(reacher(armory)) == ALL
    assert (armory / "first.json").exists()


def test_a_bug_can_be_planted(armory: Path) -> None:
    assert passed(reacher(armory, CHATSITE_PLANT="early_ack")) == [*ALL[:-1], "planted"]
    assert passed(reacher(armory, CHATSITE_PLANT="time_cursor")) == ALL


def test_a_process_that_is_no_test_build_ignores_points_and_plants(armory: Path) -> None:
    arm(armory, "first", Arming("send.allocated", "kill"))
    assert passed(reacher(armory, CHATSITE_TEST_BUILD="", CHATSITE_PLANT="early_ack")) == ALL
