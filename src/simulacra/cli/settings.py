"""The settings of a command: options override the environment, which overrides files."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulacra.service.settings import Settings

ADDRESS_FILE = "address.json"


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Add `--data-dir`."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="directory of the database, objects, keys and logs (default: ./simulacra-data)",
    )


def load(**overrides: object) -> "Settings":
    """Return the settings; overrides that are None do not count.

    Settings hold secrets, so from here on other processes cannot look into this one.

    Raises:
        SettingsError: a setting is invalid; names the setting and the fault, not its value.
    """
    import pydantic

    from simulacra.service.confinement import kernel
    from simulacra.service.settings import Settings, SettingsError

    kernel.hide_memory()
    settings = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**settings)  # type: ignore[arg-type]  # checked by pydantic
    except pydantic.ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        lines = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults]
        raise SettingsError("Invalid settings:\n  " + "\n  ".join(lines)) from None


def remember(settings: "Settings") -> None:
    """Write the address of a server to its data directory, for `load_as_served`."""
    address = {
        "base_url": settings.base_url,
        "audience": settings.audience,
        "port": settings.port,
    }
    (settings.data_dir / ADDRESS_FILE).write_text(json.dumps(address))


def load_as_served(data_dir: Path | None) -> "Settings":
    """Return the settings, with the last address of the server of a data directory.

    Raises:
        SettingsError: no server has ever run on the directory, which is nevertheless needed.
    """
    from simulacra.service.settings import SettingsError

    settings = load(data_dir=data_dir)
    try:
        address = json.loads((settings.data_dir / ADDRESS_FILE).read_text())
    except FileNotFoundError:
        if _is_installation(settings) or (data_dir is None and settings.database_url is not None):
            return settings
        raise SettingsError(
            f"No server has run on {settings.data_dir}: give the --data-dir of one, set "
            "DATABASE_URL, or start one with `simulacra serve`."
        ) from None
    return load(data_dir=data_dir, **address)


def _is_installation(settings: "Settings") -> bool:
    """Tell whether a data directory on which no server has run was restored from a backup."""
    if settings.database_url is None:
        return (settings.data_dir / "postgres").is_dir()
    return settings.master_key_file.exists()
