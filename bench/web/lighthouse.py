"""Google's Lighthouse on a page that somebody is logged in to."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

COMMAND = Path(__file__).parent / "node_modules" / ".bin" / "lighthouse"
IS_INSTALLED = COMMAND.exists()
CATEGORIES = ("performance", "accessibility", "best-practices")
DEVICES = {"phone": [], "desktop": ["--preset=desktop"]}
Report = dict[str, Any]


async def lighthouse(url: str, port: int) -> dict[str, Report]:
    """In the browser that listens at `port`, as on a phone and on a desktop. Empty where it is not installed."""
    return {device: await _run(url, port, options) for device, options in DEVICES.items()} if IS_INSTALLED else {}


async def _run(url: str, port: int, options: list[str]) -> Report:
    process = await asyncio.create_subprocess_exec(
        str(COMMAND), url, f"--port={port}", "--output=json", "--quiet", "--disable-storage-reset",
        f"--only-categories={','.join(CATEGORIES)}", *options,
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"CI": "1"},
    )  # fmt: skip
    written, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"lighthouse ended with {process.returncode}")
    report: Report = json.loads(written)
    return report


def scores(reports: Mapping[str, Report]) -> dict[str, float]:
    """Of 100, by device and category."""
    return {
        f"{device}, {category}": 100 * report["categories"][category]["score"]
        for device, report in reports.items()
        for category in CATEGORIES
    }


def failures(reports: Mapping[str, Report]) -> Iterator[str]:
    """Of what counts, what is not well."""
    for device, report in reports.items():
        counted = {ref["id"] for category in report["categories"].values() for ref in category["auditRefs"] if ref["weight"] > 0}
        for name, audit in report["audits"].items():
            if name in counted and audit["score"] is not None and audit["score"] < 0.9:
                yield f"{device}: {audit['title']} ({audit['score']})"
