"""Upgrading an installation in use, from each older version: nothing is lost, and all goes on."""

import asyncio
import json
import pkgutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import MetaData

from simulacra.cli import main as cli
from simulacra.service import keys, revision, worker
from simulacra.service.database import grants, migrate, tables
from simulacra.service.database.migrations import versions
from simulacra.service.embedded import postgres
from simulacra.service.operators import accounts, second_factor, sessions
from simulacra.service.settings import Settings
from simulacra.service.usage import verification
from tests.service.database.past import invented, rows, story
from tests.service.database.past.service import Service, accepted, running

REVISIONS = sorted(it.name.partition("_")[0] for it in pkgutil.iter_modules(versions.__path__))
USED = {REVISIONS[0], REVISIONS[len(REVISIONS) // 2], REVISIONS[-2]}
"""From which a whole installation is upgraded and used: the oldest, one between, and the last. From
all others their rows are, which is what migrations can get wrong, in a fraction of the time."""
FILLED_IN = {
    ("jobs", "admitted_at"), ("datasets", "model_path"), ("generations", "artifact_path"),
}  # fmt: skip
"""Columns that were NULL, and where a migration writes down what older code knew without them."""
ADDED_TO = {"objects"}
"""Tables to which a migration adds rows, likewise."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Cluster]:
    """A server of these tests alone, since they take its tables away."""
    with postgres.running(tmp_path_factory.mktemp("old")) as it:
        yield it


@pytest.fixture(scope="module")
def past(cluster: postgres.Cluster, tmp_path_factory: pytest.TempPathFactory) -> story.Story:
    folder = tmp_path_factory.mktemp("past")
    migrate.upgrade(cluster.url(), cluster.owner_url())
    settings = settings_of(cluster, folder / "data")
    keys.make_master_key(settings.master_key_file)
    return asyncio.run(story.tell(settings, rows.OldDatabase(cluster.owner_url()), folder))


@pytest.fixture(autouse=True)
def _eager_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a worker look for what another one has lost at once, and not after seconds."""
    monkeypatch.setattr(worker, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(worker, "FETCH_SECONDS", 0.05)


def settings_of(cluster: postgres.Cluster, data_dir: Path) -> Settings:
    data_dir.mkdir(mode=0o700)
    return Settings(
        data_dir=data_dir,
        database_url=cluster.url(),  # type: ignore[arg-type]  # coerced
        jobs_per_tenant=1,
    )


@pytest.mark.parametrize("old", REVISIONS[:-1])
def test_an_installation_of_an_older_version_goes_on(
    old: str,
    past: story.Story,
    cluster: postgres.Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    database = rows.OldDatabase(cluster.owner_url())
    known = database.make(old)
    told, drawn = past.as_held_by(known), invented.draw(known, zlib.crc32(old.encode()))
    database.fill(known, told)
    database.fill(known, drawn)
    columns = {table.name: table.columns.keys() for table in known.sorted_tables}
    before = database.read(columns)
    for table in known.tables:  # the database at hand is not one that happens to be empty
        assert len(before[table]) == len(told[table]) + len(drawn[table])

    migrate.upgrade(cluster.url(), cluster.owner_url())

    for table, found in database.read(columns).items():
        check_kept(table, before[table], found)
    check_barriers(cluster, past)
    if old not in USED:
        return
    settings = settings_of(cluster, tmp_path / "data")
    past.lay_out(known, settings.data_dir)
    asyncio.run(check_service(settings, past, known))
    monkeypatch.setenv("DATABASE_URL", cluster.url())
    monkeypatch.setenv("SIMULACRA_MIGRATION_DATABASE_URL", cluster.owner_url())
    check_commands(settings.data_dir, before, past, capsys)


def test_every_revision_but_the_last_is_upgraded() -> None:
    assert REVISIONS[-1] == revision.needed()


def check_kept(table: str, before: list[rows.Row], after: list[rows.Row]) -> None:
    """Check that the rows of a table are there as they were, in the columns that they had."""
    filled_in = [column for name, column in FILLED_IN if name == table]

    def line(row: rows.Row) -> str:
        return json.dumps(row, sort_keys=True)

    # What was NULL may be filled in, so such a column is compared where it was not.
    for column in filled_in:
        blank = {it["id"] for it in before if column in it and it[column] is None}
        for row in after:
            if row["id"] in blank:
                row[column] = None
    kept, lost = set(map(line, after)), set(map(line, before))
    assert lost <= kept, table
    assert table in ADDED_TO or len(after) == len(before), table


def check_barriers(cluster: postgres.Cluster, past: story.Story) -> None:
    """Check that tenants see their own rows alone, and that no record can be rewritten."""
    owned = {
        mapper.local_table.name  # type: ignore[attr-defined]  # a mapped class has a table
        for mapper in tables.Table.registry.mappers
        if issubclass(mapper.class_, tables.TenantOwned)
    }
    with psycopg.connect(cluster.url(), autocommit=True) as service:
        assert service.execute("SELECT id FROM datasets").fetchall() == []
        service.execute("SELECT set_config('simulacra.tenant', %s, false)", [past.ids["tenant"]])
        for table in owned:
            query = sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(sql.Identifier(table))
            found = service.execute(query).fetchall()
            assert found in ([], [(past.ids["tenant"],)]), table
        assert service.execute("SELECT id FROM datasets").fetchall() != []
        assert service.execute("SELECT id FROM signups").fetchall() == []
        service.execute("SELECT set_config('simulacra.tenant', '*', false)")
        for table in grants.APPEND_ONLY:
            for statement in ("DELETE FROM {}", "UPDATE {} SET tenant_id = NULL"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    service.execute(sql.SQL(statement).format(sql.Identifier(table)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute("UPDATE alembic_version SET version_num = ''")
    with psycopg.connect(cluster.owner_url(), options=rows.EVERYTHING) as owner:
        forced = owner.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
        )
        assert owned <= {name for (name,) in forced}


async def check_service(settings: Settings, past: story.Story, known: MetaData) -> None:
    """Check that customers and operators find what they had, and that work goes on."""
    async with running(settings) as service:
        await check_records(service)
        await check_credentials(service, past, known)
        await check_operators(service, past, known)
        await check_results(service, past, known)
        await check_work(service, past)
        await check_records(service)
        await check_end(service, past, settings.data_dir / "objects")


async def check_records(service: Service) -> None:
    assert (await service.runtime.database.verify_trail()).fault is None
    assert (await verification.verify(service.runtime.database)).faults == ()


async def check_credentials(service: Service, past: story.Story, known: MetaData) -> None:
    """Check who gets in, with a secret, with a token, and with a claim on a secret."""
    answer = await service.mint(past.ids["client"], past.secrets["secret"])
    assert answer.status_code == 200
    answer = await service.mint(past.ids["suspended client"], past.secrets["suspended"])
    assert answer.status_code == 401
    usage = await service.ask(past.secrets["token"], "GET", "/v1/usage")
    assert usage.status_code == 200
    assert usage.json()["rows_used"] == (50 if "usage_entries" in known.tables else 0)
    if "signups" not in known.tables:
        return
    statuses = {}
    for name in ("waits", "declined", "late", "approved", "claimed"):
        shown = await service.http.get(f"/v1/signup/{past.ids[f'signup {name}']}")
        statuses[name] = shown.json()["status"]
        if name == "approved":
            claimed = await claim(service, shown.json()["credential_claim_token"])
            assert claimed == 200
    assert statuses == {
        "waits": "pending", "declined": "declined", "late": "approved", "approved": "approved",
        "claimed": "approved",
    }  # fmt: skip
    assert await claim(service, past.secrets["narrow claim"]) == 200
    assert await claim(service, past.secrets["revoked claim"]) == 410
    again = await service.ask(past.secrets["token"], "POST", "/v1/credential-rotations", "key")
    assert again.json()["credential_claim_token"] == past.secrets["rotation"]


async def claim(service: Service, token: str) -> int:
    answer = await service.http.post("/v1/credential-claims", json={"claim_token": token})
    return answer.status_code


async def check_operators(service: Service, past: story.Story, known: MetaData) -> None:
    if "operator_accounts" not in known.tables:
        return
    database, keyring = service.runtime.database, service.runtime.keyring
    assert await accounts.authenticate(database, "ann.lee", story.PASSWORD)
    signed_in = await sessions.Sessions(database, keyring).find(past.secrets["session"])
    assert signed_in is not None
    factors = second_factor.SecondFactors(database, keyring)
    has_factor = "operator_recovery_codes" in known.tables
    assert await factors.is_asked_of("ann.lee") == has_factor
    if has_factor:
        assert await factors.accept("ann.lee", past.secrets["recovery"])


async def check_results(service: Service, past: story.Story, known: MetaData) -> None:
    """Check that studies and rows can be read, and that keys lead to what they began."""
    token, dataset = past.secrets["token"], past.ids["dataset"]
    schema = await service.ask(token, "GET", f"/v1/datasets/{dataset}/schema")
    assert len(accepted(schema)["schema"]) == 3
    assert await service.download(token, past.ids["generation"]) == past.artifact
    for ended in ("failed dataset", "deleted dataset", "expired dataset"):
        shown = await service.ask(token, "GET", f"/v1/datasets/{past.ids[ended]}")
        expected = {"failed dataset": 200}.get(ended, 404)
        assert shown.status_code == expected, ended
    if "idempotency_keys" not in known.tables:  # keys did not lead anywhere
        return
    upload = await service.upload(token, story.UPLOAD)
    assert upload.headers["Idempotent-Replayed"] == "true"
    assert upload.json()["dataset_id"] == dataset
    generation = await service.generate(token, dataset, story.GENERATION)
    assert generation.headers["Idempotent-Replayed"] == "true"
    assert generation.json()["generation_id"] == past.ids["generation"]
    assert (await service.upload(token, story.LEASED)).status_code == 409


async def check_work(service: Service, past: story.Story) -> None:
    """Check that a worker carries out what was open: what was queued once, what was lost again."""
    await service.housekeep()
    await service.work()
    jobs = {job.id: job for job in await service.rows_of(tables.Job)}
    for name, attempts in (("queued", 1), ("waiting", 1), ("running", 2)):
        job = jobs[past.ids[f"{name} job"]]
        assert (job.status, job.attempt) == ("completed", attempts), name
    generation = past.ids["queued generation"]
    assert await service.download(past.secrets["token"], generation) == past.artifact


async def check_end(service: Service, past: story.Story, store: Path) -> None:
    """Check that nothing is left in the store of what is deleted, wherever it lay."""
    for dataset in await service.rows_of(tables.Dataset):
        if dataset.tenant_id == past.ids["tenant"] and dataset.sealed_key is not None:
            path = f"/v1/datasets/{dataset.id}"
            accepted(await service.ask(past.secrets["token"], "DELETE", path))
    service.runtime.database.ahead += 40 * story.DAY
    await service.housekeep()
    assert files_below(store) == []
    await check_records(service)


def files_below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def check_commands(
    data_dir: Path, before: rows.Tables, past: story.Story, capsys: pytest.CaptureFixture[str]
) -> None:
    """Check that operators can list what there is, whoever made it."""

    def run(*words: str) -> str:
        code = cli.main(["operator", *words, "--data-dir", str(data_dir), "--json"])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed.out

    listed = {it["tenant_id"] for it in json.loads(run("tenants", "list", "--limit", "500"))}
    assert {row["id"] for row in before["tenants"]} <= listed
    run("tenants", "show", past.ids["tenant"])
    run("jobs", "list")
    run("signups", "list", "--status", "all")
    run("accounts", "list")
    run("audit", "list")
