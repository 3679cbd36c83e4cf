import random

import pyarrow as pa
import pytest

from simulacra.engine import limits
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.reading import headers, rows

TABLE = pa.table({"a": ["x", None, "Source: us", None], "b": ["1", "2", None, None],
                  "c": ["1", None, None, None]})  # fmt: skip


def test_empty_rows_are_left_out_and_counted() -> None:
    table, (action,) = rows.without_empty(TABLE)
    assert table.num_rows == 3
    assert (action.action, action.count) == ("skipped", 1)


def test_notes_under_the_table_are_left_out() -> None:
    table, (action,) = rows.without_notes(TABLE.slice(0, 3))
    assert table["a"].to_pylist() == ["x", None]
    assert action.count == 1


def test_a_row_with_one_cell_in_the_middle_stays() -> None:
    reordered = TABLE.take([2, 0])
    assert rows.without_notes(reordered) == (reordered, [])
    narrow = TABLE.select(["a", "b"]).slice(0, 3)
    assert rows.without_notes(narrow) == (narrow, [])


NAMES = ["id", "age", "region", "spend", "score"]
Cells = list[str]


def answers(count: int = 60, seed: int = 1) -> list[Cells]:
    rng = random.Random(seed)
    return [
        [f"C{n}", str(rng.randint(18, 90)), rng.choice(["North", "South"]),
         str(rng.randint(1, 500)), f"{rng.random() * 9:.2f}"] for n in range(count)
    ]  # fmt: skip


def kept(body: list[Cells], header: Cells = NAMES) -> tuple[list[Cells], list[CleaningAction]]:
    layout = headers.find([header, *body], limits.DEFAULT, 1)
    columns = [[cell or None for cell in column] for column in zip(*body, strict=True)]
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=layout.names)
    left, actions = rows.of_respondents(table, layout)
    return [[cell or "" for cell in row.values()] for row in left.to_pylist()], actions


def total(of: list[Cells], at: int) -> str:
    return f"{sum(float(row[at]) for row in of):.{2 if at == 4 else 0}f}"


def mean(of: list[Cells], at: int) -> str:
    return f"{sum(float(row[at]) for row in of) / len(of):.2f}"


BODY = answers()
TOTALS = {
    "with a label alone": ["Total", "", "", total(BODY, 3), ""],
    "in another language": ["Yhteenveto", "", "", total(BODY, 3), total(BODY, 4)],
    "without a label": ["", "", "", total(BODY, 3), total(BODY, 4)],
    "full": ["All", total(BODY, 1), "-", total(BODY, 3), total(BODY, 4)],
    "means": ["Average", mean(BODY, 1), "", mean(BODY, 3), mean(BODY, 4)],
    "with marks": ["Sum", "", "", f"{int(total(BODY, 3)):,}", ""],
    "a label without numbers": ["Grand total", "", "", "", ""],
}


@pytest.mark.parametrize("row", TOTALS.values(), ids=TOTALS)
@pytest.mark.parametrize("is_above", [False, True])
def test_a_row_of_totals_is_left_out(row: Cells, is_above: bool) -> None:  # noqa: FBT001
    left, (action,) = kept([row, *BODY] if is_above else [*BODY, row])
    assert left == BODY
    assert (action.action, action.count) == ("skipped", 1)


@pytest.mark.parametrize("decimals", [0, 1])
def test_percentages_below_columns_of_0_and_1_are_totals(decimals: int) -> None:
    body = [[f"C{n}", str(n % 3 % 2), str(n % 7 % 2), str(n % 90)] for n in range(60)]
    counts = [sum(int(row[at]) for row in body) for at in (1, 2)]
    shares = [f"{count / 60:.{decimals}%}".replace(".", ",") for count in counts]
    totals = [["Sum", *map(str, counts), ""], ["%", *shares, ""]]
    left, (action,) = kept([*body, *totals], ["name", "tv", "web", "age"])
    assert left == body
    assert "percentages of 'tv', 'web'" in action.reason


def test_subtotals_and_their_total_are_left_out() -> None:
    body: list[Cells] = []
    for start in range(0, 60, 15):
        part = BODY[start : start + 15]
        body += [*part, ["Subtotal", "", "", total(part, 3), ""]]
    left, (action,) = kept([*body, ["Total", "", "", total(BODY, 3), ""]])
    assert left == BODY
    assert action.count == 5
    assert "sums of 'spend'" in action.reason


@pytest.mark.parametrize(
    "row",
    [
        ["C60", "", "", "12", ""],  # who broke off
        ["C60", "44", "", "", ""],
        ["Total", "44", "North", "12", "1.50"],  # a name
        ["C60", "90", "South", "500", "8.99"],
        ["C60", "0", "North", "0", "0"],
    ],
)
@pytest.mark.parametrize("place", [0, 30, 60])
def test_a_respondent_is_no_total(row: Cells, place: int) -> None:
    body = [*BODY[:place], row, *BODY[place:]]
    assert kept(body) == (body, [])


def test_no_respondent_of_many_studies_is_a_total() -> None:
    """Each has 40 respondents who tick boxes, most of them few; none may be left out."""
    for seed in range(60):
        rng = random.Random(seed)
        body = [[f"C{n}", *[rng.choice(["", "1"]) if rng.random() < 0.5 else rng.choice("01")
                            for _ in range(6)]] for n in range(40)]  # fmt: skip
        assert kept(body, [*NAMES, "f", "g"]) == (body, [])


def test_repeated_headers_are_left_out() -> None:
    left, (action,) = kept([*BODY[:20], NAMES, *BODY[20:40], NAMES, *BODY[40:]])
    assert left == BODY
    assert action.count == 2


EMPTY = [""] * 5


@pytest.mark.parametrize(
    "other",
    [
        [["Region", "Count", "", "", ""], ["North", "29", "", "", ""], ["South", "31", "", "", ""]],
        [["Wave", "Mean", "Median", "Low", "High"], ["1", "3.5", "2", "1", "9"]],
        [["", "Notes", "by the agency", "", ""]],
    ],
)
def test_another_table_below_is_left_out(other: list[Cells]) -> None:
    left, actions = kept([*BODY, EMPTY, EMPTY, *other])
    assert [row for row in left if any(row)] == BODY
    assert sum(action.count for action in actions) == len(other)


def test_respondents_below_an_empty_row_stay() -> None:
    body = [*BODY[:40], EMPTY, *BODY[40:]]
    assert kept(body) == (body, [])


def test_a_shorter_table_beside_is_left_out() -> None:
    side = [["", "Low", "29"], ["", "High", "31"]]
    body = [[*row, *(side[at] if at < 2 else [""] * 3)] for at, row in enumerate(BODY)]
    left, actions = kept(body, [*NAMES, "", "Segment", "n"])
    assert [row[:5] for row in left] == BODY
    assert [action.column for action in actions] == ["Segment", "n"]
    assert "it ends after 2 of 60 rows" in actions[0].reason


def test_questions_beside_an_empty_column_stay() -> None:
    body = [[*row, "", row[1]] for row in BODY]
    assert kept(body, [*NAMES, "", "again"]) == (body, [])
