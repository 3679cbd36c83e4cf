import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.http import problems, ranges

SIZE = 100


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", (0, 100)),
        ("bytes=0-0", (0, 1)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("bytes=20-10", None),  # invalid: ignored (RFC 9110, 14.1.1)
        ("bytes=0-1,5-6", None),  # several ranges: we may answer with the whole
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int] | None) -> None:
    assert ranges.parse(header, SIZE) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=1000-2000", "bytes=-0"])
def test_ranges_behind_the_end_say_how_long_the_artifact_is(header: str) -> None:
    with pytest.raises(problems.Problem) as refused:
        ranges.parse(header, SIZE)
    assert refused.value.status == 416
    assert refused.value.headers["Content-Range"] == "bytes */100"


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 150))
def test_a_range_stays_inside_the_artifact(first: int, last: int, size: int) -> None:
    try:
        found = ranges.parse(f"bytes={first}-{last}", size)
    except problems.Problem:
        assert first >= size
        return
    if found is not None:
        start, stop = found
        assert 0 <= start < stop <= size
        assert start == first
