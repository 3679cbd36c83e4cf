import threading
import time

import pytest

from simulacra.engine import processors


def test_there_is_a_processor() -> None:
    assert processors.count() >= 1


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("uses_blas", [False, True])
def test_results_come_in_the_order_of_the_items(
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    uses_blas: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(processors, "count", lambda: count)

    def square(item: int) -> int:
        time.sleep(0.002 * (5 - item))  # the first takes longest
        return item**2

    assert list(processors.share(square, range(5), uses_blas=uses_blas)) == [0, 1, 4, 9, 16]


def test_work_is_done_on_all_processors_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each item waits for the other, so that neither ends if they are done one by one."""
    monkeypatch.setattr(processors, "count", lambda: 2)
    meeting = threading.Barrier(2, timeout=60)
    assert sorted(processors.share(lambda _: meeting.wait(), [0, 1])) == [0, 1]


def test_no_items_give_no_results() -> None:
    assert list(processors.share(lambda item: item, [])) == []


def test_an_error_in_a_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(processors.share(lambda item: 1 // item, [1, 0, 1]))
