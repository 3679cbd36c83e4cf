"""What a validation says in words."""

import dataclasses
import json

import pytest

from simulacra.engine.validation.validation import Comparison, Error, Figure, Validation
from simulacra.engine.validation.worth import Worth

SHARE = Figure("car", "yes", 0.25, 0.2, 0.1, standard_error=0.0, chance=0.02, spread=0.4)
MEAN = Figure(
    "spend", "mean", 1_250.0, 900.0, 1_000.0, standard_error=20.0, chance=20.0, spread=500
)
COMPARISON = Comparison(
    *("region = North", 80, 40, 40, 12),
    *(Error(0.021, 0.1), Error(0.03, 0.15), Error(0.03, 0.15)),
    *(Worth(90.0, 45.0, 180.0), ()),
)
VALIDATION = Validation(
    respondents=400,
    columns=13,
    repeats=5,
    is_named=True,
    weight=None,
    comparisons=(COMPARISON,),
    gain=Worth(2.25, 1.1, 4.5),
    skipped=(),
    failed=(),
)


def said_of(**changes: object) -> Validation:
    changed = dataclasses.replace(COMPARISON, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(VALIDATION, comparisons=(changed,))


@pytest.mark.parametrize(
    ("worth", "words", "verdict"),
    [
        (Worth(90.0, 45.0, 180.0), "worth 90 (45 to 180) interviews, more than", "better"),
        (Worth(45.0, 25.0, 90.0), "worth 45 (25 to 90) interviews, not told apart", "alike"),
        (Worth(15.0, 8.0, 33.0), "worth 15 (8 to 33) interviews, less than", "worse"),
        (Worth(60.0, 30.0, None), "worth at least 30 interviews, not told apart", "alike"),
        (Worth(None, 50.0, None), "worth at least 50 interviews, more than", "better"),
        (Worth(None, 0.0, None), "cannot be told from so few questions", "alike"),
    ],
)
def test_the_worth_is_said_beside_the_respondents_used(
    worth: Worth, words: str, verdict: str
) -> None:
    found = said_of(worth=worth)
    assert found.comparisons[0].verdict == verdict
    assert words in str(found)
    codes = [warning.code for warning in found.warnings]
    assert codes == (["worse_than_tabulation"] if verdict == "worse" else [])


def test_errors_of_no_more_than_chance_are_called_that() -> None:
    assert "2.1 points  0.10 SD" in str(VALIDATION)
    assert "chance       -" in str(said_of(predicted=Error(0.0, None)))


def test_figures_beyond_chance_are_named_once_a_question() -> None:
    other = dataclasses.replace(SHARE, level="no", predicted=0.75, hidden=0.89)
    (warning,) = said_of(figures=(SHARE, other, MEAN)).warnings
    assert warning.code == "figures_off"
    assert warning.detail == (
        "Figures are off by more than chance: car = yes among region = North, 25% instead of 10%; "
        "spend among region = North, mean 1,250 instead of 1,000."
    )


def test_a_figure_within_chance_is_not_named_though_nobody_hidden_has_it() -> None:
    nobody = dataclasses.replace(SHARE, predicted=0.05, hidden=0.0)
    assert said_of(figures=(nobody,)).warnings == ()
    assert said_of(figures=(dataclasses.replace(nobody, chance=0.01),)).warnings != ()


def test_what_could_not_be_done_comes_first() -> None:
    found = dataclasses.replace(
        VALIDATION, comparisons=(), failed=("region = North",), skipped=(), gain=None
    )
    assert str(found).startswith("segment_failed: The model could not make rows for region = North")
    assert str(found).endswith("Nothing could be compared.")


def test_it_is_read_again_from_its_json() -> None:
    found = said_of(figures=(SHARE, MEAN))
    document = json.loads(json.dumps(found.to_json()))
    assert Validation.from_json(document) == found
    without = dataclasses.replace(found, gain=None, weight="wgt", comparisons=(), failed=("a",))
    assert Validation.from_json(without.to_json()) == without
