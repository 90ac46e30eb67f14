"""What a run says about the budgets, and whether costs stay flat as things grow. A missed budget is told; it is no error: machines differ."""

import re
from collections.abc import Iterator

from bench.budgets import BUDGETS
from bench.results import Report, Result

SIZED = re.compile(r"(.+?)-(\d+)((?:-[a-z]+)?)")  # growth-10000, w4-10000-random


def verdict(report: Report) -> list[str]:
    """Lines: a budget each, for what was measured, then a family of growing sizes each."""
    budgets = [*_budgets(report)]
    flatness = [*_flatness(report.results)]
    return [
        *(["Budgets", *budgets] if budgets else []),
        *(["Growth, CPU of the largest divided by that of the smallest", *flatness] if flatness else []),
    ]


def _budgets(report: Report) -> Iterator[str]:
    for budget in BUDGETS:
        if budget.profile not in {"", report.profile}:
            continue
        for result in report.results:
            value = budget.measured(result) if re.fullmatch(budget.workload, result.name) else None
            if value is None:
                continue
            word = "met" if value <= budget.most else "MISSED"
            name = "" if result.name == budget.workload else f" ({result.name})"
            yield f"  {word:6}  {budget.what + name:48} {value:10,.2f} of {budget.most:g} {budget.unit}"


def _flatness(results: list[Result]) -> Iterator[str]:
    families: dict[str, list[tuple[int, Result]]] = {}
    for result in results:
        if (named := SIZED.fullmatch(result.name)) and result.cpu_us:
            families.setdefault(named[1] + named[3], []).append((int(named[2]), result))
    for name, members in families.items():
        members.sort(key=lambda member: member[0])
        (small, first), (large, last) = members[0], members[-1]
        if small < large and first.total_us:
            yield f"  × {last.total_us / first.total_us:.2f}  {name} per {first.unit}, {small:,} → {large:,}"
