"""What a worker finds out about the confinement of its jobs, and makes of it."""

import asyncio
import dataclasses
import logging

import pytest

from simulacra.service import worker
from simulacra.service.confinement import layers
from simulacra.service.jobs import child, probe
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync

LIMITS = child.Limits(memory_bytes=2 * 1024**3, seconds=60)


def test_a_probe_is_confined_as_a_job_is() -> None:
    assert asyncio.run(probe.run(LIMITS)) >= layers.REQUIRED
    assert layers.entered() == frozenset()  # this process is not


@pytest.mark.parametrize("is_required", [False, True])
@pytest.mark.parametrize("held", [set(layers.Layer), {layers.Layer.FILES}])
def test_a_worker_says_what_is_missing_or_refuses_to_work(
    held: set[layers.Layer],
    is_required: bool,  # noqa: FBT001 - a parameter of the test
    runtime: Runtime,
    run_async: RunAsync,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(_: child.Limits) -> frozenset[layers.Layer]:
        return frozenset(held)

    monkeypatch.setattr(probe, "run", answer)
    caplog.set_level(logging.INFO)
    policy = dataclasses.replace(runtime.policy, require_confinement=is_required)
    confined = dataclasses.replace(runtime, policy=policy)

    async def check() -> None:
        if is_required and held != set(layers.Layer):
            with pytest.raises(layers.UnconfinedError, match="without seccomp"):
                await worker._confinement(confined)
        else:
            assert await worker._confinement(confined) == held
            is_partial = "without own account and seccomp" in caplog.text
            assert is_partial == (held != set(layers.Layer))

    run_async(check())


def test_a_probe_that_fails_shows_no_layer(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: child.Limits) -> frozenset[layers.Layer]:
        raise child.ChildFaultError("OSError in probe")

    monkeypatch.setattr(probe, "run", fail)

    async def check() -> None:
        assert await worker._confinement(runtime) == frozenset()

    run_async(check())
