"""Ends what a test run started when the run itself was killed: reads pids of ours line by line, and acts when the pipe breaks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    pids = [int(line) for line in sys.stdin]
    for pid in pids:
        if _is_ours(pid):
            os.kill(pid, signal.SIGKILL)
    subprocess.run([sys.executable, ROOT / "bin/services", "down"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _is_ours(pid: int) -> bool:
    """Not another program that was given the pid of one that has ended."""
    try:
        return b"manage.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    main()
