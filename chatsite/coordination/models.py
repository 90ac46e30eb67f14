"""The table that says which life every shard is in; `manage.py sync_cassandra` makes it where Cassandra is configured."""

from cassandra.cqlengine import columns
from django_cassandra_engine.models import DjangoCassandraModel


class ShardRow(DjangoCassandraModel):
    """One partition, written by light-weight transactions only. `last` is the highest epoch ever given, over all shards."""

    __table_name__ = "shard"
    __connection__ = "cassandra"

    part = columns.Text(partition_key=True)  # "shards"
    shard = columns.Integer(primary_key=True)
    last = columns.Integer(static=True)
    epoch = columns.Integer()
    address = columns.Text()

    class Meta:
        get_pk_field = "part"
        managed = False
