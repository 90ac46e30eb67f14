"""The development server, daphne behind `runserver`, carries a chat as well; it sends no lifespan events."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.client import Phone
from tests.server import ROOT, copy_template, environment

pytestmark = pytest.mark.journey


async def test_two_phones_chat_over_runserver(server_template: Path, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    copy_template(server_template, data_dir)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=ROOT, env=environment(data_dir, DEBUG="1"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    phones = [Phone(url), Phone(url)]
    try:
        _wait_for(url)
        anna, bert = phones
        await anna.sign_up("anna")
        await bert.sign_up("bert")
        conversation = await anna.direct("bert")
        bert_live = await bert.connect()
        await (await anna.connect()).say(conversation, "over daphne")
        assert (await bert_live.expect("message"))["message"]["text"] == "over daphne"
    finally:
        for phone in phones:
            await phone.close()
        process.kill()
        process.wait()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{url}/accounts/login/", trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "runserver did not start"
            time.sleep(0.1)
        else:
            return
