"""The command `bin/services`: reads what was typed, and says what happened."""

import fcntl
import os
import shlex
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType

from deploy.services import cassandra, opensearch, postgresql, redis, zookeeper
from deploy.services.base import CannotStart, Server
from deploy.services.missing import explain
from deploy.services.place import Place

# In the order of their starting; those that take longest come last.
KINDS: dict[str, ModuleType] = {
    "redis": redis,
    "postgresql": postgresql,
    "zookeeper": zookeeper,
    "opensearch": opensearch,
    "cassandra": cassandra,
}
HELP = f"""\
bin/services up [SERVER …]      start servers and wait until they answer; those that run already are left alone
bin/services down [SERVER …]    stop those that `up` started
bin/services status [SERVER …]  tell which run and answer; fails if one does not
bin/services env [SERVER …]     print where they are, as lines for the environment

SERVER is one or more of: {" ".join(KINDS)}; none means all. They listen on loopback only, without a password but for PostgreSQL's.

From the environment:
  DATA_DIR                their data is in its folder services/ (default: var/)
  CASSANDRA_NODES         how many Cassandra processes, on 127.0.0.1, 127.0.0.2 … (default: 1)
  CASSANDRA_PORT          19042     CASSANDRA_STORAGE_PORT  17000
  POSTGRESQL_PORT         15432     ZOOKEEPER_PORT          12181
  OPENSEARCH_PORT         9280 (it may be 9201 to 9299), and the one 100 above
  REDIS_PORT              16379, for queues and caches; the shards' ports follow it
  REDIS_SHARDS            how many shards (default: 2)
  JAVA_HOME               a Java to consider besides those that are found
  JARS_DIR                where Java programs are kept (default: .jars/)
"""


def main() -> None:
    os.umask(0o077)
    commands: dict[str, Callable[[Place, Sequence[str]], object]] = {"up": up, "down": down, "status": status, "env": env}
    words = sys.argv[1:]
    if not words or words[0] not in commands:
        wants_help = words[:1] in (["help"], ["--help"], ["-h"])
        print(HELP, file=sys.stdout if wants_help else sys.stderr, end="")
        sys.exit(0 if wants_help else 2)
    if unknown := [word for word in words[1:] if word not in KINDS]:
        sys.exit(f"There is no server {unknown[0]!r}. There are: {' '.join(KINDS)}.")
    kinds = [kind for kind in KINDS if kind in words[1:] or not words[1:]]
    try:
        commands[words[0]](Place.of_environment(), kinds)
    except CannotStart as error:
        sys.exit(str(error))


def up(place: Place, kinds: Sequence[str]) -> None:
    place.make()
    with alone(place):
        servers = [server for server in servers_of(place, kinds) if server.wanted or server.running]
        starting = [server for server in servers if not server.running]
        if missing := [one for server in starting for one in server.missing()]:
            sys.exit(explain(missing))
        start(servers)


def start(servers: Sequence[Server]) -> None:
    """Those that do not run."""
    starting = [server for server in servers if not server.running]
    for server in starting:
        server.start()
        if server.one_after_another:
            server.wait_until_it_answers()
    report(servers, starting)


def report(servers: Sequence[Server], starting: Collection[Server]) -> None:
    """Waits until all answer, and says so. Raises CannotStart."""
    for server in servers:
        server.wait_until_it_answers()
        print(f"{server.name:16} {server.address:21} {'started' if server in starting else 'was up'}", flush=True)


def down(place: Place, kinds: Sequence[str], *, names: Collection[str] | None = None) -> None:
    """`names`: only these of them."""
    place.make()
    with alone(place):
        stop([server for server in servers_of(place, kinds) if names is None or server.name in names])


def stop(servers: Sequence[Server]) -> None:
    """Those that run, all at once; returns when they have ended."""
    running = [server for server in servers if server.running]
    for server in running:
        server.process.signal(server.stop_signal)
    for server in running:
        said = "stopped" if server.stop() else "killed: it did not stop in time"
        print(f"{server.name:16} {server.address:21} {said}", flush=True)


def status(place: Place, kinds: Sequence[str]) -> None:
    sys.exit(0 if show(servers_of(place, kinds)) else 1)


def show(servers: Sequence[Server]) -> bool:
    """Whether all that should run answer."""
    well = True
    for server in servers:
        if server.wanted or server.running:
            answers = server.running and server.answers()
            well = well and answers
            said = "answers" if answers else "runs, but does not answer" if server.running else "down"
            print(f"{server.name:16} {server.address:21} {said}")
    return well


def env(place: Place, kinds: Sequence[str]) -> None:
    for line in as_lines(environment(place, kinds)):
        print(line)


def environment(place: Place, kinds: Sequence[str]) -> dict[str, str]:
    """Where those that run are, as a Chatsite process wants to be told."""
    found: dict[str, str] = {}
    for kind in kinds:
        found |= KINDS[kind].environment([server for server in KINDS[kind].servers(place) if server.running])
    return found


def as_lines(values: Mapping[str, str]) -> list[str]:
    """For a shell to read."""
    return [f"{name}={shlex.quote(value)}" for name, value in values.items()]


def servers_of(place: Place, kinds: Sequence[str]) -> list[Server]:
    return [server for kind in kinds for server in KINDS[kind].servers(place)]


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One command at a time starts or stops servers of one data directory; another waits for it."""
    with (place.data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
