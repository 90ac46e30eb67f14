"""What Django's system checks should tell an operator about this instance before it serves (`manage.py check`)."""

import ipaddress
import os
import sqlite3
import stat
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

from chatsite.environment import env
from notifications.gateways.opening import open_gateway

SQLITE_OLDEST = (3, 38, 0)  # JSON functions are built in from here on
HOME_SUFFIXES = (".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal", ".test")


def register_all() -> None:
    register(data_directory_is_ours_alone, Tags.security)
    register(sqlite_is_new_enough, Tags.database, always=True)
    register(hosts_fit_the_other_settings, Tags.security)
    register(the_secret_key_is_one, Tags.security)
    register(push_services_have_their_keys)


def data_directory_is_ours_alone(**_: Any) -> list[CheckMessage]:
    """The data directory holds everybody's messages and the secret key."""
    path = settings.DATA_DIR
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return [Error(f"{path} is not readable and writable for this user.", id="chatsite.E001")]
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        hint = f"chmod 700 '{path}'"
        return [
            checks.Warning(
                f"Other users of this machine may enter {path}, where the messages are.", hint=hint, id="chatsite.W001"
            )
        ]
    return []


def sqlite_is_new_enough(**_: Any) -> list[CheckMessage]:
    if sqlite3.sqlite_version_info >= SQLITE_OLDEST:
        return []
    oldest = ".".join(map(str, SQLITE_OLDEST))
    return [Error(f"Python's SQLite is {sqlite3.sqlite_version}; Chatsite needs {oldest} or newer.", id="chatsite.E002")]


def hosts_fit_the_other_settings(**_: Any) -> list[CheckMessage]:
    """Settings that are fine on one's own machine or at home, and not on the Internet."""
    found: list[CheckMessage] = []
    elsewhere = [host for host in settings.ALLOWED_HOSTS if not _is_this_machine(host)]
    public = [host for host in elsewhere if not _is_at_home(host)]
    if settings.DEBUG and elsewhere:
        found.append(Error(f"DEBUG shows secrets to visitors of {_list(elsewhere)}.", hint="Unset DEBUG.", id="chatsite.E003"))
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts. With * anyone can put their own address into the links of our e-mails."
        found.append(checks.Warning("ALLOWED_HOSTS contains *.", hint=hint, id="chatsite.W002"))
    elif public and not settings.HTTPS:
        hint = "Put a proxy with a certificate in front and set HTTPS=1."
        found.append(checks.Warning(f"{_list(public)} has no HTTPS: passwords go in the clear.", hint=hint, id="chatsite.W003"))
    return found


def the_secret_key_is_one(**_: Any) -> list[CheckMessage]:
    """Each machine would make a key of its own, and refuse the sessions of the others."""
    if settings.PROFILE.is_distributed and not env("SECRET_KEY"):
        hint = "Set SECRET_KEY, the same for every process."
        return [checks.Warning("The secret key is of this machine alone.", hint=hint, id="chatsite.W004")]
    return []


def push_services_have_their_keys(**_: Any) -> list[CheckMessage]:
    """A file that is not what it should be is told now, not with the first push."""
    found: list[CheckMessage] = []
    for name in settings.PUSH_GATEWAYS:
        try:
            open_gateway(name)
        except Exception as error:  # noqa: BLE001 - whatever the libraries raise for a key that is none
            hint = "See the settings of push services in .env.example."
            found.append(
                Error(f"Pushes by {name} cannot be sent: {type(error).__name__}: {error}", hint=hint, id="chatsite.E004")
            )
    return found


def _list(hosts: list[str]) -> str:
    return ", ".join(hosts)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_this_machine(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def _is_at_home(host: str) -> bool:
    address = _address(host)
    if address:
        return address.is_private or address.is_loopback
    return host.lstrip(".").endswith(HOME_SUFFIXES) or "." not in host.strip(".")
