"""Jobs in child processes: results, progress, refusals, limits, crashes."""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Callable, Coroutine
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from simulacra.engine.progress import Progress
from simulacra.service import errors, scratch
from simulacra.service.jobs import child, functions, messages
from tests.studies import spss_files, workbooks

PROGRAMS = "tests.service.jobs.programs"
LIMITS = child.Limits(memory_bytes=2 * 1024**3, seconds=20)


def program(name: str) -> functions.ChildFunction[dict[str, Any], dict[str, Any]]:
    """A function of `programs.py`."""
    return functions.ChildFunction(f"{PROGRAMS}:{name}", dict, dict)


def run(
    function: str,
    limits: child.Limits = LIMITS,
    loop: Callable[[Coroutine[Any, Any, dict[str, Any]]], dict[str, Any]] = asyncio.run,
    **arguments: Any,  # noqa: ANN401 - any JSON
) -> tuple[dict[str, Any], list[Progress]]:
    """Run a function of `programs.py` in a child."""
    seen: list[Progress] = []

    async def note(progress: Progress) -> None:
        seen.append(progress)

    with scratch.folder() as folder:
        if "path" in arguments:
            source = Path(arguments["path"])
            arguments["path"] = str(folder / source.name)
            if source.exists():
                shutil.copy(source, arguments["path"])
        running = child.run(program(function), arguments, folder, limits, note)
        return loop(running), seen


def test_a_job_runs_elsewhere_and_reports() -> None:
    result, seen = run("work", text="grüße")
    assert result["text"] == "grüße"
    assert result["pid"] != os.getpid()
    assert result["niceness"] == os.getpriority(os.PRIO_PROCESS, 0) + child.NICENESS
    assert result["says_to"] == os.devnull
    assert seen == [Progress("fitting", 0.5, 7, 15)]


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run])
def test_a_long_result_arrives_whole(
    loop: Callable[[Coroutine[Any, Any, dict[str, Any]]], dict[str, Any]],
) -> None:
    """It is longer than a pipe holds, so that the worker reads it while it is written.

    Workers run on uvloop, which makes what it watches non-blocking.
    """
    text = "grüße " * 200_000
    assert run("work", loop=loop, text=text)[0]["text"] == text


def test_a_server_that_is_slow_to_fork_does_not_hold_up_the_worker(tmp_path: Path) -> None:
    """As it is while it loads the engine; a worker whose heart does not beat loses its jobs."""
    run("work", text="")
    server = psutil.Process(forkserver._forkserver._forkserver_pid)  # type: ignore[attr-defined]
    rescue = threading.Timer(30, server.resume)

    async def check() -> None:
        async def note(_: Progress) -> None: ...

        server.suspend()
        rescue.start()
        job = child.run(program("work"), {"text": "a"}, tmp_path, LIMITS, note)
        running = asyncio.create_task(job)
        await asyncio.sleep(0.1)
        assert server.status() == psutil.STATUS_STOPPED  # we are here before the rescue
        server.resume()
        assert (await running)["text"] == "a"

    try:
        asyncio.run(check())
    finally:
        rescue.cancel()
        server.resume()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "refusal"}', "[" * 100_000])
def test_what_is_no_message_is_a_fault_of_the_child(text: str) -> None:
    with pytest.raises(child.ChildFaultError, match="malformed message"):
        run("send", text=text)


def test_progress_that_cannot_be_is_a_fault_of_the_child() -> None:
    with pytest.raises(child.ChildFaultError, match="malformed message"):
        run("lie")


def test_a_result_of_another_form_is_a_fault_of_the_child() -> None:
    with pytest.raises(child.ChildFaultError, match="malformed result"):
        run("send", text='{"kind": "completion", "result": 7}')


def test_a_code_that_nobody_knows_is_a_fault_of_the_child() -> None:
    with pytest.raises(child.ChildFaultError, match="unknown error code"):
        run("send", text='{"kind": "refusal", "code": "simio_hello", "detail": "a"}')


def test_so_is_a_code_of_a_field() -> None:
    fault = '{"where": "/a", "detail": "b", "code": "simio_hello"}'
    refusal = '{"kind": "refusal", "code": "simio_upload_invalid", "detail": "a", "faults": [%s]}'
    with pytest.raises(child.ChildFaultError, match="unknown error code"):
        run("send", text=refusal % fault)
    with pytest.raises(child.ChildFaultError, match="malformed message"):
        run("send", text=refusal % ", ".join([fault] * (messages.MAX_FAULTS + 1)))


def test_what_the_engine_refuses_is_the_customers_to_read() -> None:
    with pytest.raises(errors.JobFailedError) as failed:
        run("refuse")
    assert (failed.value.code, failed.value.detail) == (
        "simio_upload_invalid",
        "three rows are too few",
    )
    assert failed.value.faults == ()


def test_a_refusal_names_the_fields_at_fault() -> None:
    with pytest.raises(errors.JobFailedError) as failed:
        run("refuse_an_option")
    assert failed.value.code == "simio_upload_invalid"
    detail = "the weight is negative"
    assert failed.value.faults == (errors.Fault.of_form("/weight_column", detail),)
    with pytest.raises(errors.JobFailedError) as failed:
        run("refuse_conditions")
    assert failed.value.code == "simio_unknown_condition_level"
    assert len(failed.value.faults) == messages.MAX_FAULTS
    assert failed.value.faults[0].where == "/conditions/region"


def test_a_refusal_that_quotes_megabytes_is_cut() -> None:
    with pytest.raises(errors.JobFailedError) as failed:
        run("refuse_at_length", text="q" * 3_000_000)
    (fault,) = failed.value.faults
    assert failed.value.detail == fault.detail == "q" * (messages.MAX_TEXT - 4) + " ..."


def test_the_text_of_an_unforeseen_exception_stays_in_the_child() -> None:
    with pytest.raises(child.ChildFaultError) as failed:
        run("fail")
    assert "ValueError" in str(failed.value)
    assert "Ann" not in str(failed.value)


@pytest.mark.parametrize(
    ("stage", "code"),
    [("reading", "simio_upload_invalid"), ("fitting", "simio_job_limit_exceeded")],
)
def test_a_crash_is_one_failed_job(stage: str, code: str) -> None:
    with pytest.raises(errors.JobFailedError, match="SIGSEGV") as failed:
        run("crash", stage=stage)
    assert failed.value.code == code
    assert run("work", text="next")[0]["text"] == "next"


def test_a_file_that_crashes_its_parser_is_one_failed_job(tmp_path: Path) -> None:
    path = tmp_path / "study.sav"
    spss_files.corrupt_survey(path)
    with pytest.raises(errors.JobFailedError, match="save") as failed:
        run("read", path=str(path))
    assert failed.value.code == "simio_upload_invalid"


def test_a_workbook_that_copies_one_text_without_end_is_one_failed_job(tmp_path: Path) -> None:
    """600,000 cells refer to one text of 32,000 characters: 2 MB in the file, 19 GB in memory."""
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(workbooks.with_repeated_text(cells=600_000, characters=32_000))
    assert path.stat().st_size < 3_000_000
    with pytest.raises(errors.JobFailedError) as failed:
        run("read", path=str(path))
    assert failed.value.code in ("simio_upload_invalid", "simio_job_limit_exceeded")


def test_the_size_of_a_file_is_limited(tmp_path: Path) -> None:
    with pytest.raises(errors.JobFailedError, match="bytes to one file"):
        run("flood", path=str(tmp_path / "flood"))


def test_memory_is_limited() -> None:
    with pytest.raises(errors.JobFailedError, match="bytes of memory"):
        run("hog")


def test_time_is_limited() -> None:
    began = time.monotonic()
    with pytest.raises(errors.JobFailedError, match="2 seconds"):
        run("spin", child.Limits(LIMITS.memory_bytes, seconds=2))
    assert time.monotonic() - began < 15


def test_a_child_that_stops_in_the_middle_of_a_message_does_not_stop_its_worker() -> None:
    with pytest.raises(errors.JobFailedError, match="more than 2 seconds"):
        run("stop_short", child.Limits(LIMITS.memory_bytes, seconds=2))


def test_a_job_that_is_not_wanted_any_more_is_ended(tmp_path: Path) -> None:
    class NotWantedError(Exception):
        pass

    async def refuse(_progress: Progress) -> None:
        raise NotWantedError

    pid_file = tmp_path / "pid"
    with pytest.raises(NotWantedError):
        request = {"pid_file": str(pid_file)}
        asyncio.run(child.run(program("sleep"), request, tmp_path, LIMITS, refuse))
    assert not psutil.pid_exists(int(pid_file.read_text()))
