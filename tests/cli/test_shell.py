"""Lines to paste into a shell."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from simulacra.cli import shell
from simulacra.service.settings import Settings

OWN_ISSUER, AUTH0 = "https://localhost:8443/oauth/token", "https://acme.eu.auth0.com/oauth/token"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory with an authority, whose name a shell would take apart."""
    folder = tmp_path / "it's $HOME"
    folder.mkdir()
    (folder / "ca.pem").touch()
    return folder


def variables(lines: list[str], **known: str) -> dict[str, str]:
    """The variables of a shell that has run the lines, and of its `known` ones before."""
    shown = subprocess.run(
        ["sh", "-eu"],
        input="\n".join([*lines, "env -0"]),
        env={"PATH": os.defpath, **known},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(pair.split("=", 1) for pair in shown.stdout.split("\0") if pair)


def lines(data_dir: Path, token_url: str = OWN_ISSUER, **settings: str) -> list[str]:
    found = Settings(data_dir=data_dir, **settings)  # type: ignore[arg-type]  # checked by pydantic
    return shell.client_lines(found, token_url, "aud $ 'x'", "abc")


def test_a_shell_has_what_clients_read(data_dir: Path) -> None:
    found = variables(lines(data_dir))
    assert found["SIMIO_API_BASE"] == "https://localhost:8443"
    assert found["SIMIO_TOKEN_URL"] == OWN_ISSUER
    assert found["SIMIO_AUTH0_DOMAIN"] == "localhost:8443"
    assert found["SIMIO_AUDIENCE"] == found["SIMIO_AUTH0_AUDIENCE"] == "aud $ 'x'"
    assert {found[name] for name in shell.TRUSTING} == {str(data_dir / "ca.pem")}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, "localhost,127.0.0.1"),
        ({"NO_PROXY": "intra.example"}, "localhost,127.0.0.1,intra.example"),
        ({"no_proxy": "a.example", "NO_PROXY": "b"}, "localhost,127.0.0.1,a.example"),
    ],
)
def test_no_proxy_is_asked_for_this_machine(
    data_dir: Path, known: dict[str, str], expected: str
) -> None:
    found = variables(lines(data_dir), **known)
    assert found["no_proxy"] == found["NO_PROXY"] == expected


def test_behind_a_reverse_proxy_the_machines_certificates_count(data_dir: Path) -> None:
    issuer = "https://api.acme.example/oauth/token"
    found = variables(lines(data_dir, issuer, base_url="https://api.acme.example"))
    assert found["SIMIO_API_BASE"] == "https://api.acme.example"
    assert not {*shell.TRUSTING, "no_proxy", "NO_PROXY"} & found.keys()


def test_at_an_address_of_its_own_port_the_server_shows_its_own_certificate(
    data_dir: Path,
) -> None:
    found = variables(
        lines(data_dir, "https://sim.lan:8443/oauth/token", base_url="https://sim.lan:8443")
    )
    assert found["CURL_CA_BUNDLE"] == str(data_dir / "ca.pem")
    assert "no_proxy" not in found


def test_auth0_is_not_asked_to_show_our_certificate(data_dir: Path) -> None:
    printed = lines(data_dir, AUTH0)
    found = variables(printed)
    assert (found["SIMIO_TOKEN_URL"], found["SIMIO_AUTH0_DOMAIN"]) == (AUTH0, "acme.eu.auth0.com")
    assert not {*shell.TRUSTING} & found.keys()
    assert any(line.startswith("# ") and str(data_dir / "ca.pem") in line for line in printed)


def test_the_program_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, *words = shlex.split(shell.command("operator", "it's"))
    assert words == ["operator", "it's"]
    assert Path(program).is_absolute()
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    assert shlex.split(shell.command())[:3] == [sys.executable, "-m", "simulacra.cli.main"]
    script = folder / "simulacra"
    script.touch(0o755)
    assert shlex.split(shell.command()) == [str(script)]
    monkeypatch.setenv("PATH", str(folder))
    assert shlex.split(shell.command()) == [str(script)], "an activated environment is left again"
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    (elsewhere / "simulacra").symlink_to(script)
    monkeypatch.setenv("PATH", str(elsewhere))
    assert shell.command("serve") == "simulacra serve"
