"""Runs the whole of Chatsite in this process: pages, REST, sockets."""

import argparse
import io
import sys
from typing import Any

import segno
from channels.routing import get_default_application
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chatsite.core.errors import StartupRefused
from chatsite.lan import lan_addresses
from chatsite.server import listen, serve
from messaging.services.node import drain_node

EVERYWHERE = "0.0.0.0"  # noqa: S104  only with --lan


class Command(BaseCommand):
    help = "Serves Chatsite until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", default=8000, type=_port, help="port to listen on (8000; 0: any free one)")
        parser.add_argument("--lan", action="store_true", help="also serve the local network, and show a QR code for phones")

    def handle(self, *, host: str, port: int, lan: bool, **_: Any) -> None:
        try:
            self._serve(EVERYWHERE if lan else host, port, lan=lan)
        except StartupRefused as reason:
            raise CommandError(str(reason)) from None
        except KeyboardInterrupt:  # before uvicorn takes over the signals
            sys.exit(0)

    def _serve(self, host: str, port: int, *, lan: bool) -> None:
        listener = listen(host, port)
        port = listener.getsockname()[1]
        addresses = lan_addresses() if lan else []
        _welcome_as([*addresses, host], port)
        # Only now: the application may read the hosts when it is imported.
        serve(
            get_default_application(),
            listener,
            on_ready=lambda: self._announce(host, port, addresses, lan=lan),
            drain=drain_node,
        )
        self.stdout.write("Chatsite has stopped.")

    def _announce(self, host: str, port: int, addresses: list[str], *, lan: bool) -> None:
        local = host in {"127.0.0.1", "::1", "localhost", EVERYWHERE, "::"}
        name = "localhost" if local else f"[{host}]" if ":" in host else host
        lines = [self.style.SUCCESS(f"Chatsite is ready: http://{name}:{port}") + "   (Ctrl-C stops it)"]
        if lan:
            lines += self._invite_phones(port, addresses)
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _invite_phones(self, port: int, addresses: list[str]) -> list[str]:
        if not addresses:
            return [self.style.WARNING("This machine has no address in a local network: phones cannot reach it yet.")]
        first, *others = [f"http://{address}:{port}" for address in addresses]
        return [
            f"\nOn a phone in the same network, open {first} or scan:\n",
            _qr_code(first, coloured=self.stdout.isatty()),
            *([f"Other addresses of this machine: {', '.join(others)}"] if others else []),
            "This is plain HTTP, not encrypted: everyone in this network can reach this page, and could read along.",
            "Fine at home among friends; anywhere else put HTTPS in front.",
        ]


def _qr_code(text: str, *, coloured: bool) -> str:
    drawing = io.StringIO()
    segno.make(text, error="l").terminal(out=drawing, compact=True, border=2)
    lines = drawing.getvalue().splitlines()
    # White on black also in a terminal with a light background: many cameras cannot read an inverted code.
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in lines) if coloured else "\n".join(lines)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")


def _welcome_as(hosts: list[str], port: int) -> None:
    """Lets browsers name this instance by the addresses that its operator asked it to listen on."""
    for host in hosts:
        if host in {EVERYWHERE, "::"}:
            continue
        name = f"[{host}]" if ":" in host else host
        if name not in settings.ALLOWED_HOSTS:
            settings.ALLOWED_HOSTS.append(name)
            settings.CSRF_TRUSTED_ORIGINS.append(f"http://{name}:{port}")
