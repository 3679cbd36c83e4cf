import datetime as dt
import ipaddress
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from simulacra.service.embedded import certificates


def shake_hands(files: certificates.Certificates, hostname: str) -> None:
    """Let a strict client and a server talk TLS to each other in memory."""
    trusting = ssl.create_default_context(cafile=files.ca)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(files.cert, files.key)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=hostname)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    unfinished = [client, server]
    while unfinished:
        side = unfinished.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            unfinished.append(side)


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


@pytest.mark.parametrize("hostname", certificates.LOCAL)
def test_strict_clients_trust_the_server(tmp_path: Path, hostname: str) -> None:
    shake_hands(certificates.ensure(tmp_path), hostname)


def test_another_name_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(certificates.ensure(tmp_path), "example.org")


def test_everything_stays_across_restarts(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path)
    before = files.ca.read_bytes(), files.cert.read_bytes()
    assert certificates.ensure(tmp_path) == files
    assert (files.ca.read_bytes(), files.cert.read_bytes()) == before


def test_keys_are_private_and_the_authority_in_clients_hands_has_none(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path)
    for path in (tmp_path / "tls").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"PRIVATE" not in files.ca.read_bytes()


def test_new_host_names_keep_the_authority(tmp_path: Path) -> None:
    before = certificates.ensure(tmp_path).ca.read_bytes()
    files = certificates.ensure(tmp_path, ("localhost", "survey.example.org", "10.0.0.7"))
    assert files.ca.read_bytes() == before
    shake_hands(files, "survey.example.org")
    shake_hands(files, "10.0.0.7")


def test_a_certificate_near_its_end_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(certificates, "SERVER_LIFE", dt.timedelta(days=29))
        before = certificates.ensure(tmp_path)
        ca, server = before.ca.read_bytes(), before.cert.read_bytes()
    files = certificates.ensure(tmp_path)
    assert files.ca.read_bytes() == ca
    assert files.cert.read_bytes() != server
    shake_hands(files, "localhost")


def test_a_lost_authority_is_replaced_with_all_it_signed(tmp_path: Path) -> None:
    certificates.ensure(tmp_path)
    (tmp_path / "tls" / "authority.pem").unlink()
    shake_hands(certificates.ensure(tmp_path), "localhost")


def test_lifetimes(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path)
    authority, server = load(files.ca), load(files.cert)
    span = server.not_valid_after_utc - server.not_valid_before_utc
    assert span <= dt.timedelta(days=397)
    assert authority.not_valid_after_utc.year - authority.not_valid_before_utc.year == 10
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("::1") in names.get_values_for_type(x509.IPAddress)
