"""The tools of this checkout do what they are there for: they refuse what they should refuse."""

import ast
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.server import ROOT

PIN = re.compile(r"([a-z0-9-]+)==(\S+)")
PACKAGES = ("chatsite", "accounts", "presence", "notifications", "messaging")


def _pins(name: str) -> dict[str, str]:
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
    pins = [PIN.fullmatch(line) for line in lines]
    assert all(pins), f"not pinned: {[line for line, pin in zip(lines, pins, strict=True) if not pin]}"
    return {pin[1]: pin[2] for pin in pins if pin}


def _run(*command: str, cwd: Path = ROOT, input: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    outer_make = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PORT", "LAN")  # we may run below `make test`
    env = {name: value for name, value in os.environ.items() if name not in outer_make} | environment
    return subprocess.run(command, cwd=cwd, env=env, input=input, capture_output=True, text=True, timeout=90)


# --- Requirements ---------------------------------------------------------------------------------------------------------


def test_every_requirement_is_pinned_by_name_and_version_alone() -> None:
    assert "django" in _pins("requirements.txt")
    assert "pytest" in _pins("requirements-dev.txt")


def test_tests_run_on_the_versions_that_people_run() -> None:
    installed = _pins("requirements-dev.txt")
    for name in ("requirements.txt", "requirements-distributed.txt"):
        assert {package: installed.get(package) for package in _pins(name)} == _pins(name)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-distributed.txt", "requirements-dev.txt"])
def test_pins_name_no_host_and_no_folder(name: str) -> None:
    assert not re.search(r"://|index-url|find-links| /", (ROOT / name).read_text())


# --- Settings --------------------------------------------------------------------------------------------------------------


def _variables_that_settings_read() -> set[str]:
    files = [ROOT / "chatsite" / name for name in ("environment.py", "gateways.py", "profiles.py", "settings.py")]
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    reading = [call for call in calls if re.fullmatch(r"env(_[a-z]+)?|os\.environ\.get", ast.unparse(call.func))]
    first = [call.args[0] for call in reading if call.args]
    return {str(argument.value) for argument in first if isinstance(argument, ast.Constant)}


def test_the_example_env_file_names_exactly_what_settings_read() -> None:
    example = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(example) == sorted(_variables_that_settings_read())


def test_an_env_file_counts_unless_the_environment_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# a comment\nLOG_LEVEL='ERROR'\nEMAIL_FROM=Ours <chat@example.org>\n")
    script = "from chatsite import settings; print(settings.DEFAULT_FROM_EMAIL, settings.LOGGING['root']['level'])"

    told = partial(_run, sys.executable, "-c", script, ENV_FILE=str(tmp_path / "env"), DATA_DIR=str(tmp_path))
    assert told().stdout == "Ours <chat@example.org> ERROR\n"
    assert told(LOG_LEVEL="INFO").stdout == "Ours <chat@example.org> INFO\n"


# --- Make and setup ----------------------------------------------------------------------------------------------------------


def test_make_alone_lists_the_commands() -> None:
    listed = re.findall(r"^  make ([a-z-]+) +\S", _run("make").stdout, re.MULTILINE)
    assert {"run", "demo", "admin", "test", "lint", "types", "fmt", "lock", "clean", "help"} <= set(listed)
    for target in listed:
        assert _run("make", "--dry-run", target).returncode == 0, target


@pytest.mark.parametrize(
    "given, options",
    [
        ([], '--host "127.0.0.1" --port "8000"'),
        (["PORT=8123", "HOST=0.0.0.0"], '--host "0.0.0.0" --port "8123"'),
        (["LAN=1"], '--host "127.0.0.1" --port "8000" --lan'),
        (["LAN=0"], '--host "127.0.0.1" --port "8000"'),
    ],
)
def test_make_run_passes_its_options_on(given: list[str], options: str) -> None:
    last = _run("make", "--dry-run", "run", *given, HOST="x86_64-conda-linux-gnu").stdout.strip().splitlines()[-1]
    assert last.split("serve ", 1)[1].strip() == options


def test_setup_works_once_and_again_only_after_a_change(tmp_path: Path) -> None:
    checkout = tmp_path / "a folder with spaces"
    (checkout / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "bin" / "setup", checkout / "bin")
    (checkout / "requirements.txt").write_text("# nothing\n")
    first = _run("bin/setup", cwd=checkout, PYTHON=sys.executable)
    assert (first.returncode, "Making .venv" in first.stderr, "Installing" in first.stderr) == (0, True, True), first.stderr
    assert _run("bin/setup", cwd=checkout).stderr == ""
    (checkout / "requirements.txt").write_text("# still nothing\n")
    third = _run("bin/setup", cwd=checkout).stderr
    assert "Installing" in third
    assert "Making" not in third
    (checkout / "requirements.txt").write_text("./a-package-that-is-not-there\n")
    for _ in range(2):  # the failed try does not count as done
        fourth = _run("bin/setup", cwd=checkout)
        assert fourth.returncode == 1
        assert "Could not install the packages of requirements.txt" in fourth.stderr


# --- What must be refused ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copied_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("checkout")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=lambda folder, names: [n for n in names if n.endswith((".pyc", ".mo"))])
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.mark.parametrize(
    "place, code",
    [
        ("accounts/services/planted.py", "import messaging.services"),
        ("chatsite/core/planted.py", "import chatsite.edge"),
        ("messaging/models/planted.py", "import messaging.services"),
        ("messaging/stores/planted.py", "import messaging.services"),
        ("messaging/protocol/planted.py", "import messaging.models"),
    ],
)
def test_an_import_against_the_layers_is_refused(copied_checkout: Path, place: str, code: str) -> None:
    planted = copied_checkout / place
    planted.write_text(f'"""Planted."""\n\n{code}\n')
    linted = _run(str(ROOT / ".venv/bin/lint-imports"), "--no-cache", cwd=copied_checkout)
    planted.unlink()
    assert linted.returncode == 1
    assert place.removesuffix(".py").replace("/", ".") in linted.stdout


@pytest.mark.parametrize(
    "place, code, rule",
    [
        ("messaging/services/planted.py", "from channels.layers import get_channel_layer\n\nget_channel_layer()\n", "TID251"),
        ("accounts/planted.py", "from .models import User\n\nUser()\n", "TID252"),
        ("accounts/planted.py", "def f() -> None:\n    import json\n\n    json.loads('1')\n", "PLC0415"),
        ("accounts/planted.py", "try:\n    f = 1\nexcept Exception:\n    f = 2\n", "BLE001"),
        ("accounts/planted.py", "print('x')\n", "T201"),
    ],
)
def test_ruff_refuses_what_we_agreed_not_to_write(place: str, code: str, rule: str) -> None:
    linted = _run(sys.executable, "-m", "ruff", "check", "--output-format=concise", "--stdin-filename", place, "-", input=code)
    assert rule in linted.stdout


def test_the_edge_may_touch_the_channel_layer() -> None:
    code = "from channels.layers import get_channel_layer\n\nget_channel_layer()\n"
    linted = _run(sys.executable, "-m", "ruff", "check", "--stdin-filename", "chatsite/edge/planted.py", "-", input=code)
    assert linted.returncode == 0, linted.stdout


def test_a_skipped_test_fails_in_ci_and_only_there(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("import pytest\n\n\ndef test_x():\n    pytest.skip('no time')\n")
    (tmp_path / "test_all.py").write_text("import pytest\n\npytest.skip('never', allow_module_level=True)\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:schemathesis", "-p", "no:cacheprovider"]
    run = [*command, "--continue-on-collection-errors", str(tmp_path)]
    assert "1 failed, 1 error" in _run(*run, CI="1").stdout.splitlines()[-1]
    assert "2 skipped" in _run(*run, CI="").stdout.splitlines()[-1]


def test_hooks_before_a_commit_are_well_formed() -> None:
    assert _run(sys.executable, "-m", "pre_commit", "validate-config").returncode == 0
