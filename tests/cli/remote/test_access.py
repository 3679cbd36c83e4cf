"""Credentials: where they come from, where they are kept, and that nobody sees them."""

import argparse
import json
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import certifi
import keyring
import keyring.backend
import pytest
from keyring.errors import KeyringError

from simulacra.cli.main import new_parser
from tests.cli.remote.conftest import ENVIRONMENT, Remote
from tests.client.conftest import BASE, SECRET, Service, ok, problem
from tests.client.test_session import usage

NEW = "a-new-secret"
CREDENTIAL = {
    "client_id": "client",
    "client_secret": NEW,
    "token_url": f"{BASE}/oauth/token",
    "audience": "https://audience.example",
}
SIGNUP = {"request_id": "req_1", "created_at": "2026-11-01T00:00:00Z"}
SIGN_UP = ["signup", BASE, "--company", "Acme", "--email", "a@acme.example"]


def kept(path: Path) -> dict[str, dict[str, str]]:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return tomllib.loads(path.read_text())


class InMemory(keyring.backend.KeyringBackend):
    """A keyring of the system, as far as commands see it."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of the package keyring
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.is_locked:
            raise KeyringError("locked")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def ring() -> Iterator[InMemory]:
    before = keyring.get_keyring()
    it = InMemory()
    keyring.set_keyring(it)
    yield it
    keyring.set_keyring(before)


def test_a_secret_from_standard_input_is_checked_and_kept(
    remote: Remote, service: Service, profiles: Path, tmp_path: Path
) -> None:
    service.will(usage())
    ended = remote("login", BASE, "--client-id", "client", stdin=f"{SECRET}\n")
    assert ended.code == 0
    assert "Next:  simulacra remote upload STUDY" in ended.out
    assert service.minted == 1
    assert kept(profiles)["default"] == {
        "base_url": BASE,
        "client_id": "client",
        "client_secret": SECRET,
        "token_url": f"{BASE}/oauth/token",
        "audience": BASE,
    }
    assert [path.name for path in tmp_path.iterdir()] == [profiles.name]
    service.will(usage())
    assert remote("usage").code == 0


def test_the_json_of_a_credential_is_understood(
    remote: Remote, service: Service, profiles: Path
) -> None:
    service.will(usage())
    ended = remote("login", BASE, "--profile", "acme", "--json", stdin=json.dumps(CREDENTIAL))
    assert json.loads(ended.out) == {
        "profile": "acme", "file": str(profiles), "base_url": BASE, "client_id": "client",
    }  # fmt: skip
    assert kept(profiles)["acme"] == {"base_url": BASE, **CREDENTIAL}


@pytest.mark.parametrize(
    "given", [(["--claim"], "a-claim-token"), ([], '{"credential_claim_token": "a-claim-token"}')]
)
def test_a_claim_token_is_exchanged(
    remote: Remote, service: Service, profiles: Path, given: tuple[list[str], str]
) -> None:
    options, text = given
    service.will(ok(**CREDENTIAL), usage())
    assert remote("login", BASE, *options, stdin=text).code == 0
    assert kept(profiles)["default"]["client_secret"] == NEW
    assert service.requests[0].url.path == "/v1/credential-claims"


def test_credentials_of_the_environment_are_stored(
    remote: Remote, service: Service, profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    service.will(usage())
    assert remote("login", "--profile", "acme").code == 0
    assert kept(profiles)["acme"]["client_secret"] == SECRET


def test_a_secret_of_the_environment_goes_to_no_other_address(
    remote: Remote, service: Service, profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    ended = remote("login", "https://other.example", "--client-id", "client")
    assert ended.code == 2
    assert service.minted == 0
    assert not profiles.exists() or kept(profiles) == {}


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        (["--client-id", "a"], "", "has no secret"),
        (["--client-id", "a"], "two words", "has no secret"),
        ([], SECRET, "--client-id ID"),
        ([], "{}", "without client_id"),
        ([], json.dumps(CREDENTIAL | {"token_url": 5}), "token_url is no text"),
        ([], json.dumps(CREDENTIAL | {"client_id": ["a"]}), "client_id is no text"),
        (["--client-id", "a"], f"{SECRET}\udcff\udcfe", "no text in UTF-8"),
        (["--claim", "--client-id", "a"], SECRET, "leave out --client-id"),
    ],
)
def test_what_is_missing_is_said(
    remote: Remote, service: Service, profiles: Path, options: list[str], text: str, said: str
) -> None:
    ended = remote("login", BASE, *options, stdin=text)
    assert (ended.code, said in ended.err) == (2, True)
    assert service.requests == []
    assert kept(profiles) == {}


def test_credentials_that_are_refused_are_not_stored(
    remote: Remote, service: Service, profiles: Path
) -> None:
    service.will(problem(401, "simio_unauthorized"), problem(401, "simio_unauthorized"))
    assert remote("login", BASE, "--client-id", "client", stdin=SECRET).code == 3
    assert kept(profiles) == {}


def test_a_client_that_may_not_read_the_usage_is_logged_in(
    remote: Remote, service: Service, profiles: Path
) -> None:
    service.will(problem(403, "simio_forbidden"))
    assert remote("login", BASE, "--client-id", "client", stdin=SECRET).code == 0
    assert kept(profiles)["default"]["client_id"] == "client"


def test_the_secret_of_another_client_is_not_overwritten(
    remote: Remote, service: Service, profiles: Path
) -> None:
    service.will(usage())
    remote("login", BASE, "--client-id", "client", stdin=SECRET)
    before = profiles.read_text()
    ended = remote("login", BASE, "--client-id", "other", stdin=NEW)
    assert (ended.code, "logout --profile default" in ended.err) == (2, True)
    ended = remote("login", "https://other.example", "--claim", stdin="a-claim-token")
    assert ended.code == 2
    assert profiles.read_text() == before
    service.will(usage())
    assert remote("login", BASE, "--client-id", "client", stdin=NEW).code == 0


def test_the_certificates_of_an_address_are_named_once(
    remote: Remote, service: Service, profiles: Path
) -> None:
    login = ["login", BASE, "--client-id", "client"]
    for options in (["--ca-file", certifi.where()], []):
        service.will(usage())
        assert remote(*login, *options, stdin=SECRET).code == 0
        assert kept(profiles)["default"]["ca_file"] == certifi.where()


def test_the_variable_names_a_profile_too(
    remote: Remote, service: Service, profiles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMIO_PROFILE", "acme")
    service.will(usage())
    assert remote("login", BASE, "--client-id", "client", stdin=SECRET).code == 0
    assert [*kept(profiles)] == ["acme"]


def test_a_pending_request_and_then_the_credentials(
    remote: Remote, service: Service, profiles: Path
) -> None:
    pending = ok(**SIGNUP, status="pending")
    service.will(pending, pending)
    ended = remote(*SIGN_UP, "--json")
    assert (ended.code, json.loads(ended.out)) == (0, {"request_id": "req_1", "status": "pending"})
    approved = ok(
        **SIGNUP, status="approved", client_id="client", credential_claim_token="a-claim-token"
    )
    service.will(approved, approved, ok(**CREDENTIAL), usage())
    assert remote(*SIGN_UP).code == 0
    assert kept(profiles)["default"]["client_secret"] == NEW


def test_the_decision_is_waited_for(
    remote: Remote, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("simulacra.cli.remote.access.time.sleep", waited.append)
    pending = [ok(**SIGNUP, status="pending") for _ in range(4)]
    service.will(*pending, ok(**SIGNUP, status="declined"))
    ended = remote(*SIGN_UP, "--wait")
    assert (ended.code, "req_1 is declined." in ended.out) == (4, True)
    assert waited == [30, 30, 30]


def test_a_secret_is_replaced_in_its_profile(
    remote: Remote, service: Service, profiles: Path
) -> None:
    service.will(usage())
    remote("login", BASE, "--client-id", "client", stdin=SECRET)
    service.will(ok(credential_claim_token="a-claim-token"), ok(**CREDENTIAL))
    ended = remote("rotate", "--idempotency-key", "once")
    assert (ended.code, "profile 'default'" in ended.out) == (0, True)
    assert kept(profiles)["default"]["client_secret"] == NEW
    assert service.headers("idempotency-key")[1] == "once"


@pytest.mark.usefixtures("credentials")
def test_a_secret_that_could_not_be_stored_is_not_replaced(
    remote: Remote, service: Service
) -> None:
    ended = remote("rotate")
    assert (ended.code, "--print-secret" in ended.err, service.requests) == (2, True, [])
    service.will(ok(credential_claim_token="a-claim-token"), ok(**CREDENTIAL))
    ended = remote("rotate", "--print-secret", may_print=(NEW,))
    assert json.loads(ended.out) == CREDENTIAL


def test_a_keyring_has_the_secret_in_place_of_the_file(
    remote: Remote, service: Service, profiles: Path, ring: InMemory
) -> None:
    service.will(usage())
    login = ["login", BASE, "--client-id", "client", "--keyring"]
    assert remote(*login, stdin=SECRET).code == 0
    place = (f"simulacra {BASE}", "client")
    assert ring.kept == {place: SECRET}
    assert "client_secret" not in kept(profiles)["default"]
    service.will(usage())
    assert remote("usage").code == 0
    service.will(usage())
    assert remote(*login).code == 0  # it is there, and nothing is asked for
    service.will(ok(credential_claim_token="a-claim-token"), ok(**CREDENTIAL))
    ended = remote("rotate")
    assert (ended.code, "in the keyring" in ended.out) == (0, True)
    assert ring.kept == {place: NEW}
    assert "client_secret" not in kept(profiles)["default"]
    ring.is_locked = True
    ended = remote("rotate")
    assert (ended.code, "locked" in ended.err) == (2, True)  # before anything is replaced
    assert remote("logout").code == 0
    assert (ring.kept, kept(profiles)) == ({}, {})


def test_a_claim_goes_to_the_keyring(
    remote: Remote, service: Service, profiles: Path, ring: InMemory
) -> None:
    ring.is_locked = True
    claim = ["login", BASE, "--claim", "--keyring"]
    assert remote(*claim, stdin="a-claim-token").code == 2  # and the token is still good
    assert service.requests == []
    ring.is_locked = False
    service.will(ok(**CREDENTIAL), usage())
    assert remote(*claim, stdin="a-claim-token").code == 0
    assert ring.kept == {(f"simulacra {BASE}", "client"): NEW}
    assert "client_secret" not in kept(profiles)["default"]


def test_a_profile_is_removed(remote: Remote, service: Service, profiles: Path) -> None:
    for name in ("acme", "other"):
        service.will(usage())
        remote("login", BASE, "--client-id", "client", "--profile", name, stdin=SECRET)
    assert remote("logout", "--profile", "acme").code == 0
    assert [*kept(profiles)] == ["other"]
    ended = remote("logout", "--profile", "acme")
    assert (ended.code, "no profile 'acme'" in ended.err) == (3, True)


def test_no_option_takes_a_secret() -> None:
    (remote,) = _parsers(new_parser(("remote",)))
    options = {word for one in _parsers(remote) for word in one.format_help().split()}
    secrets = {word for word in options if word.startswith("--") and "secret" in word}
    assert secrets == {"--print-secret"}
    tokens = {word for word in options if word.startswith("--") and "token" in word}
    assert tokens == {"--token-url"}


def test_the_page_names_every_command() -> None:
    (remote,) = _parsers(new_parser(("remote",)))
    (commands,) = [it for it in remote._actions if isinstance(it, argparse._SubParsersAction)]
    page = (Path(__file__).parents[3] / "docs" / "remote.md").read_text()
    table = page[page.index("| command |") : page.index("## Log in")]
    named = {words.split()[0] for words in re.findall(r"`([a-z][^`]*)`", table)} - {"simulacra"}
    assert named == {*commands.choices}


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()
