"""Rate limits of REST, counted by user together with the socket's."""

from accounts.api.requests import AuthenticatedRequest
from chatsite.core.errors import RateLimited
from messaging.services.node import Node


def limit_rate(node: Node, request: AuthenticatedRequest, what: str, *, rate: float, burst: float) -> None:
    """Raises RateLimited with the seconds to wait."""
    wait = node.limits.allow((what, request.auth.user_id), rate, burst)
    if wait is not None:
        raise RateLimited(retry_after=wait)
