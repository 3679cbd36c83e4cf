import dataclasses
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from simulacra.service.embedded import child, errors, lifeline, supervisor

Census = Callable[[], list[psutil.Process]]
Wait = Callable[[Callable[[], object]], None]


def python(name: str, data_dir: Path, code: str) -> child.Service:
    argv = [sys.executable, "-c", code, str(data_dir)]
    return child.Service(name=name, argv=argv, log=data_dir / f"{name}.log")


def run_until(condition: Callable[[], object], services: list[child.Service], wait: Wait) -> None:
    """Run a supervisor here, in the main thread, and press Ctrl-C once ``condition`` holds."""

    def press() -> None:
        try:
            wait(condition)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=press)
    thread.start()
    supervisor.Supervisor(services).run()
    thread.join()


WAITING = "import time; time.sleep(600)"


def test_services_start_in_order_and_stop_in_reverse(
    data_dir: Path, census: Census, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    began = time.monotonic()
    first = dataclasses.replace(
        python("first", data_dir, WAITING), ready=lambda: time.monotonic() - began > 0.3
    )
    second = python("second", data_dir, WAITING)

    run_until(lambda: "second is ready" in caplog.text, [first, second], wait)

    events = [record.message.split(" after")[0] for record in caplog.records]
    expected = ["first is ready", "second is ready", "stopping second", "stopping first"]
    assert events == expected
    assert not census()


def test_a_child_that_keeps_ending_is_started_later_and_later(
    data_dir: Path, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    failing = python("failing", data_dir, "import time; time.sleep(0.05); raise SystemExit(3)")

    def seen() -> bool:
        return "starting it again in 0.4 s" in caplog.text

    run_until(seen, [failing], wait)

    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        f"failing ended (exit code 3): starting it again in {delay} s" for delay in (0.1, 0.2, 0.4)
    ]


def test_a_step_is_done_before_the_next_starts_and_is_not_done_again(
    data_dir: Path, census: Census, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    code = "import sys, pathlib; pathlib.Path(sys.argv[1], 'done').open('a').write('x')"
    data_dir.mkdir()
    step = dataclasses.replace(python("step", data_dir, code), is_step=True)
    seeing = "import pathlib, sys, time; assert pathlib.Path(sys.argv[1], 'done').exists()"
    next_one = python("next", data_dir, f"{seeing}; time.sleep(0.2)")

    run_until(lambda: caplog.text.count("next ended (exit code 0)") == 2, [step, next_one], wait)

    assert (data_dir / "done").read_text() == "x"
    events = [record.message.split(" after")[0] for record in caplog.records]
    assert events[:2] == ["step is done", "next is ready"]
    assert not census()


def test_what_is_due_daily_is_done_again_and_again_whatever_becomes_of_it(
    data_dir: Path, wait: Wait, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "DAILY", 0.02)
    monkeypatch.setattr(supervisor, "STEADY_TICK", 0.02)
    done = []

    def daily() -> None:
        done.append(1)
        raise OSError("the disk is full")

    def press() -> None:
        try:
            wait(lambda: len(done) > 2)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=press)
    thread.start()
    supervisor.Supervisor([python("steady", data_dir, WAITING)], daily=daily).run()
    thread.join()
    assert len(done) > 2
    assert "the disk is full" in caplog.text


def test_a_step_that_fails_lets_nothing_start_after_it(
    data_dir: Path, census: Census, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    step = dataclasses.replace(python("step", data_dir, "raise SystemExit(3)"), is_step=True)

    with pytest.raises(errors.StartError, match="step failed 3 times"):
        supervisor.Supervisor([step, python("next", data_dir, WAITING)]).run()

    assert "next" not in caplog.text
    assert not census()


def test_a_child_that_never_starts_stops_everything(data_dir: Path, census: Census) -> None:
    steady = python("steady", data_dir, WAITING)
    broken = python("broken", data_dir, "raise SystemExit('no such thing')")
    broken = dataclasses.replace(broken, ready=lambda: False)

    with pytest.raises(errors.StartError, match=r"broken failed 3 times .*broken\.log"):
        supervisor.Supervisor([steady, broken]).run()

    assert not census()
    assert (data_dir / "broken.log").read_text() == "no such thing\n" * 3


def test_a_child_that_is_never_ready_counts_as_broken(data_dir: Path, census: Census) -> None:
    hanging = python("hanging", data_dir, WAITING)
    hanging = dataclasses.replace(hanging, ready=lambda: False, start_timeout=0.1)

    with pytest.raises(errors.StartError, match=r"hanging failed 3 times to start \(SIGKILL\)"):
        supervisor.Supervisor([hanging]).run()

    assert not census()


def test_what_a_dead_child_leaves_behind_is_ended(
    data_dir: Path, census: Census, wait: Wait
) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {WAITING!r}, sys.argv[1], 'grandchild'])\n"
        "time.sleep(600)"
    )
    killed: list[int] = []

    def kill_once_and_wait() -> bool:
        grandchildren = {p.pid: p.ppid() for p in census() if "grandchild" in p.cmdline()}
        if not killed and grandchildren:
            killed.extend(next(iter(grandchildren.items())))
            psutil.Process(killed[1]).kill()
        return bool(killed) and killed[0] not in grandchildren and bool(grandchildren)

    run_until(kill_once_and_wait, [python("parent", data_dir, code)], wait)

    assert not census()


def test_a_child_that_was_there_before_is_left_in_peace(data_dir: Path, wait: Wait) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING]) as earlier:
        once = python("once", data_dir, WAITING)
        run_until((data_dir / "once.log").exists, [once], wait)
        assert earlier.poll() is None
        earlier.kill()


def test_a_child_that_will_not_stop_is_killed(data_dir: Path, census: Census, wait: Wait) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(600)"
    )
    deaf = dataclasses.replace(python("deaf", data_dir, code), stop_timeout=0.2)
    log = data_dir / "deaf.log"

    run_until(lambda: log.exists() and "deaf" in log.read_text(), [deaf], wait)

    assert not census()


def test_a_long_log_is_set_aside(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LOG_LIMIT", 100)
    talker = child.Child(python("talker", data_dir, "print('x' * 200)"))
    for _ in range(2):
        talker.start()
        while talker.exit_code() is None:
            time.sleep(0.01)
        talker.trim_log()

    assert (data_dir / "talker.log").read_text() == ""
    assert (data_dir / "talker.log.1").read_text() == "x" * 200 + "\n"


def test_a_child_whose_parent_is_gone_already_does_not_start() -> None:
    words = lifeline.command(["/bin/echo", "started"], lifeline.Terms())
    orphaned = [f"--parent={2**22 + 1}" if "--parent" in word else word for word in words]

    result = subprocess.run(orphaned, capture_output=True, check=False)

    assert (result.returncode, result.stdout) == (-signal.SIGKILL, b"")


def test_a_service_that_says_no_more_that_it_is_alive_is_started_again(
    data_dir: Path, wait: Wait, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_TICK", 0.02)
    monkeypatch.setattr(supervisor, "SILENCE", 0.1)
    caplog.set_level(logging.INFO)
    told = iter([True] * 3 + [False] * 1000)
    stuck = dataclasses.replace(
        python("stuck", data_dir, WAITING), ready=lambda: True, alive=lambda: next(told)
    )

    run_until(lambda: caplog.text.count("stuck is ready") == 2, [stuck], wait)

    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        "stuck has not said for 0 s that it is alive: killing it",
        "stuck ended (SIGKILL): starting it again in 0.1 s",
    ]


def test_a_service_that_is_silent_for_a_moment_goes_on(
    data_dir: Path, wait: Wait, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_TICK", 0.02)
    asked = []

    def is_alive() -> bool:
        asked.append(1)
        return len(asked) % 2 == 0

    busy = dataclasses.replace(python("busy", data_dir, WAITING), alive=is_alive)
    run_until(lambda: len(asked) > 10, [busy], wait)
    assert "killing" not in caplog.text
