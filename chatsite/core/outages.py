"""How a server that is away shows itself to code that asks it through a library: as errors of the database, or of Redis."""

from django.db import InterfaceError, OperationalError

from chatsite.core.errors import ChatsiteError, Unavailable

try:
    from redis.exceptions import RedisError
except ImportError:  # an embedded instance has no Redis, nor its client
    OUTAGES: tuple[type[Exception], ...] = (OperationalError, InterfaceError)
else:
    OUTAGES = (OperationalError, InterfaceError, RedisError)


def refusal_of(error: Exception) -> ChatsiteError | None:
    """What a caller is told instead of this error; None when it is a fault of ours."""
    if isinstance(error, ChatsiteError):
        return error
    return Unavailable(retry_after=1) if isinstance(error, OUTAGES) else None
