"""The command `bin/cluster`: brings up a whole distributed instance on this machine, shows it, and ends what it started."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from deploy.cluster.pieces import NEEDED, PYTHON, Cluster
from deploy.services import command as services
from deploy.services.base import CannotStart
from deploy.services.missing import explain
from deploy.services.place import ROOT, Place

HELP = """\
bin/cluster up        start the servers, two api processes, two nodes, a worker and nginx; leave what runs alone; tell where they are
bin/cluster down      end what `up` started, the servers too. What people wrote stays
bin/cluster status    tell what runs and answers; fails if something does not
bin/cluster env       print the environment of these processes, for manage.py: set -a; eval "$(bin/cluster env)"; set +a

After a piece was killed, `up` starts it again. Logs are in cluster/logs/ and services/logs/ of the data directory. All listen on loopback.

From the environment, besides what `bin/services help` lists:
  DATA_DIR                where data, logs and records of what runs are (default: var/)
  PORT                    8000, nginx, in front of the api processes
  API_PORT                8011, and those after it          APIS    how many api processes (default: 2)
  NODE_PORT               8021, and those after it          NODES   how many nodes (default: 2)
"""


def main() -> None:
    os.umask(0o077)
    commands = {"up": up, "down": down, "status": status, "env": env}
    words = sys.argv[1:]
    if len(words) != 1 or words[0] not in commands:
        wants_help = words[:1] in (["help"], ["--help"], ["-h"])
        print(HELP, file=sys.stdout if wants_help else sys.stderr, end="")
        sys.exit(0 if wants_help else 2)
    try:
        commands[words[0]]()
    except CannotStart as error:
        sys.exit(str(error))


def place() -> tuple[Place, Place]:
    """Of the servers, and of the pieces."""
    servers = Place.of_environment()
    return servers, Place(servers.data.parent / "cluster", servers.jars)


def cluster() -> Cluster:
    """As it is now, or would be started."""
    servers, pieces = place()
    return Cluster(pieces, services.environment(servers, NEEDED))


def up() -> None:
    servers, pieces = place()
    servers.make()
    pieces.make()
    with services.alone(pieces):
        nginx = cluster().nginx
        if not nginx.running and (missing := list(nginx.missing())):
            sys.exit(explain(missing))
        _remember(
            pieces, [server.name for server in services.servers_of(servers, NEEDED) if server.wanted and not server.running]
        )
        services.up(servers, NEEDED)
        found = cluster()
        if not all(piece.running for piece in found.pieces):
            _prepare(found)
            found = cluster()  # with the secret key, which is made by then
        _start(found)
    _tell(found)


def up_again() -> None:
    """The pieces that were killed, and nothing else."""
    _, pieces = place()
    with services.alone(pieces):
        _start(cluster())


def _start(found: Cluster) -> None:
    """Those that do not run, side by side: each takes seconds."""
    starting = [piece for piece in found.pieces if not piece.running]
    if missing := [one for piece in starting for one in piece.missing()]:
        sys.exit(explain(missing))
    for piece in starting:
        piece.start()
    services.report(found.pieces, starting)


def _prepare(found: Cluster) -> None:
    """Tables, static files and the key of web push, once for all processes."""
    for command in ("prepare", "vapid"):
        done = subprocess.run([PYTHON, "manage.py", command], cwd=ROOT, env={**os.environ, **found.surroundings}, check=False)
        if done.returncode:
            raise CannotStart("The databases could not be prepared (see above).")


def _tell(found: Cluster) -> None:
    nodes = " ".join(node.url for node in found.nodes if node.running)
    print(
        f"\nChatsite is ready: {found.nginx.url}   (pages and REST; sockets: {nodes})\n\n"
        "  make break            kill a node in the middle of a chat, and count what was lost\n"
        "  bin/cluster status    what runs\n"
        "  make cluster-down     end it all\n"
    )


def down() -> None:
    servers, pieces = place()
    pieces.make()
    with services.alone(pieces):
        services.stop(list(reversed(cluster().pieces)))
        ours = _remembered(pieces)
        services.down(servers, list(services.KINDS), names=ours)
        _record(pieces).unlink(missing_ok=True)


def status() -> None:
    servers, _ = place()
    well = services.show(services.servers_of(servers, NEEDED))
    sys.exit(0 if services.show(cluster().pieces) and well else 1)


def env() -> None:
    for line in services.as_lines(cluster().surroundings):
        print(line)


# --- Which servers were started by us ----------------------------------------------------------------------------------


def _record(pieces: Place) -> Path:
    return pieces.run / "servers.json"


def _remembered(pieces: Place) -> list[str]:
    try:
        return [str(name) for name in json.loads(_record(pieces).read_text())]
    except FileNotFoundError:
        return []


def _remember(pieces: Place, started: Iterable[str]) -> None:
    _record(pieces).write_text(json.dumps(sorted({*_remembered(pieces), *started})))
