import base64
from pathlib import Path

import pydantic
import pytest

from simulacra.service.settings import Settings


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
