"""A throw-away TLS certificate for 127.0.0.1: some real clients refuse to speak plain HTTP even to a stand-in."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

LIFETIME = timedelta(days=7)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Writes a new key and a certificate that is its own authority.

    :returns: the certificate's file, and the file with key and certificate that a server needs.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "airflow-provider-harness stand-in")])
    hosts = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
        .add_extension(hosts, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "stand-in.crt", folder / "stand-in.pem"
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(parents=True, exist_ok=True)
    public.write_bytes(pem)
    private.unlink(missing_ok=True)
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(*form) + pem)
    return public, private


def trusting(certificate: Path, bundle: Path) -> Path:
    """A file for ``SSL_CERT_FILE`` with everything that is trusted already and one certificate more.

    :param bundle: the file to write.
    """
    import certifi

    usual = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or certifi.where()
    bundle.write_bytes(Path(usual).read_bytes() + b"\n" + certificate.read_bytes())
    return bundle
