"""What a Host header says about where its reader sits."""

from django.http.request import split_domain_port

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_this_machine(host: str) -> bool:
    """Whether a Host header ("localhost:8000") names the machine of whoever wrote it."""
    domain, _port = split_domain_port(host)
    return domain in _LOOPBACK or domain.endswith(".localhost")
