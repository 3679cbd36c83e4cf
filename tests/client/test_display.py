"""What is shown of progress, and where."""

import io
import sys
import threading
import time
import types

import pytest

from simulacra.client import display
from simulacra.engine.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_nobody_is_asked_and_nothing_is_shown(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert not display.asks_to_cancel("job_1")
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
        assert display.asks_to_cancel("job_1")


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
    assert "100%" in seen[-1]
    with display.progress(False) as nothing:  # noqa: FBT003 - as its callers give it
        assert nothing is None
