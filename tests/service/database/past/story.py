"""What happened in an installation before it is upgraded, done by the service itself.

It leaves behind something of everything that an upgrade could lose. Its tables are those of the
version as it is now; an older version has held the same rows without the columns and tables that
came later, but for what `as_held_by` changes.
"""

import dataclasses
import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, update

from simulacra.service import clock, keys, storage, tenancy
from simulacra.service.audit import entry
from simulacra.service.confinement import layers
from simulacra.service.database import tables
from simulacra.service.datasets import repository
from simulacra.service.identity.principal import SCOPES
from simulacra.service.jobs import transitions, workers
from simulacra.service.operators import accounts, second_factor, sessions
from simulacra.service.settings import Settings
from simulacra.service.signups import service as signups
from simulacra.service.tenants import administration, encryption
from tests.service.database.past.rows import OldDatabase, Row, Tables
from tests.service.database.past.service import STUDY, Service, accepted, running

OPERATOR = entry.operator("ann.lee")
PASSWORD = "correct horse battery staple"
UPLOAD, GENERATION, LEASED = "an-upload", "a-generation", "half-an-upload"
DAY = dt.timedelta(days=1)
REGISTER_OF_OBJECTS = "objects"
"""The table since which an object lies where its row says, and a job waits for its turn."""


@dataclasses.dataclass
class Story:
    """What customers and operators remember, and the rows and objects of their installation.

    Attributes:
        rows: of all tables.
        store: folder of the objects.
        early_store: the same as versions laid them out that had no register of objects.
        ids: what is needed of what was made, by what it is.
        secrets: of clients, and the tokens that customers hold, by what they are.
        artifact: the rows of the generation that is ready.
        master_keys: the first, and the one that took its place once there was a root key.
    """

    rows: Tables
    store: Path
    early_store: Path
    ids: dict[str, str]
    secrets: dict[str, str]
    artifact: bytes
    master_keys: tuple[bytes, bytes]

    def as_held_by(self, known: MetaData) -> Tables:
        """Return the rows as a version with the tables of `known` held them."""
        rows = {name: [dict(row) for row in rows] for name, rows in self.rows.items()}
        if self.is_early(known):
            rows["procrastinate_jobs"] += [
                _entry(job, number)
                for number, job in enumerate(rows["jobs"], start=1000)
                if job["status"] == "queued" and job["admitted_at"] is None
            ]
            for entry_row in rows["procrastinate_jobs"]:
                entry_row["queue_name"] = "default"
        if self.has_root_key(known):
            first, second = map(keys.Keyring, self.master_keys)
            (installation,) = rows["installation"]
            installation["sealed_root"] = "\\x" + second.seal_root(first).hex()
        return rows

    def is_early(self, known: MetaData) -> bool:
        """Tell whether a version knew neither where objects are nor whose turn it is."""
        return REGISTER_OF_OBJECTS not in known.tables

    def has_root_key(self, known: MetaData) -> bool:
        """Tell whether a version could have replaced its master key."""
        return "installation" in known.tables and "sealed_root" in known.tables["installation"].c

    def lay_out(self, known: MetaData, data_dir: Path) -> None:
        """Leave in a data directory what a version with the tables of `known` left there."""
        source = self.early_store if self.is_early(known) else self.store
        shutil.copytree(source, data_dir / "objects")
        file = data_dir / "keys" / "master.key"
        file.parent.mkdir(mode=0o700)
        file.write_bytes(self.master_keys[self.has_root_key(known)])


def _entry(job: Row, number: int) -> Row:
    """Return the entry in the queue of a job that has none."""
    task = {"createDataset": "datasets:train", "createGeneration": "generations:generate"}
    arguments = f'{{"job_id": "{job["id"]}", "tenant_id": "{job["tenant_id"]}"}}'
    return {
        "id": str(number), "queue_name": "default", "task_name": task[str(job["operation"])],
        "priority": "0", "lock": None, "queueing_lock": None, "args": arguments, "status": "todo",
        "scheduled_at": None, "attempts": "0", "abort_requested": "false", "worker_id": None,
    }  # fmt: skip


async def tell(settings: Settings, database: OldDatabase, folder: Path) -> Story:
    """Let everything happen, in an empty database of the present version."""
    async with running(settings, settings.keyring()) as service:
        return await _Telling(service, settings, folder).tell(database)


class _Telling:
    def __init__(self, service: Service, settings: Settings, folder: Path) -> None:
        self.service, self.settings, self.folder = service, settings, folder
        self.runtime = service.runtime
        self.ids: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    async def tell(self, database: OldDatabase) -> Story:
        await self._sign_up()
        await self._use_yesterday()
        await self._use()
        await self._administer()
        artifact = await self.service.download(self.secrets["token"], self.ids["generation"])
        await self._leave_open()
        with database.connected() as owner:  # a worker had it, and was killed
            owner.execute(
                "WITH lost AS (INSERT INTO procrastinate_workers (last_heartbeat) "
                "VALUES (now() - interval '1 hour') RETURNING id) "
                "UPDATE procrastinate_jobs SET status = 'doing', "
                "worker_id = (SELECT id FROM lost) WHERE args->>'job_id' = %s",
                [self.ids["running job"]],
            )
        store = self.settings.data_dir / "objects"
        early = await self._early_store(store)
        first = self.settings.master_key_file.read_bytes()
        masters = (first, bytes(reversed(first)))
        return Story(database.read(), store, early, self.ids, self.secrets, artifact, masters)

    async def _ahead(self, by: dt.timedelta) -> None:
        self.runtime.database.ahead = by

    async def _sign_up(self) -> None:
        """Ask for access: one waits, one is declined, one's claim expires, one has its secret."""
        made = {}
        for name in ("waits", "declined", "late", "approved", "claimed"):
            row, _ = await signups.request(
                self.runtime.database, f"Company {name}", f"{name}@a.example"
            )
            made[name] = self.ids[f"signup {name}"] = row.id
        await signups.request(self.runtime.database, "Company waits", "WAITS@a.example")
        await signups.decline(self.runtime.database, made["declined"], OPERATOR)
        await self._ahead(-5 * DAY)
        await self._approve(made["late"])
        await self._ahead(dt.timedelta())
        await self._approve(made["approved"])
        await self._approve(made["claimed"])
        signup = await self._signup(made["claimed"])
        claim = {"claim_token": signup.claim_token}
        answer = await self.service.http.post("/v1/credential-claims", json=claim)
        credential = accepted(answer)
        row = (await self._signup(made["claimed"])).row
        self.ids |= {"tenant": str(row.tenant_id), "client": credential["client_id"]}
        self.secrets["secret"] = credential["client_secret"]
        token = await self.service.mint(self.ids["client"], self.secrets["secret"])
        self.secrets["token"] = accepted(token)["access_token"]

    async def _approve(self, request_id: str) -> None:
        await signups.approve(self.runtime.tenants, self.runtime.claims, request_id, OPERATOR)

    async def _signup(self, request_id: str) -> signups.Signup:
        return await signups.read(self.runtime.database, self.runtime.claims, request_id)

    async def _use_yesterday(self) -> None:
        """Make what has expired, in a window of the subscription that is over."""
        mine = update(tables.Tenant).where(tables.Tenant.id == self.ids["tenant"])
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            await session.execute(mine.values(subscription_window_days=1, subscription_rows=10_000))
        await self._ahead(-DAY - DAY / 2)
        dataset = await self._upload()
        await self.service.work()
        self.ids["expired dataset"] = dataset["dataset_id"]
        await self._generate(dataset["dataset_id"])
        await self.service.work()
        await self._ahead(dt.timedelta())
        await self.service.housekeep()

    async def _use(self) -> None:
        """Make datasets and generations that end in each way."""
        ready = await self._upload(UPLOAD)
        failed = await self._upload(study="a,b\n1,2\n")
        await self.service.work()
        deleted = await self._upload()
        self.ids |= {
            "dataset": ready["dataset_id"],
            "failed dataset": failed["dataset_id"],
            "deleted dataset": deleted["dataset_id"],
        }
        self.ids["generation"] = (await self._generate(ready["dataset_id"], GENERATION))[
            "generation_id"
        ]
        await self.service.work()
        cancelled = await self._generate(ready["dataset_id"])
        token = self.secrets["token"]
        path = f"/v1/jobs/{cancelled['job_id']}/cancel"
        accepted(await self.service.ask(token, "POST", path))
        path = f"/v1/datasets/{deleted['dataset_id']}"
        accepted(await self.service.ask(token, "DELETE", path))

    async def _administer(self) -> None:
        """Do what operators do, and what customers ask of them."""
        database, tenant_id = self.runtime.database, self.ids["tenant"]
        for name in ("narrow", "revoked"):
            wanted = administration.NewClient(tenant_id, name, [min(SCOPES)])
            client_id, token = await administration.create_client(
                database, self.runtime.identity, self.runtime.claims, wanted, OPERATOR
            )
            self.ids[f"{name} client"], self.secrets[f"{name} claim"] = client_id, token
        await administration.revoke_client(
            database, self.runtime.identity, self.ids["revoked client"], OPERATOR
        )
        token = self.secrets["token"]
        rotation = await self.service.ask(token, "POST", "/v1/credential-rotations", "key")
        self.secrets["rotation"] = accepted(rotation)["credential_claim_token"]
        suspended = await self.runtime.tenants.create(company="Suspended", email="s@b.example")
        self.ids["suspended client"] = suspended.client_id
        self.secrets["suspended"] = suspended.client_secret
        await administration.suspend(database, suspended.tenant_id, OPERATOR)
        for name in ("ann.lee", "bob.ray"):
            await accounts.create(database, name, PASSWORD, OPERATOR)
        factors = second_factor.SecondFactors(database, self.runtime.keyring)
        self.secrets["recovery"] = (await factors.enable("ann.lee", OPERATOR)).recovery_codes[0]
        opened = await sessions.Sessions(database, self.runtime.keyring).open("bob.ray")
        self.secrets["session"] = opened
        await workers.note(database, "wrk_1", layers.REQUIRED)

    async def _leave_open(self) -> None:
        """Leave jobs queued and one under way, and objects that nobody keeps."""
        running_ = await self._upload()
        async with self.runtime.database.transaction(self.ids["tenant"]) as session:
            assert await transitions.begin(session, running_["job_id"]) is not None
        waiting = await self._upload()  # for its turn: the tenant may have one at a time
        queued = await self._generate(self.ids["dataset"])
        self.ids |= {
            "running job": running_["job_id"],
            "waiting job": waiting["job_id"],
            "queued job": queued["job_id"],
            "queued generation": queued["generation_id"],
        }
        register, tenant_id = self.runtime.objects, self.ids["tenant"]
        for state in ("announced", "doomed"):
            path = f"datasets/ds_{state}/seed"
            await register.announce(tenant_id, f"ds_{state}", self.runtime.stores.own, path)
        await register.discard(tenant_id, "datasets/ds_doomed/seed")
        async with self.runtime.database.transaction(tenant_id) as session:
            session.add(
                tables.IdempotencyKey(
                    tenant_id=tenant_id,
                    operation="createDataset",
                    key=LEASED,
                    lease_token="lease",
                    leased_until=await clock.read(session) + DAY,
                    expires_at=await clock.read(session) + 2 * DAY,
                )
            )

    async def _upload(self, key: str | None = None, study: str = STUDY) -> dict[str, Any]:
        return accepted(await self.service.upload(self.secrets["token"], key, study))

    async def _generate(self, dataset_id: str, key: str | None = None) -> dict[str, Any]:
        return accepted(await self.service.generate(self.secrets["token"], dataset_id, key))

    async def _early_store(self, store: Path) -> Path:
        """Return a copy of the store as it was before each attempt wrote to a path of its own."""
        early = self.folder / "early"
        early.mkdir()
        target = storage.Storage.at(early.as_uri())
        for row in await self.service.rows_of(tables.Dataset):
            if row.sealed_key is not None:
                seed = repository.seed_path(row.id)
                (early / seed).parent.mkdir(parents=True)
                shutil.copy(store / seed, early / seed)
            if row.model_path is not None:
                await self._move(target, row, row.model_path, f"datasets/{row.id}/model")
        for row in await self.service.rows_of(tables.Generation):
            if row.artifact_path is not None:
                path = f"generations/{row.id}/artifact"
                await self._move(target, row, row.artifact_path, path)
        return early

    async def _move(
        self,
        target: storage.Storage,
        row: tables.Dataset | tables.Generation,
        old: str,
        new: str,
    ) -> None:
        """Seal an object anew, since it is bound to its path."""
        async with self.runtime.database.transaction(row.tenant_id) as session:
            assert row.sealed_key is not None
            opened = await encryption.unseal(
                session, self.runtime.keyring, row.tenant_id, row.id, row.sealed_key
            )
        key = storage.ObjectKey.from_bytes(opened)
        with self.runtime.storage.read(old, key) as stream:
            target.write(new, stream, key)
