import base64
from pathlib import Path

import pydantic
import pytest

from simulacra.service.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SIMULACRA_CONFIG", "SIMULACRA_PORT", "SIMULACRA_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_names_follow_the_port() -> None:
    settings = Settings(port=9000)
    assert settings.base_url == settings.audience == "https://localhost:9000"
    assert settings.issuer == "https://localhost:9000/"


def test_arguments_win_over_environment_over_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "simulacra.toml").write_text('port = 1111\nretention_hours = 5\nhost = "::1"\n')
    monkeypatch.setenv("SIMULACRA_PORT", "2222")
    monkeypatch.setenv("SIMULACRA_RETENTION_HOURS", "6")
    settings = Settings(data_dir=tmp_path, port=3333)
    assert (settings.port, settings.retention_hours, settings.host) == (3333, 6, "::1")


def test_proxies_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULACRA_TRUSTED_PROXIES", " 10.0.0.0/8, ::1 ,")
    assert Settings().trusted_proxies == "10.0.0.0/8,::1"
    for everybody in ("*", "10.0.0.1,*", "proxy"):
        monkeypatch.setenv("SIMULACRA_TRUSTED_PROXIES", everybody)
        with pytest.raises(pydantic.ValidationError, match="trusted_proxies"):
            Settings()


def test_base_url_of_the_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "simulacra.toml").write_text('base_url = "https://api.example/"\n')
    settings = Settings(data_dir=tmp_path)
    assert settings.base_url == settings.audience == "https://api.example"


def test_database_url_has_its_customary_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@db/x")
    settings = Settings()
    assert settings.dsn() == "postgresql://u:hunter2@db/x"
    assert "hunter2" not in f"{settings!r} {settings.model_dump_json()}"


def test_a_database_is_needed() -> None:
    with pytest.raises(LookupError, match="DATABASE_URL"):
        Settings().dsn()


def test_master_key_must_have_32_bytes() -> None:
    secret = base64.b64encode(b"short").decode()
    with pytest.raises(pydantic.ValidationError, match="decodes to 5 bytes"):
        Settings(master_key=secret)  # type: ignore[arg-type]  # coerced


@pytest.mark.parametrize("field", ["port", "retention_hours", "max_upload_bytes"])
def test_figures_are_checked(field: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=field):
        Settings.model_validate({field: 0})


def test_the_environment_wins_over_the_file_for_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "simulacra.toml").write_text('database_url = "postgresql://file/x"\n')
    assert Settings(data_dir=tmp_path).dsn() == "postgresql://file/x"
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment/x")
    assert Settings(data_dir=tmp_path).dsn() == "postgresql://environment/x"
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings(data_dir=tmp_path).dsn() == "postgresql://file/x"


def test_the_other_customary_scheme_of_postgresql_is_taken() -> None:
    settings = Settings.model_validate({"database_url": "postgres://u@db/x"})
    assert settings.dsn() == "postgresql://u@db/x"


@pytest.mark.parametrize(
    ("text", "reason"),
    [("port = = 3", "not TOML.*line 1"), ("prot = 9000", "no setting 'prot'")],
)
def test_a_file_that_would_be_ignored_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "simulacra.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=reason) as refused:
        Settings(data_dir=tmp_path)
    assert str(file) in str(refused.value)


def test_a_named_file_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULACRA_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(SettingsError, match="nowhere"):
        Settings()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("database_url", "mysql://u:hunter2@db/x"),
        ("database_url", "hunter2"),
        ("object_store_url", "ftp://u:hunter2@host/path"),
        ("base_url", "hunter2"),
        ("base_url", "https://api.example/path"),
        ("master_key", "hunter2!"),
        ("auth0_domain", "https://hunter2.auth0.com"),
        ("auth0_domain", "hunter2.auth0.com/path"),
        ("auth0_domain", "hunter2.auth0.com\n"),
    ],
)
def test_values_are_checked_and_not_shown(field: str, value: str) -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Settings.model_validate({field: value})
    (fault,) = refused.value.errors(include_input=False)
    assert fault["loc"] == (field,)
    assert "hunter2" not in fault["msg"]


def test_what_auth0_needs_is_asked_for_by_name() -> None:
    with pytest.raises(pydantic.ValidationError) as refused:
        Settings(identity_provider="auth0", auth0_domain="acme.eu.auth0.com")
    faults = refused.value.errors(include_input=False)
    assert {fault["loc"] for fault in faults} == {
        ("auth0_management_client_id",),
        ("auth0_management_client_secret",),
    }
    assert all("identity_provider is auth0" in fault["msg"] for fault in faults)


def test_the_management_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMULACRA_AUTH0_MANAGEMENT_CLIENT_SECRET", "hunter2")
    settings = Settings(
        identity_provider="auth0",
        auth0_domain="acme.eu.auth0.com",
        auth0_management_client_id="x",
        audience="https://api.example",
    )
    assert settings.auth0_management_client_secret is not None
    assert settings.auth0_management_client_secret.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{settings!r} {settings.model_dump_json()}"


def test_secrets_may_be_files_named_like_their_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = base64.b64encode(bytes(32)).decode()
    (tmp_path / "DATABASE_URL").write_text("postgresql://u:hunter2@db/x\n")
    (tmp_path / "SIMULACRA_MASTER_KEY").write_text(f"{key}\n")
    (tmp_path / "simulacra.toml").write_text('database_url = "postgresql://file/x"\n')
    monkeypatch.setenv("SIMULACRA_SECRETS_DIR", str(tmp_path))
    settings = Settings(data_dir=tmp_path)
    assert settings.dsn() == "postgresql://u:hunter2@db/x"
    assert settings.master_key is not None
    assert settings.master_key.get_secret_value() == key
    monkeypatch.setenv("DATABASE_URL", "postgresql://environment/x")
    assert Settings(data_dir=tmp_path).dsn() == "postgresql://environment/x"


def test_a_named_directory_of_secrets_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULACRA_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match=r"SIMULACRA_SECRETS_DIR names .*nowhere"):
        Settings()


def test_a_password_goes_to_another_machine_encrypted_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULACRA_SMTP_USER", "u")
    monkeypatch.setenv("SIMULACRA_SMTP_PASSWORD", "hunter2")
    Settings(data_dir=tmp_path)  # to this machine
    with pytest.raises(pydantic.ValidationError, match="smtp_password needs") as refused:
        Settings(data_dir=tmp_path, smtp_host="mail.example.com")
    assert all("hunter2" not in error["msg"] for error in refused.value.errors())
    Settings(data_dir=tmp_path, smtp_host="mail.example.com", smtp_security="starttls")


@pytest.mark.parametrize(
    "contact", ["help@acme.example", "https://acme.example/help", "http://intranet"]
)
def test_a_support_contact_is_a_mail_address_or_a_page(tmp_path: Path, contact: str) -> None:
    assert Settings(data_dir=tmp_path, support_contact=contact).support_contact == contact


@pytest.mark.parametrize("contact", ["", "ask Jo", "javascript:alert(1)", "a@b@c", "https://"])
def test_another_support_contact_is_refused(tmp_path: Path, contact: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="give a mail address"):
        Settings(data_dir=tmp_path, support_contact=contact)
