"""Where the servers' CPU goes: py-spy beside a workload (`pip install py-spy`; it is no dependency of ours)."""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.processes import Process

RATE = 200  # samples a second
SHOWN = 12
# What every stack begins with tells nothing.
SHELL = ("manage.py", "management/", "commands/", "uvicorn/", "asyncio/", "threading.py", "futures/", "chatsite/server.py")
Spying = list[tuple[Process, asyncio.Task[Path]]]


class Spy:
    """Tells, for each Python process, which functions were running (`self`) and which were on the stack (`with callees`)."""

    def __init__(self) -> None:
        self.program = Path(sys.executable).parent / "py-spy"
        self.words: list[str] = []

    def start(self, processes: Sequence[Process], seconds: float) -> Spying:
        return [(one, asyncio.create_task(self._record(one, seconds))) for one in processes if one.part == "server"]

    async def collect(self, spying: Spying) -> None:
        for process, task in spying:
            stacks = (await task).read_text().splitlines()
            self.words += [f"{process.name}: % of its CPU samples", *_tell(stacks), ""]

    async def _record(self, process: Process, seconds: float) -> Path:
        path = Path(tempfile.mkdtemp()) / "stacks"
        words = ("record", "--pid", str(process.pid), "--duration", str(max(1, round(seconds))), "--rate", str(RATE))
        running = await asyncio.create_subprocess_exec(
            self.program, *words, "--format", "raw", "--output", str(path), "--nonblocking",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await running.communicate()
        if running.returncode:
            raise RuntimeError(f"py-spy failed: {said.decode()[-300:]}")
        return path


def top(stacks: Iterable[str]) -> tuple[Counter[str], Counter[str]]:
    """Samples per function, itself and with its callees, from lines of the form `outer (file:1);inner (file:2) 17`."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        frames = [_function(frame) for frame in stack.split(";")]
        own[frames[-1]] += int(count)
        for frame in set(frames):
            whole[frame] += int(count)
    return own, whole


def _tell(stacks: Iterable[str]) -> list[str]:
    own, whole = top(stacks)
    total = max(1, own.total())
    whole = Counter({name: count for name, count in whole.items() if not any(part in name for part in SHELL)})
    return [
        f"  {title:14}" + "; ".join(f"{name} {count * 100 / total:.1f}" for name, count in counter.most_common(shown))
        for title, counter, shown in (("self", own, SHOWN), ("with callees", whole, 2 * SHOWN))
    ]


def _function(frame: str) -> str:
    """Without the line, so that a function counts as one."""
    name, _, place = frame.partition(" (")
    return f"{name} ({'/'.join(place.rpartition(':')[0].split('/')[-2:])})"
