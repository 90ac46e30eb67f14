"""OpenSearch: one node."""

from deploy.services.base import Server
from deploy.services.java import JavaServer
from deploy.services.place import Place, number
from deploy.services.probes import opensearch_is_healthy
from deploy.services.process import Launch

MAIN = "org.codelibs.opensearch.runner.OpenSearchRunner"
FIRST_PORT, LAST_PORT = 9_201, 9_299  # the runner takes no others


class OpenSearch(JavaServer):
    program, oldest_java = "opensearch", 21
    start_seconds = 120

    def other_ports(self) -> list[int]:
        return [self._transport_port]

    @property
    def _transport_port(self) -> int:
        return self.port + 100

    def prepare(self) -> Launch:
        settings = self.data / "node_1" / "config"
        settings.mkdir(parents=True, exist_ok=True)
        self.write("opensearch.yml", settings / "opensearch.yml", transport_port=self._transport_port)
        # The runner numbers its nodes from 1, and their ports after the base.
        arguments = [
            "-numOfNode",
            "1",
            "-baseHttpPort",
            str(self.port - 1),
            "-clusterName",
            "chatsite",
            "-basePath",
            str(self.data),
        ]
        return self.launch(MAIN, *arguments, heap="512m", options=["--enable-native-access=ALL-UNNAMED"])

    def answers(self) -> bool:
        return opensearch_is_healthy(self.host, self.port)


def servers(place: Place) -> list[Server]:
    return [OpenSearch(place, "opensearch", port=number("OPENSEARCH_PORT", 9_280, least=FIRST_PORT, most=LAST_PORT))]


def environment(running: list[Server]) -> dict[str, str]:
    return {"OPENSEARCH_URL": f"http://{running[0].address}"} if running else {}
