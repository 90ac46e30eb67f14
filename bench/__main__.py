"""Measures an instance under the workloads of docs/performance.md, or compares two such runs.

python -m bench run [--embedded | --cluster | --kept FILE | --url URL --population FILE --process server=PID …] [w1 w2 …]
python -m bench keep [--embedded | --cluster] --at FILE
python -m bench compare before.json after.json
"""

import argparse
import signal
import sys

import uvloop

from bench.arguments import arguments
from bench.compare import compare
from bench.instances import Cluster, Elsewhere, Embedded, Instance, Kept, keep
from bench.load.crowd import allow_files
from bench.population import Wish
from bench.results import read, save, table
from bench.run import run
from bench.spy import Spy
from bench.verdict import verdict

ENDINGS = {signal.SIGINT, signal.SIGTERM}


def main() -> int:
    given = arguments(__doc__ or "")
    if given.command == "compare":
        print(compare(read(given.before), read(given.after)))
        return 0
    allow_files(3 * max(given.storm, *given.sockets))  # the instance inherits it
    with _instance(given) as instance:
        return _keep(given, instance) if given.command == "keep" else _run(given, instance)


def _run(given: argparse.Namespace, instance: Instance) -> int:
    spy = Spy() if given.spy else None
    report = uvloop.run(
        run(
            instance, given.workloads, seconds=given.seconds, idle=given.sockets, reconnecting=given.storm,
            warm_seconds=given.warm, spy=spy,
        )
    )  # fmt: skip
    print(table(report))
    print("\n".join(["", *verdict(report)]))
    if spy:
        print("\n".join(spy.words))
    if given.out:
        save(report, given.out)
        print(f"Written to {given.out}")
    if report.faults:
        print(f"\n{len(report.faults)} faults: this run lost, doubled or refused something.", file=sys.stderr)
    return 1 if report.faults else 0


def _keep(given: argparse.Namespace, instance: Instance) -> int:
    report = uvloop.run(run(instance, [], seconds=0, idle=[], reconnecting=0, warm_seconds=given.warm, spy=None))
    print(table(report))
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    keep(instance, given.at)
    print(f"Kept until Ctrl+C. To measure it: python -m bench run --kept {given.at} w1", flush=True)
    signal.sigwait(ENDINGS)
    given.at.unlink(missing_ok=True)
    return 0


def _instance(given: argparse.Namespace) -> Instance:
    if given.place == "kept":
        return Kept(given.kept)
    if given.place == "url":
        return Elsewhere(given.url, given.population, given.process)
    names = given.workloads
    people = max(
        [200, *(count + 200 for count in given.sockets if "w3" in names), *([given.storm + 200] if "storm" in names else [])]
    )
    wish = Wish(
        people=people,
        histories=given.histories if {"w4", "rest-page", "growth"} & set(names) else [],
        busy=given.busy if {"busy", "rest-list", "sync-500"} & set(names) else [],
    )
    return Cluster(wish, cassandras=given.cassandras) if given.cluster else Embedded(wish)


if __name__ == "__main__":
    sys.exit(main())
