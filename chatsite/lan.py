"""Finds the addresses under which other machines of the local network reach this one, without sending a packet."""

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

if sys.platform == "linux":
    import fcntl

# An address of the documentation range: connecting a datagram socket sends nothing, it only asks the routing table.
_ELSEWHERE = ("192.0.2.1", 9)
_SIOCGIFADDR = 0x8915
_VIRTUAL = ("lo", "docker", "br-", "veth", "virbr", "lxc", "cni", "flannel", "tun", "tap")


def lan_addresses() -> list[str]:
    """IPv4 addresses of this machine, the one towards the default route first; empty without a network."""
    found = dict.fromkeys([*_towards_the_default_route(), *_of_interfaces()])
    return [address for address in found if _reachable(address)]


def _towards_the_default_route() -> Iterator[str]:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_ELSEWHERE)
        yield probe.getsockname()[0]


def _of_interfaces() -> Iterator[str]:
    if sys.platform != "linux":
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            if name.startswith(_VIRTUAL):
                continue
            with contextlib.suppress(OSError):  # an interface without an IPv4 address
                answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                yield socket.inet_ntoa(answer[20:24])


def _reachable(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return not (ip.is_loopback or ip.is_unspecified or ip.is_link_local or ip.is_multicast)
