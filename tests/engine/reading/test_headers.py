import pytest

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
