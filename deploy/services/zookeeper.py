"""ZooKeeper: one server, which is all of its ensemble."""

from deploy.services.base import Server
from deploy.services.java import JavaServer
from deploy.services.place import Place, number
from deploy.services.probes import zookeeper_serves
from deploy.services.process import Launch

MAIN = "org.apache.zookeeper.server.quorum.QuorumPeerMain"


class ZooKeeper(JavaServer):
    program, oldest_java = "zookeeper", 11

    def prepare(self) -> Launch:
        settings = self.write("zoo.cfg")
        return self.launch(MAIN, settings, heap="128m", options=["-XX:+UseSerialGC", "-Djute.maxbuffer=1048576"])

    def answers(self) -> bool:
        return zookeeper_serves(self.host, self.port)


def servers(place: Place) -> list[Server]:
    return [ZooKeeper(place, "zookeeper", port=number("ZOOKEEPER_PORT", 12_181))]


def environment(running: list[Server]) -> dict[str, str]:
    return {"ZOOKEEPER_HOSTS": running[0].address} if running else {}
