"""What the README prints works as printed, and the documents point to what exists."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.server import ROOT, Server, environment

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WAIT_SECONDS = 30


def blocks(language: str) -> list[str]:
    """The README's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_example_of_the_readme_works_as_printed(server: Server, tmp_path: Path) -> None:
    (listen,) = blocks("python")
    (tmp_path / "listen.py").write_text(listen)
    script = "\n".join(blocks("sh"))
    assert "http://localhost:8000" in script
    script = script.replace("http://localhost:8000", server.url).replace(".venv/bin/python", sys.executable)
    output = tmp_path / "output"
    with output.open("wb") as file:
        shell = subprocess.Popen(
            ["bash", "-eu", "-c", f"{script}\necho; wait"],
            cwd=tmp_path, env=environment(server.data_dir), stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        expected = {
            "the message on Ben's socket": r'\{"type":"message",.*"text":"Hello Ben, 你好"',
            "the answer to Anna": r'\{"conversation":"\d+","client_id":"[0-9a-f-]{36}","seq":1,.*"duplicate":false\}',
            "Ben's history": r'\{"messages":\[\{"seq":1,.*"text":"Hello Ben, 你好".*"head":1',
        }
        deadline = time.monotonic() + WAIT_SECONDS
        while missing := [what for what, pattern in expected.items() if not re.search(pattern, output.read_text())]:
            assert time.monotonic() < deadline, f"{missing} did not come:\n{output.read_text()}"
            time.sleep(0.1)
    finally:
        subprocess.run(["kill", "--", f"-{shell.pid}"], check=False)
        shell.wait()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(document: Path) -> None:
    text = document.read_text()
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) + re.findall(r'(?:src|srcset)="([^":]+)"', text)
    broken = [link for link in links if not (document.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_of_the_code_that_a_document_names_exists(document: Path) -> None:
    """`messaging/services/send.py` and the like, so that a renamed file is renamed here too."""
    apps = "chatsite|accounts|presence|notifications|messaging|static|templates|tests|bin|docs"
    names = re.findall(rf"`((?:{apps})/[\w./-]*)`", document.read_text())
    missing = [name for name in names if not (ROOT / name).exists()]
    assert missing == []


def test_every_make_command_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for document in DOCUMENTS for target in re.findall(r"`make ([a-z-]+)", document.read_text())}
    assert named <= targets


def test_every_variable_that_a_document_sets_is_one_of_the_settings() -> None:
    known = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)) | {
        "PORT",
        "HOST",
        "LAN",
        "PYTHON",
        "CHATSITE_TEST_BUILD",  # read by failpoints alone, no setting
    }
    named = {name for document in DOCUMENTS for name in re.findall(r"`(?:make \w+ )?([A-Z][A-Z_]+)=", document.read_text())}
    assert named <= known


def test_every_dependency_has_its_reason_written_down() -> None:
    wanted = {
        re.split(r"[\[<>=]", line)[0].lower()
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    table = [line for line in (ROOT / "docs/decisions/0001-dependencies.md").read_text().splitlines() if line.startswith("| ")]
    given = " ".join(row.split("|")[1] for row in table).lower()
    assert {name for name in wanted if name not in given} == set()
