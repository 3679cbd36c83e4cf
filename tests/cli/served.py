"""A data directory on which a server could have run."""

from pathlib import Path

from simulacra.cli import settings as cli_settings
from simulacra.service import keys


def serve_once(data_dir: Path) -> None:
    """Leave in a data directory what the first `simulacra serve` leaves there before it serves."""
    data_dir.mkdir(mode=0o700, exist_ok=True)
    settings = cli_settings.load(data_dir=data_dir)
    cli_settings.remember(settings)
    keys.make_master_key(settings.master_key_file)
