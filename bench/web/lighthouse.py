"""Google's Lighthouse on a page that somebody is logged in to: its scores, of 100."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parent
COMMAND = PLACE / "node_modules" / ".bin" / "lighthouse"
CATEGORIES = ("performance", "accessibility", "best-practices")


async def lighthouse(url: str, port: int, *, reports: Path | None = None) -> dict[str, float]:
    """In the browser that listens at `port`, for a phone and for a desktop. Empty where it is not installed. `reports`: a folder for all it says."""
    if not COMMAND.exists():
        return {}
    scores = {}
    for device in ("phone", "desktop"):
        report = await _run(url, port, ["--preset=desktop"] if device == "desktop" else [])
        if reports is not None:
            reports.mkdir(parents=True, exist_ok=True)
            (reports / f"lighthouse-{device}.json").write_text(json.dumps(report))
        for category in CATEGORIES:
            scores[f"{device}, {category}"] = 100 * report["categories"][category]["score"]
        for audit in _failed(report):
            print(f"    {device}: {audit}")
    return scores


async def _run(url: str, port: int, options: list[str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        str(COMMAND), url, f"--port={port}", "--output=json", "--quiet", "--disable-storage-reset",
        f"--only-categories={','.join(CATEGORIES)}", *options,
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"CI": "1"},
    )  # fmt: skip
    written, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"lighthouse ended with {process.returncode}")
    report: dict[str, Any] = json.loads(written)
    return report


def _failed(report: dict[str, Any]) -> list[str]:
    """Of what counts, the titles of what is not well."""
    counted = {ref["id"] for category in report["categories"].values() for ref in category["auditRefs"] if ref["weight"] > 0}
    return [
        f"{audit['title']} ({audit['score']})"
        for name, audit in report["audits"].items()
        if name in counted and audit["score"] is not None and audit["score"] < 0.9
    ]
