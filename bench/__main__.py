"""Measures an instance under the workloads of docs/performance.md, or compares two such runs.

python -m bench run [--embedded | --cluster | --url URL --population FILE --process server=PID …] [w1 w2 …]
python -m bench compare before.json after.json
"""

import argparse
import sys
from pathlib import Path

import uvloop

from bench.compare import compare
from bench.instances import Cluster, Elsewhere, Embedded, Instance
from bench.load.crowd import allow_files
from bench.population import Wish
from bench.results import read, save, table
from bench.run import WORKLOADS, run
from bench.spy import Spy


def main() -> int:
    given = _arguments()
    if given.command == "compare":
        print(compare(read(given.before), read(given.after)))
        return 0
    spy = Spy() if given.spy else None
    allow_files(3 * max(given.storm, *given.sockets))  # the instance inherits it
    warm_up = given.warm_up if given.warm_up is not None else 20.0 if given.cluster else 0.0
    with _instance(given) as instance:
        report = uvloop.run(
            run(
                instance, given.workloads or list(WORKLOADS), seconds=given.seconds, idle=given.sockets,
                reconnecting=given.storm, warm_up=warm_up, spy=spy,
            )
        )  # fmt: skip
    print(table(report))
    if spy:
        print("\n".join(spy.words))
    if given.out:
        save(report, given.out)
        print(f"Written to {given.out}")
    if report.faults:
        print(f"\n{len(report.faults)} faults: this run lost, doubled or refused something.", file=sys.stderr)
    return 1 if report.faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="measure")
    running.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"any of: {' '.join(WORKLOADS)} (all)")
    where = running.add_mutually_exclusive_group()
    where.add_argument("--embedded", action="store_true", help="one process on data of its own (the default)")
    where.add_argument("--cluster", action="store_true", help="a distributed instance on servers of its own")
    where.add_argument("--url", help="an instance that runs elsewhere")
    running.add_argument("--cassandras", type=int, default=1, help="of the cluster; replicas too, at most three (1)")
    running.add_argument("--population", type=Path, help="with --url: what bench.seed printed")
    running.add_argument(
        "--process", action="append", default=[], help="with --url: [PART:]NAME=PID, PART is server, redis, store, other"
    )
    running.add_argument("--seconds", type=float, default=20.0, help="how long each is measured (20)")
    running.add_argument("--warm-up", type=float, help="seconds of w1 before anything is measured (20 for --cluster, else 0)")
    running.add_argument("--sockets", type=int, nargs="+", default=[5_000, 10_000], help="idle sockets of w3 (5000 10000)")
    running.add_argument("--storm", type=int, default=10_000, help="sockets that reconnect at once (10000)")
    running.add_argument("--histories", type=int, nargs="*", default=[20_000], help="lengths of long histories (20000)")
    running.add_argument("--busy", type=int, nargs="*", default=[10, 100], help="people with so many conversations (10 100)")
    running.add_argument("--out", type=Path, help="a file for the results, as JSON")
    running.add_argument(
        "--spy", action="store_true", help="also tell where the servers' CPU goes; needs py-spy, and slows them down"
    )
    comparing = commands.add_parser("compare", help="two result files, as ratios")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if unknown := set(getattr(given, "workloads", [])) - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    if getattr(given, "url", None) and not given.population:
        parser.error("--url needs --population")
    return given


def _instance(given: argparse.Namespace) -> Instance:
    if given.url:
        return Elsewhere(given.url, given.population, given.process)
    names = given.workloads or list(WORKLOADS)
    people = max(
        [200, *(count + 200 for count in given.sockets if "w3" in names), *([given.storm + 200] if "storm" in names else [])]
    )
    wish = Wish(
        people=people,
        histories=given.histories if {"w4", "growth"} & set(names) else [],
        busy=given.busy if "busy" in names else [],
    )
    return Cluster(wish, cassandras=given.cassandras) if given.cluster else Embedded(wish)


if __name__ == "__main__":
    sys.exit(main())
