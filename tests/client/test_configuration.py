"""Where the configuration comes from."""

import stat
from pathlib import Path

import pytest

from simulacra.client import configuration
from simulacra.client.configuration import Configuration
from simulacra.client.errors import ConfigurationError

GUIDE = {
    "SIMIO_API_BASE": "https://localhost:8443/",
    "SIMIO_AUTH0_DOMAIN": "localhost:8443",
    "SIMIO_AUTH0_AUDIENCE": "https://api.simulacra-data.com",
    "SIMIO_CLIENT_ID": "id",
    "SIMIO_CLIENT_SECRET": "very-secret",
}
ACME = Configuration("https://acme.example", "acme", 'quo"te\\and ünicode')


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """No variables but the one that says where profiles are."""
    return {"SIMIO_PROFILES_FILE": str(tmp_path / "deep" / "profiles.toml")}


def test_the_variables_of_the_guide(variables: dict[str, str]) -> None:
    found = configuration.find(environment=variables | GUIDE)
    assert found == Configuration(
        "https://localhost:8443",
        "id",
        "very-secret",
        "https://localhost:8443/oauth/token",
        "https://api.simulacra-data.com",
    )
    assert "very-secret" not in repr(found)


def test_the_variables_of_the_quickstart(variables: dict[str, str]) -> None:
    more = {"SIMIO_TOKEN_URL": "https://issuer.example/token", "SIMIO_AUDIENCE": "us"}
    found = configuration.find(environment=variables | GUIDE | more)
    assert (found.token_url, found.audience) == ("https://issuer.example/token", "us")


def test_issuer_and_audience_are_the_services_own_by_default() -> None:
    assert ACME.token_url == "https://acme.example/oauth/token"
    assert ACME.audience == "https://acme.example"


def test_an_argument_counts_before_a_variable(variables: dict[str, str]) -> None:
    found = configuration.find(environment=variables | GUIDE, client_id="other")
    assert (found.client_id, found.client_secret) == ("other", "very-secret")


def test_a_profile_is_written_for_its_owner_alone_and_read(variables: dict[str, str]) -> None:
    path = configuration.save_profile("acme", ACME, variables)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    other = Configuration("https://other.example", "other", "s")
    configuration.save_profile("default", other, variables)
    found = configuration.find("acme", environment=variables)
    assert (found.client_secret, found.profile) == (ACME.client_secret, "acme")
    assert configuration.find(environment=variables).client_id == "other"
    assert [it.name for it in path.parent.iterdir()] == ["profiles.toml"]


def test_variables_and_a_profile_are_never_mixed(variables: dict[str, str]) -> None:
    configuration.save_profile("default", ACME, variables)
    base = {"SIMIO_API_BASE": "https://localhost:8443"}
    assert configuration.find(environment=variables | base).client_id is None
    named = variables | GUIDE | {"SIMIO_PROFILE": "default"}
    assert configuration.find(environment=named).client_id == "acme"


def test_a_profile_that_others_may_open_is_refused(variables: dict[str, str]) -> None:
    path = configuration.save_profile("acme", ACME, variables)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"mode 0644.*chmod 600"):
        configuration.find("acme", environment=variables)


def test_a_profile_that_is_not_there(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="no profile 'acme': there is no file"):
        configuration.find("acme", environment=variables)
    configuration.save_profile("default", ACME, variables)
    with pytest.raises(ConfigurationError, match="no profile 'acme'; there are 'default'"):
        configuration.find("acme", environment=variables)
    with pytest.raises(ConfigurationError, match="letters, digits"):
        configuration.save_profile("a b", ACME, variables)


@pytest.mark.parametrize("text", ["a secret, and no TOML", "[acme]\nclient_sceret = 'a secret'"])
def test_a_file_that_cannot_be_read_is_not_quoted(variables: dict[str, str], text: str) -> None:
    path = configuration.save_profile("acme", ACME, variables)
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        configuration.find("acme", environment=variables)
    assert "a secret" not in str(caught.value)


def test_an_address_is_needed(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="SIMIO_API_BASE"):
        configuration.find(environment=variables)


@pytest.mark.parametrize(
    "url",
    ["http://acme.example", "acme.example", "https://user:pw@acme.example", "https://", "ftp://a"],
)
def test_secrets_go_to_https_addresses_alone(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url must be an https address") as caught:
        Configuration(url)
    assert "pw" not in str(caught.value)
    assert Configuration("http://localhost:8000").base_url == "http://localhost:8000"


def test_what_else_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="SIMIO_AUTH0_DOMAIN must be a host"):
        configuration.find(
            environment=variables | GUIDE | {"SIMIO_AUTH0_DOMAIN": "https://localhost"}
        )
    with pytest.raises(ConfigurationError, match="no file /nowhere"):
        Configuration("https://acme.example", ca_file="/nowhere")


def test_a_secret_does_not_stay_in_the_file_that_a_link_leads_to(
    variables: dict[str, str], tmp_path: Path
) -> None:
    path = configuration.save_profile("acme", ACME, variables)
    target = path.rename(tmp_path / "elsewhere.toml")
    path.symlink_to(target)
    configuration.remove_profile("acme", variables)
    assert path.is_symlink()
    assert target.read_text() == ""
    configuration.save_profile("acme", ACME, variables)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert configuration.find("acme", environment=variables) == configuration.find(
        "acme", environment=variables | {"SIMIO_PROFILES_FILE": str(target)}
    )


def test_a_profile_is_removed_and_the_others_stay(variables: dict[str, str]) -> None:
    path = configuration.save_profile("acme", ACME, variables)
    configuration.save_profile("other", ACME, variables)
    assert configuration.remove_profile("acme", variables) == path
    assert configuration.find("other", environment=variables).client_id == "acme"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigurationError, match="has no profile 'acme'"):
        configuration.remove_profile("acme", variables)
    path.unlink()
    with pytest.raises(ConfigurationError, match="has no profile 'other'"):
        configuration.remove_profile("other", variables)
