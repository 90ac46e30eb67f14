"""`manage.py serve` as its operator sees it: one friendly line, plain refusals, a clean end."""

import asyncio
import fcntl
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chatsite.lan import lan_addresses
from tests.conftest import NewPhone, StartServer
from tests.server import ROOT, Server, environment

pytestmark = pytest.mark.journey


def _try_to_serve(server: Server, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "serve", *options]
    return subprocess.run(command, cwd=ROOT, env=environment(server.data_dir), capture_output=True, text=True, timeout=30)


def _get(server: Server, path: str = "/accounts/login/", **headers: str) -> httpx.Response:
    return httpx.get(server.url + path, headers=headers, trust_env=False)


def test_it_says_where_it_is_and_is_there(standing_server: Server) -> None:
    assert f"Chatsite is ready: {standing_server.url} " in standing_server.log()
    assert _get(standing_server).status_code == 200


def test_it_does_not_tell_what_it_is_made_of(standing_server: Server) -> None:
    assert "server" not in _get(standing_server).headers


def test_a_foreign_host_name_is_refused_and_told_in_one_line(standing_server: Server) -> None:
    before = len(standing_server.log())
    assert _get(standing_server, host="evil.example").status_code == 400
    told = standing_server.log()[before:]
    assert "You may need to add 'evil.example' to ALLOWED_HOSTS" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_asked(server: Server, how: signal.Signals) -> None:
    assert _get(server).status_code == 200
    assert server.stop(how) == 0
    assert server.log().endswith("Chatsite has stopped.\n")


async def test_it_ends_cleanly_with_a_socket_open(server: Server, new_phone: NewPhone) -> None:
    anna = await new_phone("anna")
    socket = await anna.connect()
    assert await asyncio.to_thread(server.stop, signal.SIGINT) == 0
    assert await socket.closed() in {1001, 1012}


def test_a_taken_port_is_refused_in_words(standing_server: Server) -> None:
    tried = _try_to_serve(standing_server, "--port", str(standing_server.port))
    assert tried.returncode == 1
    assert tried.stderr.startswith(f"CommandError: Port {standing_server.port} is taken")
    assert "Traceback" not in tried.stderr


def test_a_second_server_on_the_same_data_is_refused_in_words(standing_server: Server) -> None:
    tried = _try_to_serve(standing_server, "--port", "0")
    assert tried.returncode == 1
    assert tried.stderr.startswith("CommandError: ")
    assert str(standing_server.data_dir) in tried.stderr
    assert "Traceback" not in tried.stderr
    assert _get(standing_server).status_code == 200


def test_it_starts_again_on_the_same_port_and_data_after_a_kill(server: Server) -> None:
    url = server.url
    server.kill9()
    server.restart()
    assert server.url == url
    assert _get(server).status_code == 200


def test_preparing_ends_in_silence_when_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "prepare"]
    data = tmp_path / "data"
    data.mkdir()
    with (data / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # so that it cannot have ended before it is interrupted
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(data), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert any("Preparing the database" in line for line in process.stdout)
            process.send_signal(signal.SIGINT)
            _out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")


@pytest.mark.parametrize("port", ["99999", "-1", "http", "８０８０"])
def test_an_odd_port_is_refused_in_words(port: str) -> None:
    tried = subprocess.run(
        [sys.executable, "manage.py", "serve", f"--port={port}"], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert tried.returncode != 0
    assert "is no port" in tried.stderr
    assert "Traceback" not in tried.stderr


def test_an_address_of_another_machine_is_refused_in_words(standing_server: Server) -> None:
    tried = _try_to_serve(standing_server, "--host", "192.0.2.250", "--port", "0")
    assert tried.stderr == "CommandError: 192.0.2.250 is no address of this machine.\n"


def test_phones_of_the_local_network_are_invited_and_let_in(start_server: StartServer) -> None:
    server = start_server("--lan")
    addresses = lan_addresses()
    if not addresses:
        assert "no address in a local network" in server.log()
        return
    assert f"open http://{addresses[0]}:{server.port} or scan" in server.log()
    assert "▄▄▄" in server.log()
    assert "plain HTTP" in server.log()
    phone = f"http://{addresses[0]}:{server.port}"
    assert httpx.get(f"{phone}/accounts/login/", trust_env=False).status_code == 200
    assert _get(server, host="evil.example").status_code == 400


def test_without_lan_nobody_else_gets_in(standing_server: Server) -> None:
    for address in lan_addresses():
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{address}:{standing_server.port}/", trust_env=False)


def test_addresses_of_the_local_network_never_mean_this_machine_alone() -> None:
    assert not [address for address in lan_addresses() if address.startswith(("127.", "0.", "169.254."))]
