"""The key by which push services know this instance (RFC 8292). Kept in the environment or in a file of the data directory, nowhere else."""

import os
from base64 import urlsafe_b64encode
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def new_key() -> str:
    """A private key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*pem).decode()


def public_key(private_key: str) -> str:
    """As browsers want it (`applicationServerKey`): the uncompressed point in base64url. Raises ValueError for what is no P-256 key."""
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("not a key of the curve P-256")
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


def write_key(path: Path, private_key: str, *, replace: bool = False) -> bool:
    """Readable by us alone. False, and nothing is written, if there is one already that is not to be replaced."""
    if replace:
        path.unlink(missing_ok=True)
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(private_key)
    except FileExistsError:
        return False
    return True
