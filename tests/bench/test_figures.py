"""Percentiles, CPU of processes, the table and the comparison."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.compare import compare
from bench.processes import Process, by_part
from bench.results import Report, Result, read, save, table
from bench.spy import top
from bench.statistics import percentile, spread_ms


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 50), (99, 99), (99.1, 100), (100, 100)])
def test_percentiles_are_the_nearest_rank(percent: float, value: float) -> None:
    assert percentile(range(1, 101), percent) == value


def test_percentiles_of_little() -> None:
    assert percentile([], 99) == 0
    assert spread_ms([0.002]) == {"p50": 2.0, "p99": 2.0, "max": 2.0}
    assert spread_ms([3, 1, 2])["p50"] == 2_000


def test_cpu_of_a_process_includes_its_children() -> None:
    work = "import time\nwhile time.process_time() < 0.3: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}]); print('done', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin
        assert parent.stdout
        assert parent.stdout.readline() == b"done\n"
        spent = Process("parent", parent.pid, "server").cpu_seconds()
        parent.stdin.close()
    assert spent >= 0.29


def test_memory_is_in_kilobytes() -> None:
    assert 5_000 < Process("me", os.getpid(), "server").rss_kb() < 5_000_000


def test_costs_are_summed_by_part() -> None:
    processes = [Process("node-1", 1, "server"), Process("node-2", 2, "server"), Process("redis", 3, "redis")]
    assert by_part(processes, {"node-1": 2.0, "node-2": 3.0, "redis": 7.0}) == {"server": 5.0, "redis": 7.0}


def report(**more: object) -> Report:
    result = Result(
        name="w1", what="pairs", seconds=2.0, count=100, per_second=50.0, cpu_us={"server": 100.0, "redis": 20.0},
        deliver_ms={"p50": 1.0, "p99": 2.0, "max": 3.0}, kb_per_socket=4.5,
    )  # fmt: skip
    for name, value in more.items():
        setattr(result, name, value)
    return Report(profile="cluster", at="now", commit="abc", machine={"cores": 2, "load": 0.5}, results=[result])


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    save(report(), tmp_path / "new" / "a.json")
    assert read(tmp_path / "new" / "a.json") == report()


def test_the_table_tells_costs_together_and_what_is_wrong() -> None:
    lines = table(report(faults=["7: lost 3"])).splitlines()
    assert "120.0" in lines[3]
    assert "1.00/2.00" in lines[3]
    assert lines[4].strip() == "WRONG: 7: lost 3"


def test_a_fault_names_its_workload() -> None:
    assert report().faults == []
    assert report(faults=["lost"]).faults == ["w1: lost"]


def test_a_comparison_is_of_ratios() -> None:
    told = compare(report(), report(cpu_us={"server": 50.0, "redis": 20.0}))
    assert "× 0.50" in next(line for line in told.splitlines() if "CPU µs, server" in line)
    assert "× 0.58" in next(line for line in told.splitlines() if "CPU µs, all" in line)


def test_workloads_of_one_run_only_are_not_compared() -> None:
    assert "w9" not in compare(report(), report(name="w9"))


def test_a_function_is_counted_once_a_stack_and_by_its_leaf() -> None:
    own, whole = top(["a (x/m.py:1);b (x/m.py:2);a (x/m.py:9) 3", "a (x/m.py:1) 1"])
    assert own == {"a (x/m.py)": 4}
    assert whole == {"a (x/m.py)": 4, "b (x/m.py)": 3}
