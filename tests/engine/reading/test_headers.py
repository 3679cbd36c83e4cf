import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.engine import errors, limits
from simulacra.engine.reading import headers

DATA = [["1", "a", "3.5"], ["2", "b", "4"], ["3", "c", ""], ["4", "d", "7"]] * 5


def find(*rows: list[str]) -> headers.Layout:
    return headers.find([*rows, *DATA], limits.DEFAULT)


def reasons(layout: headers.Layout) -> str:
    return " ".join(str(action) for action in layout.actions)


def test_one_line_of_names() -> None:
    layout = find(["n", "letter", "score"])
    assert (layout.names, layout.body, layout.actions) == (["n", "letter", "score"], 1, [])


@pytest.mark.parametrize(
    "title", [[["Study of 2024"]], [["Study of 2024", "", ""], ["", "", ""]], [[""], ["Report"]]]
)
def test_titles_above_the_names_are_skipped(title: list[list[str]]) -> None:
    layout = find(*title, ["n", "letter", "score"])
    assert (layout.names, layout.body) == (["n", "letter", "score"], len(title) + 1)
    assert f"{len(title)} lines above" in reasons(layout)


def test_the_options_of_a_multi_select_stand_in_the_second_row() -> None:
    rows = [
        ["id", "Seen?", "Which? Select all", "", "Fan?"],
        ["", "Response", "First film", "Second film", "Open-Ended Response"],
        *[[str(n), "Yes" if n % 2 else "No", "First film", "", "no"] for n in range(20)],
    ]
    layout = headers.find(rows, limits.DEFAULT)
    assert layout.names == [
        *("id", "Seen?", "Which? Select all - First film", "Which? Select all - Second film"),
        "Fan?",
    ]
    assert layout.body == 2
    assert "joined to the header" in reasons(layout)


def test_the_wording_of_the_questions_stands_in_the_second_row() -> None:
    layout = find(["Q1", "Q2", "Q3"], ["How many?", "Which letter?", "What score?"])
    assert layout.names == ["Q1", "Q2", "Q3"]
    assert layout.labels == {"Q1": "How many?", "Q2": "Which letter?", "Q3": "What score?"}
    assert layout.body == 2


def test_the_third_row_of_qualtrics_is_skipped() -> None:
    codes = ['{"ImportId":"QID1"}', '{"ImportId":"QID2"}', '{"ImportId":"QID3"}']
    layout = find(["Q1", "Q2", "Q3"], ["How many?", "Which letter?", "What score?"], codes)
    assert layout.body == 3
    assert layout.labels["Q2"] == "Which letter?"


def test_a_nameless_first_column_is_no_second_row() -> None:
    layout = find(["", "letter", "score"])
    assert (layout.names, layout.body) == (["column_1", "letter", "score"], 1)


def test_row_names_without_a_name_of_their_own() -> None:
    assert find(["letter", "score"]).names == ["column_1", "letter", "score"]


def test_a_separator_at_the_end_of_each_line_is_no_column_of_row_names() -> None:
    rows = [["n", "letter"], ["1", "a", ""], ["2", "b", ""]]
    assert headers.find(rows, limits.DEFAULT).names == ["n", "letter", "column_3"]


def test_answers_in_the_first_row_are_data() -> None:
    layout = headers.find([["31", "male", "3.5"], ["4", "male", "1"]], limits.DEFAULT)
    assert (layout.names, layout.body) == (["column_1", "column_2", "column_3"], 0)


def test_numbered_questions_are_names() -> None:
    layout = headers.find([["id", "1", "2"], ["a", "1", "3"], ["b", "2", "3"]], limits.DEFAULT)
    assert layout.names == ["id", "1", "2"]


def test_numbers_in_the_first_row_are_data() -> None:
    layout = headers.find([["1.5", "2"], ["3", "4"]], limits.DEFAULT)
    assert (layout.names, layout.body) == (["column_1", "column_2"], 0)
    assert "named by their position" in reasons(layout)


def test_years_are_names() -> None:
    assert headers.find([["2015", "2016"], ["3", "4"]], limits.DEFAULT).names == ["2015", "2016"]


def test_namesakes_are_numbered_and_reported() -> None:
    layout = find(["a", "a", "a_2"])
    assert len(set(layout.names)) == 3
    assert "renamed" in reasons(layout)


def test_too_many_or_too_few_columns_are_refused() -> None:
    with pytest.raises(errors.StudyError, match="3 columns"):
        headers.find([["a", "b", "c"]], limits.StudyBounds(max_columns=2))
    with pytest.raises(errors.StudyError, match="one column"):
        headers.find([["a"], ["1"]], limits.DEFAULT)
    with pytest.raises(errors.StudyError, match="a text of 9,000 characters"):
        headers.find([["a" * 9_000, "b"], ["1", "2"]], limits.DEFAULT)


NAMES = ["id", "age", "region", "segment", "spend"]


def answers(rows: int = 60, seed: int = 1) -> list[list[str]]:
    """Rows of an identifier, numbers and categories."""
    rng = random.Random(seed)
    return [
        [
            *(str(number), str(rng.randint(18, 90)), rng.choice(["North", "South", "East"])),
            *(rng.choice(["Value", "Mid", "Premium"]), str(rng.randint(0, 500))),
        ]
        for number in range(1, rows + 1)
    ]


@pytest.mark.parametrize("place", range(5))
def test_a_column_without_a_name_stays_one(place: int) -> None:
    header = [name if at != place else "" for at, name in enumerate(NAMES)]
    layout = headers.find([header, *answers()], limits.DEFAULT)
    assert (layout.body, layout.labels) == (1, {})
    assert layout.names[place] == f"column_{place + 1}"
    assert layout.nameless == [at == place for at in range(5)]


@pytest.mark.parametrize(
    "first",
    [
        ["NA"] * 5,
        ["1", *["NA"] * 4],
        ["1", *[""] * 4],
        ["1", *["keine Angabe"] * 4],
        ["1", "99+", "Overseas", "New", "-1"],  # answers that nobody else gives
        ["-"] * 5,
    ],
)
def test_a_first_respondent_who_gives_no_or_rare_answers_is_no_header(first: list[str]) -> None:
    layout = headers.find([NAMES, first, *answers()], limits.DEFAULT)
    assert (layout.names, layout.body, layout.labels) == (NAMES, 1, {})


@pytest.mark.parametrize("seed", range(5))
def test_a_file_without_names_keeps_its_first_respondent(seed: int) -> None:
    layout = headers.find(answers(seed=seed), limits.DEFAULT)
    assert (layout.depth, layout.body) == (0, 0)
    assert "of its 5 cells are like those below" in reasons(layout)


def test_a_file_of_answers_on_a_scale_without_names_keeps_its_first_respondent() -> None:
    rng = random.Random(3)
    rows = [[str(rng.randint(1, 5)) for _ in range(8)] for _ in range(60)]
    assert headers.find(rows, limits.DEFAULT).body == 0


QUESTIONS = ["Nr", "Welche kennen Sie?", *[""] * 5, "Wo gekauft?", *[""] * 3]
OPTIONS = ["", *"ABCDE", "Sonstige", *"ABC", "Sonstige"]


@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("titles", [[], [["Wave 2"] + [""] * 10], [["", "", "Wave 2"] + [""] * 8]])
def test_few_questions_over_many_options_are_joined(
    echoes: bool,  # noqa: FBT001 - a parameter of the test
    titles: list[list[str]],
) -> None:
    rng = random.Random(5)
    rows = [
        [str(n), *[rng.choice(["", option]) if echoes else rng.choice("01")
                   for option in OPTIONS[1:]]] for n in range(60)
    ]  # fmt: skip
    layout = headers.find([*titles, QUESTIONS, OPTIONS, *rows], limits.DEFAULT)
    assert layout.body == len(titles) + 2
    assert layout.names[:3] == ["Nr", "Welche kennen Sie? - A", "Welche kennen Sie? - B"]
    assert layout.names[-1] == "Wo gekauft? - Sonstige"
    assert "of its 10 cells are unlike those below" in reasons(layout)


def test_a_second_row_that_says_nothing_is_left_out() -> None:
    second = ["", "Response", "Response", "Response", "Open-Ended Response"]
    layout = headers.find([NAMES, second, *answers()], limits.DEFAULT)
    assert (layout.names, layout.labels, layout.body) == (NAMES, {}, 2)


def test_notes_over_many_columns_are_titles() -> None:
    notes = [["some", "notes", "at", "the", "top"], ["or", "", "", "", "cells"]]
    layout = headers.find([*notes, NAMES, *answers()], limits.DEFAULT)
    assert (layout.names, layout.body) == (NAMES, 3)


def test_groups_above_the_names_are_a_part_of_them() -> None:
    groups = ["Demographics", "", "", "Behaviour", ""]
    layout = headers.find([groups, NAMES, *answers()], limits.DEFAULT)
    assert layout.names[0] == "Demographics - id"
    assert layout.names[-1] == "Behaviour - spend"


def test_a_header_that_is_repeated_below_is_one() -> None:
    body = answers()
    assert headers.find([NAMES, *body[:9], NAMES, *body[9:]], limits.DEFAULT).names == NAMES


def test_a_header_above_shorter_rows_is_as_wide_as_the_longest() -> None:
    rows = [row[: 5 if at % 4 == 0 else 3] for at, row in enumerate(answers())]
    assert headers.find([NAMES, *rows], limits.DEFAULT).names == NAMES


@pytest.mark.parametrize("depth", range(4))
def test_a_caller_says_how_many_rows_hold_names(depth: int) -> None:
    layout = headers.find([NAMES, *answers()], limits.DEFAULT, depth)
    assert (layout.body, layout.depth) == (depth, depth)


@settings(max_examples=60)
@given(
    columns=st.lists(st.sampled_from(["number", "word", "text", "rare"]), min_size=3, max_size=12),
    blank=st.floats(0, 0.4),
    seed=st.integers(0, 2**32 - 1),
    is_named=st.booleans(),
)
def test_no_respondent_is_lost_and_no_name_is_an_answer(
    columns: list[str],
    blank: float,
    seed: int,
    is_named: bool,  # noqa: FBT001
) -> None:
    """Whatever the answers, the body begins with the first of them if the columns have names.

    Without names it does if two columns or more have answers that occur again.
    """
    rng = random.Random(seed)
    draw = {
        "number": lambda: str(rng.randint(0, 99)),
        "word": lambda: rng.choice(["yes", "no", "perhaps"]),
        "text": lambda: f"comment {rng.random()}",
        "rare": lambda: rng.choice(["a", *(f"r{n}" for n in range(30))]),
    }
    rows = [["" if rng.random() < blank else draw[kind]() for kind in columns] for _ in range(50)]
    names = [f"Question {letter}" for letter, _ in zip("ABCDEFGHIJKL", columns, strict=False)]
    if is_named:
        layout = headers.find([names, *rows], limits.DEFAULT)
        assert (layout.names, layout.body) == (names, 1)
    elif sum(kind in ("number", "word") for kind in columns) > 2:
        assert headers.find(rows, limits.DEFAULT).body == 0


def test_a_row_that_many_give_is_no_copy_of_a_header() -> None:
    """Two columns that go together, without names: most rows are copies of others."""
    pairs = [["North", "N"], ["South", "S"], ["East", "E"]]
    assert headers.find([pairs[n % 3] for n in range(60)], limits.DEFAULT).body == 0
    assert headers.find([["a", "b"], *(pairs[n % 3] for n in range(60))], limits.DEFAULT).body == 1
