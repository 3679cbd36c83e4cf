"""What a command loads, and what it does to a database that is behind the code."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from simulacra.service import revision
from simulacra.service.database import migrate

Run = Callable[..., str]

HEAVY = {"alembic", "mako", "rich", "pygments", "httpx", "procrastinate", "obstore", "tink"}
LIST = """
import json, sys
from simulacra.cli import main
code = main.main(["operator", "tenants", "list", "--json", "--data-dir", sys.argv[1]])
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps(loaded))
sys.exit(code)
"""


def test_a_command_loads_no_more_than_it_needs(run: Run, tmp_path: Path) -> None:
    """The time that a command takes is the time that its imports take."""
    run("tenants", "list")
    ended = subprocess.run(
        [sys.executable, "-c", LIST, str(tmp_path)], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(ended.stdout.splitlines()[-1]))
    assert "sqlalchemy" in loaded
    assert not loaded & HEAVY


def test_a_database_that_is_behind_is_migrated_first(
    run: Run, empty_dsn: str, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None]] = []
    monkeypatch.setattr(migrate, "upgrade", lambda *dsns: asked.append(dsns))
    set_revision = "UPDATE alembic_version SET version_num = %s"
    run("tenants", "list")
    assert asked == []
    with psycopg.connect(owner_dsn) as connection:
        connection.execute(set_revision, ["r0001"])
    try:
        run("tenants", "list")
    finally:
        with psycopg.connect(owner_dsn) as connection:
            connection.execute(set_revision, [revision.needed()])
    assert asked == [(empty_dsn, owner_dsn)]
