"""Operators are told once, whoever looks, and again if it did not get through."""

import dataclasses
from pathlib import Path

import psycopg

from simulacra.service import tenancy
from simulacra.service.database import tables
from simulacra.service.monitoring import notices, records, watch
from simulacra.service.monitoring.alerts import Alert
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync


@dataclasses.dataclass
class Told:
    """A channel that keeps what it is sent, or fails."""

    is_working: bool = True
    keys: list[str] = dataclasses.field(default_factory=list)
    name: str = "told"

    async def send(self, alert: Alert) -> None:
        if not self.is_working:
            raise notices.DeliveryError("nobody answers")
        self.keys.append(alert.key)


def watch_of(runtime: Runtime, folder: Path, *channels: notices.Channel) -> watch.Watch:
    return watch.Watch(
        database=runtime.database,
        throttle=runtime.throttle,
        records=records.Records(runtime.database),
        channels=channels,
        data_dir=folder,
        certificate=None,
        job_seconds=1_800,
    )


async def _ask_for_access(runtime: Runtime, signup_id: str) -> None:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        session.add(
            tables.Signup(
                id=signup_id,
                company_name="A",
                contact_email="a@b.example",
                email_key=f"{signup_id}@b.example",
                status="pending",
            )
        )


def test_of_two_who_look_one_tells(runtime: Runtime, run_async: RunAsync, tmp_path: Path) -> None:
    async def check() -> None:
        told = Told()
        one, other = (watch_of(runtime, tmp_path, told) for _ in range(2))
        assert [it.key for it in await one.look() if it.key.startswith("signup")] == []
        await _ask_for_access(runtime, "sig_1")
        for looking in (one, other, one):
            assert "signup/sig_1" in [it.key for it in await looking.look()]
        await _ask_for_access(runtime, "sig_2")
        await other.look()
        assert [it for it in told.keys if it.startswith("signup")] == [
            "signup/sig_1",
            "signup/sig_2",
        ]

    run_async(check())


def test_what_did_not_get_through_is_told_again(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        told = Told(is_working=False)
        looking = watch_of(runtime, tmp_path, told)
        await _ask_for_access(runtime, "sig_1")
        await looking.look()
        assert told.keys == []
        told.is_working = True
        await looking.look()
        assert "signup/sig_1" in told.keys

    run_async(check())


def test_a_channel_that_fails_does_not_repeat_the_others(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    """Whatever it fails by: libraries refuse odd settings in many ways."""

    class Odd(Told):
        async def send(self, alert: Alert) -> None:
            self.keys.append(alert.key)
            raise UnicodeEncodeError("ascii", "x", 0, 1, "hidden")

    async def check() -> None:
        told, odd = Told(), Odd(name="odd")
        looking = watch_of(runtime, tmp_path, odd, told)
        await _ask_for_access(runtime, "sig_1")
        for _ in range(3):
            await looking.look()
        assert told.keys.count("signup/sig_1") == 1
        assert odd.keys.count("signup/sig_1") == 3

    run_async(check())


def test_a_record_that_was_altered_is_told_of(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, owner_dsn: str
) -> None:
    async def check() -> None:
        told = Told()
        looking = watch_of(runtime, tmp_path, told)
        await runtime.tenants.create(company="A", email="a@b.example")
        await looking.records.check()
        assert not [it.key for it in await looking.look() if it.key.startswith("record")]
        with psycopg.connect(owner_dsn) as connection:
            connection.execute("ALTER TABLE audit_entries DISABLE TRIGGER USER")
            connection.execute("ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY")
            connection.execute("UPDATE audit_entries SET subject_id = 'x' WHERE number = 1")
            connection.execute("ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY")
        await looking.records.check()
        await looking.look()
        assert "record/audit trail" in told.keys

    run_async(check())
