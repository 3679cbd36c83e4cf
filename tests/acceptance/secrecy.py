"""Where words that must not be written down turn up all the same."""

import subprocess
from collections.abc import Iterable, Iterator

from simulacra.service.embedded import binaries, postgres
from tests.acceptance import harness


def leaks(server: harness.ServerProcess, words: Iterable[str]) -> list[str]:
    """Return where one of `words` stands in the logs, in a dump of the database or in the trail."""
    plain = [word.encode() for word in words]
    assert all(len(word) >= 8 for word in plain), "too short to be found for sure"
    wanted = plain + [word.hex().encode() for word in plain]  # as a dump writes bytes
    return [name for name, text in _written(server) if any(word in text for word in wanted)]


def _written(server: harness.ServerProcess) -> Iterator[tuple[str, bytes]]:
    logs = [*server.data_dir.glob("logs/*"), server.data_dir.parent / "serve.log"]
    assert len(logs) >= 4
    for path in logs:
        yield path.name, path.read_bytes()
    dumped = dump(postgres.Cluster(server.data_dir))
    assert b"COPY public.audit_entries" in dumped
    yield "dump of the database", dumped
    yield "export of the audit trail", server.operate("audit", "export").encode()


def dump(cluster: postgres.Cluster) -> bytes:
    """Return a dump as docs/operating.md has it: by the owner, with the scope of the service."""
    return subprocess.run(
        [binaries.find() / "pg_dump", "--enable-row-security", f"--dbname={cluster.owner_url()}"],
        env=postgres.ENVIRONMENT | {"PGOPTIONS": "-c simulacra.tenant=*"},
        capture_output=True,
        check=True,
    ).stdout
