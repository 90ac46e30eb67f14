"""Encrypts small secrets at rest, or in a client's hands, under keys derived from SECRET_KEY."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(ValueError):
    """What was given is not ours, was sealed for another purpose, or is too old."""


@lru_cache(maxsize=16)
def _box(purpose: str, keys: tuple[str, ...]) -> MultiFernet:
    def derived(key: str) -> Fernet:
        material = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"chatsite:{purpose}".encode()).derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(material))

    return MultiFernet([derived(key) for key in keys])


def _current_box(purpose: str) -> MultiFernet:
    return _box(purpose, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def seal(text: str, *, purpose: str) -> str:
    """`text` encrypted and authenticated, as URL-safe ASCII. Only `unseal` with the same purpose opens it."""
    return _current_box(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str, max_age_seconds: int | None = None) -> str:
    """What was sealed. Raises Unreadable when it was altered, sealed for another purpose, or older than `max_age_seconds`."""
    try:
        return _current_box(purpose).decrypt(sealed.encode(), ttl=max_age_seconds).decode()
    except (InvalidToken, UnicodeError) as error:
        raise Unreadable("not sealed by us") from error
