"""What Prometheus reads, as Prometheus reads it."""

import asyncio
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from simulacra.service.monitoring import exporter, gauges, records, state
from simulacra.service.runtime import Runtime
from tests.acceptance import harness
from tests.coroutines import RunAsync


def samples(text: str) -> dict[str, float]:
    """Return the samples without labels, and the sums of those with some."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def test_the_state_and_what_the_process_does_are_given_out(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        collector = gauges.StateCollector(lambda: runtime.database.connections, with_tenants=True)
        was_read = asyncio.Event()

        async def read() -> None:
            folders = state.folders_of(tmp_path)
            collector.state = await state.read(runtime.database, folders)
            collector.broken_records = {records.TRAIL: False, records.LEDGER: True}
            was_read.set()

        async with (
            exporter.serving(collector, ("127.0.0.1", 0), read) as port,
            httpx.AsyncClient() as client,
        ):
            await asyncio.wait_for(was_read.wait(), harness.SECONDS)
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
        found = samples(answer.text)
        assert found["simulacra_datasets"] == 0
        assert found["simulacra_record_broken"] == 1
        assert found["simulacra_database_connections_max"] == 16
        assert 0 < found["simulacra_disk_free_bytes"] <= found["simulacra_disk_size_bytes"]
        assert found["simulacra_job_attempts_running"] == 0

    run_async(check())


def test_a_state_that_cannot_be_read_leaves_the_rest(run_async: RunAsync) -> None:
    async def check() -> None:
        tries = asyncio.Semaphore(0)

        async def read() -> None:
            tries.release()
            raise ZeroDivisionError

        collector = gauges.StateCollector(lambda: (1, 16))
        async with (
            exporter.serving(collector, ("127.0.0.1", 0), read, pause_seconds=0.0) as port,
            httpx.AsyncClient() as client,
        ):
            for _ in range(2):  # it is read again
                await asyncio.wait_for(tries.acquire(), harness.SECONDS)
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
        found = samples(answer.text)
        assert found["simulacra_database_connections_used"] == 1
        assert "simulacra_datasets" not in found

    run_async(check())


def test_without_a_port_nothing_is_served() -> None:
    async def check() -> None:
        async def read() -> None:
            pytest.fail("nobody asks for it")

        async with exporter.serving(gauges.StateCollector(lambda: (0, 0)), None, read) as port:
            assert port is None

    asyncio.run(check())
