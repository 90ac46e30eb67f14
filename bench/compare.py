"""Two runs side by side, as ratios: machines differ, ratios carry over."""

from bench.results import Report, Result


def compare(before: Report, after: Report) -> str:
    """`after` divided by `before`, for each workload that both have."""
    olds = {result.name: result for result in before.results}
    lines = [f"{before.commit} ({before.profile}) → {after.commit} ({after.profile})"]
    for new in after.results:
        old = olds.get(new.name)
        if old is None:
            continue
        lines.append(new.name)
        lines += [
            f"  {name:30}{was:12,.1f} → {now:12,.1f}   × {now / was:.2f}"
            for name, was, now in _pairs(_figures(old), _figures(new))
            if was
        ]
    return "\n".join(lines)


def _figures(result: Result) -> dict[str, float]:
    """Under the names of the table."""
    found = {f"CPU µs, {part}": value for part, value in result.cpu_us.items()}
    found["CPU µs, all"] = result.total_us
    found["per second"] = result.per_second
    for name, spread in (("deliver", result.deliver_ms), ("ack", result.ack_ms)):
        found |= {f"{name} ms, {percent}": value for percent, value in spread.items()}
    if result.kb_per_socket is not None:
        found["KB per socket"] = result.kb_per_socket
    return found | result.figures


def _pairs(before: dict[str, float], after: dict[str, float]) -> list[tuple[str, float, float]]:
    return [(name, was, after[name]) for name, was in before.items() if name in after]
