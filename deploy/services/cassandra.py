"""Cassandra: CASSANDRA_NODES of them, each on a loopback address of its own, with the same ports."""

from collections.abc import Iterator
from dataclasses import replace

from deploy.services.base import LOOPBACK, Server
from deploy.services.java import JavaServer
from deploy.services.place import Place, number
from deploy.services.probes import cassandra_is_ready
from deploy.services.process import Launch

TIMER_SLACK_NS = 200_000
MAIN = "org.apache.cassandra.service.CassandraDaemon"
MOST_NODES = 9
MOST_REPLICAS = 3
DATACENTER = "datacenter1"  # what SimpleSnitch calls it

# What Cassandra reaches into and Java would keep closed.
PACKAGES = {
    "java.base": """java.io java.lang java.lang.module java.lang.ref java.lang.reflect java.math java.net java.nio java.util
        java.util.concurrent java.util.concurrent.atomic jdk.internal.loader jdk.internal.math jdk.internal.misc jdk.internal.module
        jdk.internal.ref jdk.internal.reflect jdk.internal.util.jar sun.nio.ch sun.nio.cs""",
    "java.logging": "java.util.logging",
    "java.management": "java.lang.management",
    "java.management.rmi": "javax.management.remote.rmi",
    "java.rmi": "sun.rmi.registry sun.rmi.server sun.rmi.transport sun.rmi.transport.tcp",
    "java.sql": "java.sql",
    "jdk.attach": "sun.tools.attach",
    "jdk.compiler": "com.sun.tools.javac.file",
    "jdk.management": "com.sun.management.internal",
    "jdk.naming.dns": "com.sun.jndi.dns",
}


def _doors() -> Iterator[str]:
    for module, packages in PACKAGES.items():
        for package in packages.split():
            yield f"--add-opens={module}/{package}=ALL-UNNAMED"
            yield f"--add-exports={module}/{package}=ALL-UNNAMED"


def _with_slack() -> list[str]:
    """Cassandra's idle workers look for something to do every 10 µs, which the kernel stretches to the slack of its timers: 50 µs unless told.

    With more of it a write costs half the CPU, and waits for this long at most (docs/performance.md). In production: TimerSlackNSec of systemd.
    """
    return ["/bin/sh", "-c", f'{{ echo {TIMER_SLACK_NS} >/proc/self/timerslack_ns; }} 2>/dev/null; exec "$@"', "cassandra"]


class Cassandra(JavaServer):
    program, oldest_java, newest_java = "cassandra", 11, 17
    start_seconds, stop_seconds = 180, 60
    one_after_another = True  # they choose their places in the ring by what the earlier ones chose

    def __init__(self, place: Place, n: int, *, nodes: int) -> None:
        port = number("CASSANDRA_PORT", 19_042)
        super().__init__(place, f"cassandra-{n}", host=f"127.0.0.{n}", port=port, wanted=n <= nodes)
        self._storage_port = number("CASSANDRA_STORAGE_PORT", 17_000)
        self._heap = "1g" if nodes == 1 else "768m"

    def other_ports(self) -> list[int]:
        return [self._storage_port]

    def prepare(self) -> Launch:
        settings = self.write("cassandra.yaml", seed=f"{LOOPBACK}:{self._storage_port}", storage_port=self._storage_port)
        options = [
            *_doors(),
            "-Djdk.attach.allowAttachSelf=true",
            f"-javaagent:{next(self.jars.glob('jamm-*.jar'))}",  # measures what memtables hold
            f"-Dcassandra.config={settings.as_uri()}",
            f"-Dcassandra.storagedir={self.data}",
            "-Dcassandra-foreground=yes",
            # All of the cluster is on this machine: nobody has to be waited for.
            "-Dcassandra.skip_wait_for_gossip_to_settle=0",
            "-Dcassandra.ring_delay_ms=2000",
        ]
        launch = self.launch(MAIN, heap=self._heap, options=options)
        return replace(launch, arguments=[*_with_slack(), *launch.arguments])

    def answers(self) -> bool:
        return cassandra_is_ready(self.host, self.port)


def servers(place: Place) -> list[Server]:
    nodes = number("CASSANDRA_NODES", 1, most=MOST_NODES)
    return [Cassandra(place, n, nodes=nodes) for n in range(1, MOST_NODES + 1)]


def environment(running: list[Server]) -> dict[str, str]:
    if not running:
        return {}
    return {
        "CASSANDRA_NODES": str(len(running)),
        "CASSANDRA_HOSTS": ",".join(server.host for server in running),
        "CASSANDRA_PORT": str(running[0].port),
        "CASSANDRA_DATACENTER": DATACENTER,
        "CASSANDRA_REPLICAS": str(min(len(running), MOST_REPLICAS)),
    }
