"""Children that stay: what they keep, what they do not, and how they end."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from simulacra.engine.progress import Progress
from simulacra.service import errors
from simulacra.service.confinement import layers
from simulacra.service.jobs import child, kept, probe
from tests.service.jobs.test_child import LIMITS, program

Asked = Callable[..., Coroutine[Any, Any, dict[str, Any]]]


async def ignore(_: Progress) -> None:
    """Take note of no progress."""


def asker(children: kept.Children) -> Asked:
    """Return what asks a function of `programs.py` about a subject."""

    async def ask(subject: str, name: str = "recall", **arguments: object) -> dict[str, Any]:
        async def prepare(folder: Path, given: set[str]) -> dict[str, Any]:
            file = folder / "model"
            if "model" not in given:
                file.write_text(f"what is known of {subject}")
                given.add("model")
            return {"path": str(file), **arguments}

        return await children.ask(subject, program(name), prepare, LIMITS, ignore)

    return ask


def check(most: int, body: Callable[[Asked, kept.Children], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        children = kept.Children(most)
        try:
            await body(asker(children), children)
        finally:
            await children.close()

    asyncio.run(run())


def test_the_next_question_finds_what_the_first_has_loaded_and_no_file() -> None:
    async def body(ask: Asked, _: kept.Children) -> None:
        first, second = await ask("a"), await ask("a")
        assert first == {**second, "was_there": True}
        assert second["was_there"] is False
        assert second["text"] == "what is known of a"

    check(2, body)


def test_it_is_confined_as_any_other_child(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of somebody else")

    async def body(ask: Asked, _: kept.Children) -> None:
        held = sorted(await probe.run(LIMITS))
        assert [(await ask("a"))["layers"] for _ in "12"] == [held, held]
        if layers.Layer.FILES in held:
            with pytest.raises(child.ChildFaultError, match="PermissionError"):
                await ask("a", elsewhere=str(tmp_path / "secret"))

    check(1, body)


def test_each_subject_has_a_child_of_its_own_and_the_oldest_makes_room() -> None:
    async def body(ask: Asked, _: kept.Children) -> None:
        pids = [(await ask(subject))["pid"] for subject in ("a", "b", "a", "c", "a", "b")]
        assert pids[0] == pids[2] == pids[4]
        assert len({*pids}) == 4  # b was begun twice
        await asyncio.to_thread(psutil.wait_procs, _processes(pids[1]), 10)
        assert not psutil.pid_exists(pids[1])

    check(2, body)


def _processes(pid: int) -> list[psutil.Process]:
    return [psutil.Process(pid)] if psutil.pid_exists(pid) else []


def test_without_any_each_question_has_a_child_anew() -> None:
    async def body(ask: Asked, _: kept.Children) -> None:
        assert (await ask("a"))["pid"] != (await ask("a"))["pid"]

    check(0, body)


def test_an_asker_that_is_gone_does_not_cost_the_next_one_the_model() -> None:
    async def body(ask: Asked, _: kept.Children) -> None:
        before = await ask("a")
        gone = asyncio.create_task(ask("a", "recall"))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        after, other = await asyncio.gather(ask("a"), ask("a"))
        assert before["pid"] == after["pid"] == other["pid"]

    check(1, body)


async def abandoned(ask: Asked, subject: str) -> int:
    """Ask what takes a minute, do not wait for it, and return whose question it is."""
    found = (await ask(subject))["pid"]
    gone = asyncio.create_task(ask(subject, "recall", seconds=60))
    await asyncio.sleep(0)  # it has its turn
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    return int(found)


def test_what_nobody_waits_for_goes_on_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "ABANDONED_SECONDS", 0.0)

    async def body(ask: Asked, _: kept.Children) -> None:
        found = await abandoned(ask, "a")
        await asyncio.to_thread(psutil.wait_procs, _processes(found), 10)
        assert not psutil.pid_exists(found)
        assert (await ask("a"))["pid"] != found

    check(1, body)


def test_no_more_go_on_unwaited_for_than_are_kept() -> None:
    """Who asks and cancels has no more of the machine than who asks and waits."""

    async def body(ask: Asked, _: kept.Children) -> None:
        first, second = await abandoned(ask, "a"), await abandoned(ask, "b")
        await asyncio.to_thread(psutil.wait_procs, _processes(second), 10)
        assert psutil.pid_exists(first)
        assert not psutil.pid_exists(second)
        psutil.Process(first).kill()

    check(1, body)


def test_a_folder_that_a_child_leaves_is_removed_and_stops_nobody() -> None:
    async def body(ask: Asked, _: kept.Children) -> None:
        first = await ask("a", "recall", leaves_folder=True)
        second = await ask("a", "recall", leaves_folder=True)  # which fails if it is still there
        assert first["pid"] == second["pid"]

    check(1, body)


def test_a_link_in_the_folder_opens_no_file_elsewhere(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "folder"
    secret.touch(0o600)
    folder.mkdir()
    (folder / "model").symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        kept._open_files(folder)
    assert secret.stat().st_mode & 0o777 == 0o600


def test_one_that_fails_is_not_asked_again() -> None:
    async def body(ask: Asked, _: kept.Children) -> None:
        before = await ask("a")
        with pytest.raises(child.ChildFaultError, match="ValueError"):
            await ask("a", "recall", fails=True)
        assert (await ask("a"))["pid"] != before["pid"]

    check(1, body)


def test_one_that_has_used_up_what_it_may_is_begun_again() -> None:
    """A question is lost only if a new child ends by it, too."""

    async def body(ask: Asked, _: kept.Children) -> None:
        before = await ask("a")
        psutil.Process(before["pid"]).kill()
        assert (await ask("a"))["pid"] != before["pid"]
        with pytest.raises((child.KilledError, errors.JobFailedError)):
            await ask("b", "recall", dies=True)

    check(1, body)


def test_it_ends_when_it_was_idle_and_with_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "IDLE_SECONDS", 0.0)

    async def body(ask: Asked, children: kept.Children) -> None:
        found = (await ask("a"))["pid"]
        await asyncio.to_thread(psutil.wait_procs, _processes(found), 10)
        assert not psutil.pid_exists(found)
        monkeypatch.setattr(kept, "IDLE_SECONDS", 60.0)
        found = (await ask("a"))["pid"]
        await children.close()
        assert not psutil.pid_exists(found)

    check(1, body)
