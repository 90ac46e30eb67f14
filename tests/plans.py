"""Asks the database, SQLite or PostgreSQL, which tables a query would read from end to end."""

from django.db import connection, transaction


def whole_table_reads(sql: str) -> list[str]:
    """The steps of the plan that do; none where an index serves."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # else it would rather read the few rows of a test
            cursor.execute(f"EXPLAIN {sql}")
            return [row[0] for row in cursor.fetchall() if "Seq Scan" in row[0]]
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[3] for row in cursor.fetchall() if row[3].startswith("SCAN")]
