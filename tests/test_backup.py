"""`bin/backup` copies a running instance, and the copy lives."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client import Phone
from tests.conftest import NewPhone
from tests.server import ROOT, Server, environment


def back_up(data_dir: Path, target: Path) -> Path:
    """Runs the command as an operator would; returns the folder it made."""
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "backup", target], env=environment(data_dir), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.mark.journey
async def test_a_copy_of_a_running_instance_has_all_that_was_acked_and_goes_on(
    server: Server, new_phone: NewPhone, tmp_path: Path
) -> None:
    anna, ben = await new_phone("anna"), await new_phone("ben")
    group = await anna.group("Garden", "ben")
    await ben.api("POST", f"/conversations/{group}/join", {})
    acked: list[int] = []

    async def talk() -> None:
        async with await anna.connect() as socket:
            acked.extend([(await socket.say(group, f"Before and while it copies, {number}"))["seq"] for number in range(40)])

    async def rename() -> None:
        for number in range(10):
            await anna.api("PATCH", f"/conversations/{group}", {"title": f"Garden {number}"})

    await talk()
    before = len(acked)
    _, _, copied = await asyncio.gather(talk(), rename(), asyncio.to_thread(back_up, server.data_dir, tmp_path / "backups"))
    assert (copied.stat().st_mode & 0o077) == 0
    (copied / "static").symlink_to((server.data_dir / "static").resolve())

    restored = Server(copied, tmp_path / "restored.log")
    restored.start()
    phone = Phone(restored.url)
    try:
        phone.token = anna.token
        page = await phone.api("GET", f"/conversations/{group}/messages?limit=100")
        seqs = [message["seq"] for message in page["messages"]]
        assert seqs == list(range(1, page["head"] + 1))
        assert set(acked[:before]) <= set(seqs)
        async with await phone.connect() as socket:
            assert (await socket.say(group, "Still here"))["seq"] == page["head"] + 1
        await phone.api("PATCH", f"/conversations/{group}", {"title": "Restored"})
    finally:
        await phone.close()
        restored.stop()


def test_it_says_so_when_there_is_no_instance(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bin" / "backup", tmp_path / "backups"],
        env={**os.environ, "DATA_DIR": str(tmp_path)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "DATA_DIR" in done.stderr
    assert not (tmp_path / "backups").exists()
