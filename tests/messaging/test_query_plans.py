"""No statement of the message file gets slower as a history grows: each finds its rows by an index, whatever the planner knows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from types import ModuleType

import pytest

from messaging.stores.inbox import sqlite as inbox
from messaging.stores.log import sqlite as log
from messaging.stores.receipts import sqlite as receipts
from messaging.stores.sequencer import sqlite as sequencer
from messaging.stores.sqlite import SCHEMA

NAMED = dict.fromkeys(("conversation", "seq", "rev", "author", "at", "user", "keep", "after"), 1) | {
    "rows": "[[1, 2, 3, 4, 5, 6]]",
    "audiences": "[[1, [2]]]",
    "floors": "[[1, 2]]",
}
WHOLE = {("inbox", "_FULL"), ("inbox", "_OLD")}  # by a reader, once in a while


def statements(module: ModuleType) -> Iterator[tuple[str, str]]:
    for name, value in vars(module).items():
        if (
            isinstance(value, str)
            and name.lstrip("_").isupper()
            and value.split(maxsplit=1)[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}
        ):
            yield name, value


STATEMENTS = [
    (name, statement)
    for kind, module in (("inbox", inbox), ("log", log), ("receipts", receipts), ("sequencer", sequencer))
    for name, statement in statements(module)
    if (kind, name) not in WHOLE
]


def plan(statement: str) -> list[str]:
    parameters = tuple(["[[1, 2, 3, 4]]"] * statement.count("?")) if "?" in statement else NAMED
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def test_there_are_statements_to_look_at() -> None:
    assert len(STATEMENTS) > 20


@pytest.mark.parametrize(("name", "statement"), STATEMENTS)
def test_it_reads_no_table_that_grows_from_end_to_end(name: str, statement: str) -> None:
    scans = [
        step
        for step in plan(statement)
        if step.startswith("SCAN") and step.split()[1] in {"message", "inbox", "i", "audience", "change", "receipt", "m"}
    ]
    assert not scans


def test_a_repeated_id_is_found_by_its_index() -> None:
    assert any("message_by_client_id" in step for step in plan(log._FIND))
