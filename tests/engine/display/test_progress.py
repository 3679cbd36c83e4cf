"""What is shown of progress, and where."""

import io
import re
import sys
import threading
import time
import types

import pytest

from simulacra.client import display as asking
from simulacra.engine.display import progress as display
from simulacra.engine.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_nobody_is_asked_and_nothing_is_shown(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert not asking.asks_to_cancel("job_1")
    with display.progress(None) as shown:
        assert shown is None
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_shown_where_it_is_wanted(capfd: pytest.CaptureFixture[str]) -> None:
    with display.progress(True) as shown:  # noqa: FBT003 - as its callers give it
        assert shown is not None
        shown(Progress("fitting", 0.5, 1, 2))
    assert "fitting" in capfd.readouterr().err


def test_what_is_waited_for_at_the_same_time_has_one_display(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with display.progress(None) as first, display.progress(None) as second:
        assert first is not None
        assert second is not None
        first(Progress("fitting", 0.5))
        second(Progress("sampling", 0.25))
        before = threading.active_count()
        with display.progress(None):
            assert threading.active_count() == before  # no second one draws
    text = terminal.getvalue()
    assert "fitting" in text
    assert "sampling" in text


def test_nothing_is_drawn_over_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    threads = threading.active_count()

    class Answering(Terminal):
        def readline(self, *_: object) -> str:  # type: ignore[override]  # of text, not of bytes
            until = time.monotonic() + 60
            while threading.active_count() > threads:
                assert time.monotonic() < until, "the bar is still drawn"
                time.sleep(0.01)
            return "y\n"

    monkeypatch.setattr(sys, "stdin", Answering())
    with display.progress(None) as shown:
        assert shown is not None
        assert threading.active_count() == threads + 1  # the one that draws
        assert asking.asks_to_cancel("job_1")


def test_a_notebook_has_a_bar_below_its_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """What IPython offers is stood in for; the real one is no dependency of ours."""
    seen: list[str] = []

    class Handle:
        def update(self, shown: display._Cell) -> None:
            seen.append(shown._repr_html_())

    def show(shown: object, *, display_id: bool) -> Handle:
        assert display_id
        seen.append(repr(shown))
        return Handle()

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    of_display = types.ModuleType("IPython.display")
    of_display.display = show  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", of_display)
    with display.progress(None) as shown:
        assert shown is not None
        shown(Progress("fitting <b>", 0.5, 1, 2))
        shown(Progress("fitting", 1.0, 2, 2))
    assert seen[0] == "starting 0%"
    assert seen[1] == (
        '<progress max="1" value="0.500"></progress> fitting &lt;b&gt; 50% step 1 of 2'
    )
    assert "100%" in seen[-2]
    assert re.fullmatch(r"<small>done after \d+ s</small>", seen[-1])
    with display.progress(False) as nothing:  # noqa: FBT003 - as its callers give it
        assert nothing is None


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


def test_how_long_the_rest_takes_is_told_once_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, remaining = Clock(monkeypatch), display.Remaining()
    assert remaining.text(0.0) == ""
    clock.now += 1000  # the job waits in a queue
    assert remaining.text(0.1) == ""
    clock.now += 1
    assert remaining.text(0.11) == ""
    clock.now += 9
    assert remaining.text(0.2) == "about 1 min left"
    clock.now += 70
    assert remaining.text(0.9) == "about 10 s left"
    assert remaining.text(1.0) == ""
    assert remaining.text(0.05) == ""  # it begins anew
    assert display.duration(7_500) == "about 2 h 5 min"


def test_a_bar_of_the_library_appears_with_longer_work_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal, clock = Terminal(), Clock(monkeypatch)
    monkeypatch.setattr(sys, "stderr", terminal)
    with display.shown(None) as told:
        assert told is not None
        told(Progress("reading", 0.1))
        assert terminal.getvalue() == ""
        clock.now += display.SHOWN_AFTER
        told(Progress("fitting", 0.5))
    assert "fitting" in terminal.getvalue()
    assert "reading" not in terminal.getvalue()
    seen: list[Progress] = []
    with display.shown(seen.append) as told:
        assert told is not None
        told(Progress("reading", 0.1))
    assert len(seen) == 1
    with display.shown(False) as nothing:  # noqa: FBT003 - as its callers give it
        assert nothing is None
