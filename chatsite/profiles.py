"""What an instance stands on: `embedded`, one process and its files, or `distributed`, many processes and their servers."""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from chatsite.core.startup import StartupRefused
from chatsite.environment import env, env_int, env_words

ROLES = ("all", "api", "node", "worker")
Spec = dict[str, Any]  # of Django's usual form, {"BACKEND": "dotted.path", "OPTIONS": {…}}


@dataclass(frozen=True)
class Profile:
    """The settings that a profile decides. `node_name` is unique among the processes of the instance."""

    is_distributed: bool
    node_name: str
    database: Spec
    cache: Spec
    discovery: Spec
    channel_layer: Spec
    sequencer: Spec
    message_log: Spec
    inbox: Spec
    receipts: Spec
    tickets: Spec
    shown: Spec
    presence: Spec
    pusher: Spec


def chosen_profile(data_dir: Path) -> Profile:
    """The one that CHATSITE_PROFILE names. Raises StartupRefused when the environment lacks what it needs."""
    name = env("CHATSITE_PROFILE") or "embedded"
    if name == "embedded":
        return embedded(data_dir)
    if name == "distributed":
        return distributed()
    raise StartupRefused(f"CHATSITE_PROFILE is {name!r}; it may be embedded or distributed.")


def chosen_role() -> str:
    """What this process does: `api` pages and REST, `node` sockets, `worker` tasks, `all` everything but tasks."""
    role = env("ROLE") or "all"
    if role not in ROLES:
        raise StartupRefused(f"ROLE is {role!r}; it may be one of: {', '.join(ROLES)}.")
    if role != "all" and env("CHATSITE_PROFILE") in {"", "embedded"}:
        raise StartupRefused(f"ROLE={role} needs CHATSITE_PROFILE=distributed: an embedded instance is one process.")
    return role


def chosen_websockets() -> str:
    """Which implementation holds the sockets: `slim`, our own, or `stock`, the one that comes with the server."""
    websockets = env("WEBSOCKETS") or "slim"
    if websockets not in {"slim", "stock"}:
        raise StartupRefused(f"WEBSOCKETS is {websockets!r}; it may be slim or stock.")
    return websockets


def cassandra_options() -> dict[str, Any]:
    """How adapters reach Cassandra; without hosts there is none."""
    return {
        "hosts": env_words("CASSANDRA_HOSTS"),
        "port": env_int("CASSANDRA_PORT", 9042),
        "keyspace": env("CASSANDRA_KEYSPACE", "chatsite"),
        "datacenter": env("CASSANDRA_DATACENTER", "datacenter1"),
    }


def embedded(data_dir: Path) -> Profile:
    """Messages are in a file of their own: a slow query of an account never holds up a send."""
    node_name = env("NODE_NAME") or "node-1"
    messages = {"path": str(data_dir / "messages.sqlite3")}
    return Profile(
        is_distributed=False,
        node_name=node_name,
        database={
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": data_dir / "chatsite.sqlite3",
            "CONN_MAX_AGE": None,  # to open the file anew for each request costs more than most requests
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000;",
            },
        },
        cache={"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 100_000}},
        discovery=_spec("chatsite.discovery.static.StaticDiscovery", {"directory": str(data_dir / "workers"), "node": node_name}),
        channel_layer=_spec("chatsite.edge.layer.LocalLayer"),
        sequencer=_spec("messaging.stores.sequencer.sqlite.SqliteSequencer", messages),
        message_log=_spec("messaging.stores.log.sqlite.SqliteMessageLog", messages),
        inbox=_spec("messaging.stores.inbox.sqlite.SqliteInbox", messages),
        receipts=_spec("messaging.stores.receipts.sqlite.SqliteReceipts", messages),
        tickets=_spec("messaging.stores.tickets.memory.MemoryTickets"),
        shown=_spec("messaging.stores.shown.sqlite.SqliteShownNotices", messages),
        presence=_spec("presence.stores.memory.MemoryPresence"),
        pusher=_spec("messaging.services.push.pusher.OwnPusher"),
    )


def distributed() -> Profile:
    needed = {name: env_words(name) for name in ("CASSANDRA_HOSTS", "REDIS_SHARD_URLS", "ZOOKEEPER_HOSTS")}
    needed |= {name: env_words(name)[:1] for name in ("DATABASE_URL", "REDIS_URL")}
    if missing := sorted(name for name, value in needed.items() if not value):
        raise StartupRefused(f"CHATSITE_PROFILE=distributed needs {', '.join(missing)}. See .env.example.")
    redis_url, shard_urls = env("REDIS_URL"), env_words("REDIS_SHARD_URLS")
    # A name is of one life of a process: what a dead one left behind is never taken for the new one's.
    node_name = f"{env('NODE_NAME') or socket.gethostname()}-{secrets.token_hex(4)}"
    coordination = {"urls": shard_urls, "cassandra": cassandra_options()}
    return Profile(
        is_distributed=True,
        node_name=node_name,
        database=postgresql(env("DATABASE_URL"), connections=env_int("DATABASE_CONNECTIONS", 8)),
        cache={
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "cache",
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
        },
        discovery=_spec(
            "chatsite.discovery.zookeeper.ZooKeeperDiscovery",
            {"hosts": ",".join(env_words("ZOOKEEPER_HOSTS")), "node": node_name, "url": env("NODE_URL"), "region": env("REGION")},
        ),
        channel_layer=_channel_layer(env("CHANNEL_LAYER") or "chatsite", redis_url=redis_url, shard_urls=shard_urls),
        sequencer=_spec("messaging.stores.sequencer.redis.RedisSequencer", coordination),
        message_log=_spec("messaging.stores.log.cassandra.CassandraMessageLog", cassandra_options()),
        inbox=_spec("messaging.stores.inbox.redis.RedisInbox", coordination),
        receipts=_spec("messaging.stores.receipts.redis.RedisReceipts", coordination),
        tickets=_spec("messaging.stores.tickets.redis.RedisTickets", coordination),
        shown=_spec("messaging.stores.shown.redis.RedisShownNotices", coordination),
        presence=_spec("presence.stores.redis.RedisPresence", coordination | {"incarnation": node_name}),
        pusher=_spec("messaging.services.push.queue.QueuePusher", {"url": redis_url}),
    )


def _spec(backend: str, options: dict[str, Any] | None = None) -> Spec:
    return {"BACKEND": backend, "OPTIONS": options or {}}


def _channel_layer(name: str, *, redis_url: str, shard_urls: list[str]) -> Spec:
    if name == "channels_redis":
        return {"BACKEND": "chatsite.edge.stock_layer.StockLayer", "CONFIG": {"urls": [redis_url]}}
    if name == "chatsite":
        return {"BACKEND": "chatsite.edge.redis_layer.RedisLayer", "CONFIG": {"urls": shard_urls}}
    raise StartupRefused(f"CHANNEL_LAYER is {name!r}; it may be chatsite or channels_redis.")


def postgresql(url: str, *, connections: int) -> Spec:
    """A pool per process: a request borrows a connection and gives it back; one that a restart of PostgreSQL broke is replaced."""
    refusal = StartupRefused("DATABASE_URL must be of the form postgresql://user:password@host:port/database.")
    try:
        parts = urlsplit(url)
        port = parts.port or ""
    except ValueError:
        raise refusal from None
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise refusal
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            **dict(parse_qsl(parts.query)),  # sslmode and the like
            "pool": {"min_size": 1, "max_size": connections, "timeout": 10},
        },
    }
