"""Asks servers, in their own protocols, whether they serve. Each answers False, not an error, to whatever a server that starts up does."""

import http.client
import json
import socket

PROBE_SECONDS = 2.0
CQL_VERSION = b"CQL_VERSION", b"3.0.0"
CQL_STARTUP, CQL_READY = 0x01, 0x02


def exchange(host: str, port: int, said: bytes, *, enough: int) -> bytes:
    """What comes back, up to `enough` bytes or the end; b"" when nobody listens."""
    heard = b""
    try:
        with socket.create_connection((host, port), timeout=PROBE_SECONDS) as connection:
            connection.settimeout(PROBE_SECONDS)
            connection.sendall(said)
            while len(heard) < enough and (more := connection.recv(4096)):
                heard += more
    except OSError:
        pass
    return heard


def cassandra_is_ready(host: str, port: int) -> bool:
    """STARTUP of CQL's protocol 4 is answered with READY: version, flags, stream, opcode, length, a map of one string to one."""
    options = b"\0\1" + b"".join(len(word).to_bytes(2) + word for word in CQL_VERSION)
    startup = bytes([4, 0, 0, 0, CQL_STARTUP]) + len(options).to_bytes(4) + options
    heard = exchange(host, port, startup, enough=9)
    return len(heard) >= 9 and heard[4] == CQL_READY


def redis_answers(host: str, port: int) -> bool:
    return exchange(host, port, b"PING\r\n", enough=7) == b"+PONG\r\n"


def zookeeper_serves(host: str, port: int) -> bool:
    """`srvr` names a mode only while requests are served; `ruok` is answered by one that serves none."""
    return b"\nMode: " in exchange(host, port, b"srvr", enough=65_536)


def opensearch_is_healthy(host: str, port: int) -> bool:
    """Yellow is all that one node can be once an index wants replicas."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/_cluster/health")
        return json.load(connection.getresponse())["status"] in {"green", "yellow"}
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


def is_free(host: str, port: int) -> bool:
    """Nobody listens there."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True
