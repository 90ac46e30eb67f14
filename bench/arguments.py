"""The command line of `python -m bench`."""

import argparse
from pathlib import Path

from bench.run import WORKLOADS

WARM_SECONDS = {"cluster": 90.0, "embedded": 10.0}  # at most: it ends when costs have stopped falling


def arguments(doc: str) -> argparse.Namespace:
    """Ends the program for what it does not understand."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="measure")
    _add_sizes(running)
    _add_elsewhere(running)
    running.add_argument("--seconds", type=float, default=20.0, help="how long each is measured (20)")
    running.add_argument("--out", type=Path, help="a file for the results, as JSON")
    running.add_argument(
        "--spy", action="store_true", help="also tell where the servers' CPU goes; needs py-spy, and slows them down"
    )
    keeping = commands.add_parser("keep", help="start an instance, fill it and warm it up, for any number of runs")
    _add_sizes(keeping)
    keeping.add_argument("--at", type=Path, required=True, help="a file that `run --kept` finds it by")
    comparing = commands.add_parser("compare", help="two result files, as ratios")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    given = parser.parse_args()
    if given.command != "compare":
        _complete(parser, given)
    return given


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    """What an instance is, and what it has to be filled with."""
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=f"any of: {' '.join(WORKLOADS)} (all)")
    parser.add_argument("--embedded", action="store_true", help="one process on data of its own (the default)")
    parser.add_argument("--cluster", action="store_true", help="a distributed instance on servers of its own")
    parser.add_argument("--cassandras", type=int, default=1, help="of the cluster; replicas too, at most three (1)")
    parser.add_argument(
        "--warm", "--warm-up", type=float, metavar="SECONDS",
        help="warm up before anything is measured until costs stop falling, so long at most (90 for --cluster, 10 for --embedded, else 0)",
    )  # fmt: skip
    parser.add_argument("--sockets", type=int, nargs="+", default=[5_000, 10_000], help="idle sockets of w3 (5000 10000)")
    parser.add_argument("--storm", type=int, default=10_000, help="sockets that reconnect at once (10000)")
    parser.add_argument("--histories", type=int, nargs="*", default=[20_000], help="lengths of long histories (20000)")
    parser.add_argument("--busy", type=int, nargs="*", default=[10, 200], help="people with so many conversations (10 200)")


def _add_elsewhere(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kept", type=Path, help="an instance that `keep` keeps")
    parser.add_argument("--url", help="an instance that runs elsewhere")
    parser.add_argument("--population", type=Path, help="with --url: what bench.seed printed")
    parser.add_argument(
        "--process", action="append", default=[], help="with --url: [PART:]NAME=PID, PART is server, redis, store, other"
    )


def _complete(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    if unknown := set(given.workloads) - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    given.workloads = [name for name in WORKLOADS if not given.workloads or name in given.workloads]
    places = [name for name in ("embedded", "cluster", "kept", "url") if getattr(given, name, None)]
    if len(places) > 1:
        parser.error(f"one of: --{', --'.join(places)}")
    given.place = places[0] if places else "embedded"
    if given.place == "url" and not given.population:
        parser.error("--url needs --population")
    if given.warm is None:
        given.warm = WARM_SECONDS.get(given.place, 0.0)
