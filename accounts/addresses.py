"""Which address a request came from.

X-Forwarded-For is a client's word: only what the TRUSTED_PROXIES proxies of ours appended to it counts.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """The client's address, or None when the server does not know it (a Unix socket, a test)."""
    return _address_behind(
        peer=request.META.get("REMOTE_ADDR", ""),
        forwarded_for=request.headers.get("X-Forwarded-For", ""),
        trusted_proxies=settings.TRUSTED_PROXIES,
    )


def _address_behind(*, peer: str, forwarded_for: str, trusted_proxies: int) -> str | None:
    """Every trusted proxy appends the address it saw; the last `trusted_proxies` entries are theirs, the rest is hearsay."""
    seen = [entry.strip() for entry in forwarded_for.split(",")] if forwarded_for else []
    if 0 < trusted_proxies <= len(seen):
        return _parsed(seen[-trusted_proxies])
    return _parsed(peer)


def _parsed(text: str) -> str | None:
    """A plain address; an IPv4 address that an IPv6 socket saw counts as itself."""
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
