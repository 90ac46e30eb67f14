"""The push services that this instance can send to, as the environment names them."""

from pathlib import Path
from typing import Any

from chatsite.core.startup import StartupRefused
from chatsite.environment import env, env_flag, env_words
from notifications.vapid import public_key

Spec = dict[str, Any]


def vapid_key_file(data_dir: Path) -> Path:
    """Where the key of web push is kept: the same file for every process of an instance."""
    return Path(env("VAPID_KEY_FILE") or data_dir / "vapid.pem")


def vapid_keys(path: Path) -> tuple[str, str]:
    """The private key, and the public one as browsers want it; empty where there is no file. Raises StartupRefused for what is no key."""
    if not path.is_file():
        return "", ""
    try:
        private_key = path.read_text()
        return private_key, public_key(private_key)
    except ValueError:
        raise StartupRefused(f"{path} holds no VAPID key: `manage.py vapid` makes one when it is away.") from None


def chosen_gateways(vapid_key: str) -> dict[str, Spec]:
    """Django's usual form, by name. Raises StartupRefused for half a configuration."""
    gateways: dict[str, Spec] = {}
    # For push services of one's own network: one of a test, say. Addresses that are not public are refused otherwise.
    reach = {"private": env_flag("PUSH_PRIVATE"), "authorities": env("PUSH_CA_FILE") or None}
    if vapid_key:
        options = {"private_key": vapid_key, "contact": _contact(), "hosts": env_words("PUSH_HOSTS")}
        gateways["web"] = _spec("web.WebGateway", options | reach)
    if credentials := env("FCM_CREDENTIALS_FILE"):
        gateways["fcm"] = _spec(
            "fcm.FcmGateway", {"credentials": _file("FCM_CREDENTIALS_FILE", credentials), **_url(env("FCM_URL")), **reach}
        )
    if key := env("APNS_KEY_FILE"):
        named = {"key_id": env("APNS_KEY_ID"), "team_id": env("APNS_TEAM_ID"), "topic": env("APNS_TOPIC")}
        if missing := [f"APNS_{option.upper()}" for option, value in named.items() if not value]:
            raise StartupRefused(f"APNS_KEY_FILE needs {', '.join(missing)}. See .env.example.")
        gateways["apns"] = _spec(
            "apns.ApnsGateway", {"key": _file("APNS_KEY_FILE", key), **named, **_url(env("APNS_URL")), **reach}
        )
    if env_flag("PUSH_CONSOLE"):
        gateways["console"] = _spec("console.ConsoleGateway")
    return gateways


def _spec(backend: str, options: dict[str, Any] | None = None) -> Spec:
    return {"BACKEND": f"notifications.gateways.{backend}", "OPTIONS": options or {}}


def _url(url: str) -> dict[str, str]:
    return {"url": url} if url else {}


def _file(name: str, path: str) -> str:
    if not Path(path).is_file():
        raise StartupRefused(f"{name} is {path!r}; there is no such file.")
    return path


def _contact() -> str:
    """Whom a push service may write to when something is wrong with our pushes."""
    if contact := env("PUSH_CONTACT"):
        if not contact.startswith(("mailto:", "https://")):
            raise StartupRefused(f"PUSH_CONTACT is {contact!r}; it is a mailto: or an https: address.")
        return contact
    hosts = [host for host in env_words("ALLOWED_HOSTS") if "." in host and not host.startswith(("127.", "["))]
    return f"mailto:admin@{(hosts or ['localhost'])[0].lstrip('*.')}"
