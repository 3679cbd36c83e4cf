import numpy as np

from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema
from simulacra.engine.tabulating import variables

NAN = np.nan


def option(name: str, label: str) -> Column:
    return Column(name, name, label, BOOLEAN, 0.0, levels=("false", "true"), multiple_response="Q")


def brand(name: str, levels: tuple[str, ...]) -> Column:
    return Column(name, name, name, NOMINAL, 0.0, levels=levels, multiple_response="B")


QUESTION = Schema(
    (option("q1", "Tea"), option("q2", "Milk"), option("q3", "Milk")),
    (),
    4,
    (MultipleResponseSet("Q", "Which?", "dichotomy", ("q1", "q2", "q3"), "true"),),
)
BRANDS = Schema(
    (brand("first", ("Asda", "Coop")), brand("second", ("Coop", "Lidl"))),
    (),
    4,
    (MultipleResponseSet("B", "Where?", "category", ("first", "second")),),
)


def test_the_base_of_a_question_is_those_who_were_asked() -> None:
    values = {
        0: np.array([1.0, 0, NAN, NAN]),
        1: np.array([1.0, 0, 1, NAN]),
        2: np.array([0.0, 0, 0, NAN]),
    }
    (question,) = variables.rows_of(QUESTION, "Q")
    assert question.asked(values).tolist() == [True, True, True, False]
    chosen = {name: group(values).tolist() for name, group in question.options}
    assert chosen == {
        "Tea": [True, False, False, False],
        "q2": [True, False, True, False],
        "q3": [False, False, False, False],
    }


def test_an_option_may_be_in_any_column_of_a_question() -> None:
    values = {0: np.array([0.0, 1, NAN, NAN]), 1: np.array([0.0, 1, NAN, 1])}
    (question,) = variables.rows_of(BRANDS, ["B"])
    assert question.asked(values).tolist() == [True, True, False, True]
    chosen = {name: group(values).tolist() for name, group in question.options}
    assert chosen == {
        "Asda": [True, False, False, False],
        "Coop": [True, True, False, False],
        "Lidl": [False, True, False, True],
    }


def test_options_of_a_question_are_columns_that_overlap() -> None:
    question, brands = variables.banner_of(QUESTION, "Q") + variables.banner_of(BRANDS, "B")
    assert question.overlaps
    assert [name for name, _ in question.levels] == ["Tea", "q2", "q3"]
    assert brands.columns == ("first", "second")
