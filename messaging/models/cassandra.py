"""Tables of the message log in Cassandra: `manage.py sync_cassandra` makes them, `messaging.stores.log.cassandra` reads and writes them.

A partition holds a thousand seqs (or revs) of one conversation, so every page and every jump is arithmetic and no partition grows without end.
"""

from cassandra.cqlengine import columns
from django_cassandra_engine.models import DjangoCassandraModel

# Where the log is read a page at a time from its end, blocks of 16 KiB unpack less in vain than larger ones.
_OPTIONS = {"compression": {"class": "LZ4Compressor", "chunk_length_in_kb": "16"}}


class MessageRow(DjangoCassandraModel):
    """One try at one seq. Of the rows of a seq the one of the highest epoch counts; a row of epoch REDACTED above them blanks it."""

    __table_name__ = "message"
    __connection__ = "cassandra"
    __options__ = _OPTIONS

    conversation_id = columns.BigInt(partition_key=True)
    bucket = columns.Integer(partition_key=True)
    seq = columns.BigInt(primary_key=True, clustering_order="DESC")
    epoch = columns.Integer(primary_key=True, clustering_order="DESC")
    client_id = columns.UUID(primary_key=True)
    released = columns.BigInt(static=True)  # surely released up to this seq
    sender_id = columns.BigInt()
    sent_at = columns.BigInt()  # ms
    kind = columns.Text()
    text = columns.Text()
    event = columns.Text()  # JSON
    digest = columns.Blob()
    reply_to = columns.BigInt()
    mentions = columns.Text()  # JSON
    mv = columns.Integer()
    version = columns.Integer()
    edited_at = columns.BigInt()  # ms
    redacted_at = columns.BigInt()  # ms

    class Meta:
        get_pk_field = "conversation_id"
        managed = False


class ChangeRow(DjangoCassandraModel):
    """One try at one rev; as with messages, the highest epoch counts."""

    __table_name__ = "change"
    __connection__ = "cassandra"
    __options__ = _OPTIONS

    conversation_id = columns.BigInt(partition_key=True)
    bucket = columns.Integer(partition_key=True)
    rev = columns.BigInt(primary_key=True, clustering_order="DESC")
    epoch = columns.Integer(primary_key=True, clustering_order="DESC")
    client_id = columns.UUID(primary_key=True)
    kind = columns.Text()
    seq = columns.BigInt()
    author_id = columns.BigInt()
    at = columns.BigInt()  # ms
    payload = columns.Text()  # JSON

    class Meta:
        get_pk_field = "conversation_id"
        managed = False


class ReceiptRow(DjangoCassandraModel):
    """How far one member is. Each column is written with its own value as the time of the write, so the highest wins, whatever the order."""

    __table_name__ = "receipt"
    __connection__ = "cassandra"
    __options__ = _OPTIONS

    conversation_id = columns.BigInt(partition_key=True)
    user_id = columns.BigInt(primary_key=True)
    read = columns.BigInt()
    delivered = columns.BigInt()

    class Meta:
        get_pk_field = "conversation_id"
        managed = False
