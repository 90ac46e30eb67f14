"""How often the coordination layer's memory changed: Redis counts that itself."""

from collections.abc import Sequence
from contextlib import closing

from redis import Redis


def redis_writes(ports: Sequence[int]) -> int:
    """Changes of keys since each was started, over all."""
    return sum(_changes(port) for port in ports)


def _changes(port: int) -> int:
    with closing(Redis(port=port)) as client:
        info: dict[str, int] = client.info("persistence")
    return info["rdb_changes_since_last_save"]
