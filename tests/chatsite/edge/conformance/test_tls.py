"""The same behind TLS, as where no proxy stands before a node."""

import datetime as dt
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.chatsite.edge.conformance.client import PING, PONG, TEXT, Client, close, frame
from tests.chatsite.edge.conformance.server import EchoServer


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with the key and the certificate of localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "localhost.pem"
    plain = serialization.NoEncryption()
    octets = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(octets + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize("implementation", ["slim", "detached", "stock"])
def test_frames_of_every_size_go_both_ways(certificate: Path, implementation: str) -> None:
    server = EchoServer(implementation, tls={"ssl_keyfile": str(certificate), "ssl_certfile": str(certificate)})
    server.start()
    trusted = ssl.create_default_context(cafile=str(certificate))
    try:
        client = Client(trusted.wrap_socket(socket.create_connection(server.address), server_hostname="localhost"))
        assert client.open().startswith(b"HTTP/1.1 101 ")
        for size in (0, 1, 126, 16_384, 65_536):
            client.send(frame(TEXT, b"x" * size) + frame(PING, b"!"))
            assert sorted([client.next_frame() or (0, b""), client.next_frame() or (0, b"")]) == [
                (TEXT, b"x" * size),
                (PONG, b"!"),
            ]
        client.send(close(1001))
        assert [one and one[1] for one in client.frames()] == [b"\x03\xe9"]
        client.connection.close()
    finally:
        server.stop()
