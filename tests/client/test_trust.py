"""Which certificates are trusted."""

import os
from pathlib import Path

import pytest
import trustme

from simulacra.client import Simulacra, trust
from simulacra.client.errors import ConfigurationError


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


def test_a_file_is_trusted_in_place_of_the_machines(
    authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in trust.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    assert trust.context(None).cert_store_stats()["x509_ca"] > 50
    assert trust.context(str(authority)).cert_store_stats()["x509_ca"] == 1
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert trust.context(None).cert_store_stats()["x509_ca"] == 1


def test_a_file_that_holds_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "not.pem"
    path.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"ca_file: .*not\.pem has no certificates"):
        Simulacra("https://api.example", ca_file=str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_FILE: .*missing\.pem .*No such file"):
        Simulacra("https://api.example")


def test_certificates_are_loaded_once_until_their_file_changes(authority: Path) -> None:
    loaded = trust.context(str(authority))
    assert trust.context(str(authority)) is loaded
    before = authority.stat().st_mtime_ns
    trustme.CA().cert_pem.write_to_path(str(authority))
    os.utime(authority, ns=(before, before + 1))
    assert trust.context(str(authority)).get_ca_certs() != loaded.get_ca_certs()
