"""Tables whose ids can be copied, and times as people say them."""

import datetime as dt

import pytest

from simulacra.cli.remote import tables
from simulacra.cli.remote.tables import Column

ID = "ds_4qbsvFcOKcT0pmYfVu2rTy"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")


COLUMNS = [
    Column("DATASET", [ID, "-"]),
    Column("NAME", ["a name that takes more room than there is", "b"], flexible=True),
    Column("ROWS", ["1,000", "7"], number=True),
    Column("CREATED", ["now", "now"], least_width=100),
]


@pytest.mark.parametrize("has_rich", [True, False])
def test_a_file_or_a_program_gets_whole_lines(
    monkeypatch: pytest.MonkeyPatch, *, has_rich: bool
) -> None:
    if not has_rich:
        monkeypatch.setattr(tables, "find_spec", lambda _: None)
    first, *rows = tables.lines(COLUMNS)
    assert first.split() == ["DATASET", "NAME", "ROWS", "CREATED"]
    assert rows[0] == f"{ID}  a name that takes more room than there is  1,000  now"
    assert rows[1].split() == ["-", "b", "7", "now"]
    assert rows[0].index("1,000") + 4 == rows[1].index("7")


@pytest.mark.usefixtures("terminal")
def test_a_narrow_terminal_gets_whole_ids() -> None:
    lines = tables.lines(COLUMNS)
    assert max(map(len, lines)) <= 50
    assert lines[0].split() == ["DATASET", "NAME", "ROWS"]
    assert lines[1].startswith(f"{ID}  ")
    assert " ".join(line[27:44] for line in lines[1:-1]).split() == [
        *["a", "name", "that", "takes", "more", "room", "than", "there", "is"]
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "5 s ago"), (-89, "1 min ago"), (-3600, "1 h ago"), (86_399, "in 24 h"),
        (36 * 3600, "in 36 h"), (72 * 3600 - 1, "in 3 d"),
    ],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds: float, text: str) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    assert tables.ago(moment.isoformat()) == text
