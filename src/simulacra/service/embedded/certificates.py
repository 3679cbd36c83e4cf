"""TLS for a server nobody has bought a certificate for: a local authority and what it signs.

    DIR/ca.pem              the authority, for clients to trust; it stays the same across restarts
    DIR/tls/authority.pem   the authority with its key, mode 0600
    DIR/tls/server.pem      the server's certificate with its key, mode 0600

A certificate shares a file with its key, so that the two are replaced together or not at all.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from simulacra.service.embedded import directory

ORGANISATION = "Simulacra"
LOCAL = ("localhost", "127.0.0.1", "::1")
AUTHORITY_LIFE = dt.timedelta(days=3650)
SERVER_LIFE = dt.timedelta(days=396)  # browsers refuse more than 398 days
RENEWAL = dt.timedelta(days=30)  # before the end
CLOCK_SKEW = dt.timedelta(days=1)  # allowed to clients whose clock is slow


@dataclass(frozen=True)
class Certificates:
    """Where the files are; ``cert`` and ``key`` name the same one.

    Attributes:
        ca: what clients trust.
        cert: the server's certificate chain.
        key: the server's private key.
    """

    ca: Path
    cert: Path
    key: Path


def ensure(data_dir: Path, hostnames: Sequence[str] = LOCAL) -> Certificates:
    """Return certificates for ``hostnames``, made or renewed as needed.

    The server's certificate is issued again when it nears its end, when the host names change and
    when the authority does. The authority is made anew only when it nears its own end.

    Args:
        data_dir: the data directory; hold it while you call this.
        hostnames: names and IP addresses the server is reached by.

    Raises:
        ValueError: a file holds no certificate, or a host name is none.
        OSError: the data directory cannot be read or written.
    """
    folder = data_dir / "tls"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = _authority(folder / "authority.pem")
    ca, server = data_dir / "ca.pem", folder / "server.pem"
    if not ca.exists() or ca.read_bytes() != authority.cert_pem.bytes():
        directory.write_private(ca, authority.cert_pem.bytes())
    if not server.exists() or not _is_valid(server.read_bytes(), authority, hostnames):
        directory.write_private(server, _issue(authority, hostnames))
    return Certificates(ca=ca, cert=server, key=server)


def _authority(path: Path) -> trustme.CA:
    if path.exists():
        pem = path.read_bytes()
        if _remaining(x509.load_pem_x509_certificate(pem)) > SERVER_LIFE:
            return trustme.CA.from_pem(pem, pem)
    pem = _make_authority()
    directory.write_private(path, pem)
    return trustme.CA.from_pem(pem, pem)


def _make_authority() -> bytes:
    """Make an authority; trustme would let it live for a thousand years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "Simulacra local authority"),
        ]
    )
    now = dt.datetime.now(dt.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _issue(authority: trustme.CA, hostnames: Sequence[str]) -> bytes:
    now = dt.datetime.now(dt.UTC)
    leaf = authority.issue_cert(
        *hostnames,
        organization_name=ORGANISATION,
        organization_unit_name="server",
        not_before=now - CLOCK_SKEW,
        not_after=now + SERVER_LIFE,
    )
    return leaf.private_key_and_cert_chain_pem.bytes()


def _is_valid(pem: bytes, authority: trustme.CA, hostnames: Sequence[str]) -> bool:
    certificate = x509.load_pem_x509_certificate(pem)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    return (
        certificate.issuer == issuer.subject
        and _issuer_key(certificate) == _own_key(issuer)
        and _names(certificate) == {_normal(name) for name in hostnames}
        and _remaining(certificate) > RENEWAL
    )


def _issuer_key(certificate: x509.Certificate) -> bytes | None:
    extensions = certificate.extensions
    return extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def _own_key(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _names(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def _normal(hostname: str) -> str:
    try:
        return str(ipaddress.ip_address(hostname))
    except ValueError:
        return hostname.lower()


def _remaining(certificate: x509.Certificate) -> dt.timedelta:
    return certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
