"""Every case of the corpus, sent at once, octet by octet, and in pieces."""

import random
from collections.abc import Callable

import pytest

from tests.chatsite.edge.conformance.cases import CASES, Case
from tests.chatsite.edge.conformance.client import BINARY, CLOSE, Client
from tests.chatsite.edge.conformance.conftest import Connect
from tests.chatsite.edge.conformance.server import EchoServer

OCTETS_MAX = 400  # of cases that are sent octet by octet
PIECES = 12

Cut = Callable[[bytes], list[bytes]]


def at_once(data: bytes) -> list[bytes]:
    return [data]


def octet_by_octet(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def in_pieces(data: bytes) -> list[bytes]:
    cuts = sorted(random.Random(len(data)).sample(range(1, len(data)), min(PIECES, len(data) - 1))) if data else []
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@pytest.mark.parametrize("cut", [at_once, octet_by_octet, in_pieces])
def test_it_keeps_to_the_protocol(server: EchoServer, connect: Connect, cut: Cut) -> None:
    cases = [case for case in CASES if _concerns(server, case) and (cut is not octet_by_octet or len(case.sent) < OCTETS_MAX)]
    wrong = [told for case in cases if (told := _try(connect(), case, cut)) is not None]
    assert not wrong, "\n".join(wrong)


def _concerns(server: EchoServer, one: Case) -> bool:
    """A consumer that detaches takes no binary messages."""
    match server.implementation:
        case "stock":
            return not one.stock_differs
        case "detached":
            return all(opcode != BINARY for opcode, _ in one.heard)
    return True


def _try(client: Client, case: Case, cut: Cut) -> str | None:
    """What was wrong."""
    client.open()
    for piece in cut(case.sent):
        client.send(piece)
    try:
        heard = [client.next_frame() for _ in case.heard]
        for piece in cut(case.end):
            client.send(piece)
        heard += client.frames()
    except TimeoutError:
        return f"{case.name}: no answer"
    finally:
        client.connection.close()
    last = heard.pop() if heard else None
    code = int.from_bytes(last[1][:2], "big") if last and last[1] else None
    if last and last[0] == CLOSE and code == case.code and heard == list(case.heard):
        return None
    return f"{case.name}: {[(one[0], one[1][:20]) for one in heard if one]}, then {last}; not {case.code}"
