"""Measures the web client in a real browser: `python -m bench.web`.

500 conversations and 110,000 messages, all in the browser's own copy: how long switching takes, and whether scrolling through ten thousand
messages keeps up with the screen, holds a bounded page, and never moves what is read. Then Lighthouse, if it is installed (`make bench-web`
does that), on the conversation page. Prints a table, and writes JSON with `--out`.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from playwright.async_api import Page, async_playwright

from bench.instances import Embedded
from bench.population import Population, Wish
from bench.web.lighthouse import Report, failures, lighthouse, scores
from tests.browser import ARGUMENTS, executable
from tests.server import manage
from tests.servers import free_ports

PASSWORD = "amber-cedar-fjord-4711"
CONVERSATIONS, LONG, SHORT = 500, 10_000, 200
PIXELS, SECONDS = 60, 20
SCRIPT = Path(__file__).with_name("measure.js")
WHO = "from accounts.models import User; u = User.objects.get(id={id}); u.set_password('{password}'); u.save(); print(u.username)"


async def measure(instance: Embedded, username: str) -> tuple[dict[str, Any], dict[str, Report]]:
    (port,) = free_ports(1)
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(instance.place / "profile"), executable_path=executable(), base_url=instance.url, locale="en-US",
            args=[*ARGUMENTS, f"--remote-debugging-port={port}"], viewport={"width": 1440, "height": 900},
        )  # fmt: skip
        await context.add_init_script(path=SCRIPT)
        page = await context.new_page()
        await _log_in(page, username)
        pasts = [{"conversation": one.conversation, "head": one.head} for one in instance.population.histories]
        cached = await page.evaluate("([user, pasts]) => fillCache(user, pasts)", [instance.population.accounts[0].id, pasts])
        found = {"cached": cached, "switching": await _switching(page, instance.population)}
        found["scrolling"] = await _scrolling(page, instance.population.histories[0].conversation)
        await page.goto("/")
        reports = await lighthouse(f"{instance.url}/c/{instance.population.histories[1].conversation}", port)
        await context.close()
    return found, reports


async def _log_in(page: Page, username: str) -> None:
    await page.goto("/accounts/login/")
    await page.locator("[name=login]").fill(username)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[name=password]").press("Enter")
    await page.locator(".row").first.wait_for()


async def _switching(page: Page, population: Population) -> dict[str, float]:
    """To those at the top of the list, none of which was opened since the page was."""
    await page.reload()
    await page.locator(".row").first.wait_for()
    shown = await page.evaluate("[...document.querySelectorAll('a.row')].map((row) => row.getAttribute('href').slice(3))")
    heads = {one.conversation: one.head for one in population.histories[1:]}
    times = [await page.evaluate("([id, head]) => switchTo(id, head)", [one, heads[one]]) for one in shown if one in heads]
    return _spread(times)


async def _scrolling(page: Page, conversation: str) -> dict[str, float]:
    await page.goto(f"/c/{conversation}")
    await page.locator(f"[data-seq='{LONG}']").wait_for()
    found = await page.evaluate(f"scrollBack({PIXELS}, {SECONDS})")
    frames = found.pop("frames")
    late = sum(1 for took in frames if took > 1000 / 60 * 1.5)
    return {
        "frames a second": len(frames) / SECONDS,
        "late frames, %": 100 * late / len(frames),
        "longest frame, ms": max(frames),
        **found,
    }


def _spread(times: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(times, n=20)
    return {"p50, ms": cuts[9], "p95, ms": cuts[18], "longest, ms": max(times)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    parser.add_argument("--reports", type=Path, help="a folder for Lighthouse's reports")
    given = parser.parse_args()
    with Embedded(Wish(people=100, pairs=0, histories=[LONG, *[SHORT] * (CONVERSATIONS - 1)])) as instance:
        code = WHO.format(id=instance.population.accounts[0].id, password=PASSWORD)
        username = manage(instance.data, "shell", "--verbosity", "0", "-c", code).strip().splitlines()[-1]
        found, reports = asyncio.run(measure(instance, username))
    found["lighthouse"] = scores(reports)
    for name, figures in found.items():
        print(f"{name}: {figures:,}" if isinstance(figures, int) else name)
        for what, figure in figures.items() if isinstance(figures, dict) else ():
            print(f"    {what:<24}{figure:>10,.1f}")
    print("\n".join(failures(reports)))
    if given.reports:
        given.reports.mkdir(parents=True, exist_ok=True)
        for device, report in reports.items():
            (given.reports / f"lighthouse-{device}.json").write_text(json.dumps(report))
    if given.out:
        given.out.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
