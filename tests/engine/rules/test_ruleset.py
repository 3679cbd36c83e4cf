import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine import rules
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns import encoding
from simulacra.engine.rules import Rules
from tests.studies import rule_survey

ROWS = 2_000


@pytest.fixture(scope="module")
def study() -> Study:
    return rule_survey.study(rule_survey.survey(3_000))


@pytest.fixture(scope="module")
def learned(study: Study) -> Rules:
    return rules.learn(study.schema, study.values)


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    table = rule_survey.survey(3_000)
    return simulacra.fit(table, keep=table.column_names)


def test_the_survey_keeps_its_rules() -> None:
    assert rule_survey.violations(rule_survey.survey(3_000)) == {}


def test_the_seed_rows_keep_what_is_learned(study: Study, learned: Rules) -> None:
    drawn = dict(enumerate(study.values.T))
    assert not learned.broken(drawn).any()


def test_rules_say_themselves(learned: Rules) -> None:
    lines = str(learned).splitlines()
    assert {
        "region decides land",
        "brand is missing exactly when owns is 'No'",
        "school decides school_years",
        "option_2 is never 'true' with none_of_these 'true'",
        "age decides band, by 3 cut points",
        "age decides if retired_since is known, by 1 cut points",
        "first <= last",
        "visits_month <= visits_year",
        (
            "there is always one of option_1 'true', option_2 'true', option_3 'true', "
            "none_of_these 'true'"
        ),
        "food + rent + other = total",
        "share_tv + share_web + share_print is constant",
    } <= set(lines)


def test_rules_come_back_from_json(study: Study, learned: Rules) -> None:
    document = json.loads(json.dumps(learned.to_json()))
    again = Rules.from_json(document, study.schema)
    assert again.to_json() == learned.to_json()
    assert str(again) == str(learned)
    drawn = shuffled(study, np.random.default_rng(0))
    for position, values in drawn.items():
        np.testing.assert_array_equal(
            again.violated(position, values, drawn), learned.violated(position, values, drawn)
        )


def shuffled(study: Study, rng: np.random.Generator) -> dict[int, encoding.Floats]:
    """Return rows of independent columns."""
    drawn = {}
    for position, column in enumerate(study.schema.columns):
        values = study.values[rng.integers(study.schema.row_count, size=ROWS), position]
        is_number = not column.type.is_categorical
        drawn[position] = np.clip(values, *encoding.bounds(column)) if is_number else values
    return drawn


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("owns", "brand"),
        ("region", "land"),
        ("age", "band"),
        ("age", "retired_since"),
        ("first", "last"),
        ("none_of_these", "option_1"),
    ],
)
def test_a_rule_of_two_columns_works_from_both_sides(
    study: Study, learned: Rules, one: str, other: str
) -> None:
    drawn = shuffled(study, np.random.default_rng(1))
    first, second = study.schema.names.index(one), study.schema.names.index(other)
    forth = learned.violated(second, drawn[second], {first: drawn[first]})
    back = learned.violated(first, drawn[first], {second: drawn[second]})
    np.testing.assert_array_equal(forth, back)
    assert 0.02 < forth.mean() < 0.98


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([150, 500, 3_000]))
def test_mending_leaves_nothing_broken_in_any_order_of_the_columns(seed: int, rows: int) -> None:
    """Columns are drawn without regard to each other, which breaks rules in every row."""
    small = rule_survey.study(rule_survey.survey(rows))
    found = rules.learn(small.schema, small.values)
    rng = np.random.default_rng(seed)
    free = shuffled(small, rng)
    drawn: dict[int, encoding.Floats] = {}
    for position in rng.permutation(len(free)).tolist():
        made = free[position]
        drawn[position] = found.mended(position, made, drawn, small.values, rng)
        if not small.schema.columns[position].type.is_categorical:
            low, high = encoding.bounds(small.schema.columns[position])
            assert low <= np.nanmin(drawn[position]) <= np.nanmax(drawn[position]) <= high
    assert not found.broken(drawn).any()
    if rows == 3_000:  # enough to learn all that is true
        columns = enumerate(small.schema.columns)
        table = {column.name: encoding.to_arrow(column, drawn[i]) for i, column in columns}
        assert rule_survey.violations(pa.table(table)) == {}


def test_mending_keeps_what_breaks_no_rule(study: Study, learned: Rules) -> None:
    rng = np.random.default_rng(2)
    free = shuffled(study, rng)
    position = study.schema.names.index("land")
    drawn = {0: free[0]}
    fine = ~learned.violated(position, free[position], drawn)
    mended = learned.mended(position, free[position], drawn, study.values, rng)
    np.testing.assert_array_equal(mended[fine], free[position][fine])
    assert fine.any()


def test_no_number_of_fewer_than_five_rows_is_mended_in(study: Study, learned: Rules) -> None:
    """`seconds` that are nobody's own are drawn from around the seed rows' values.

    On a grid of tenths a draw hits the value itself about once in the cell's width.
    """
    rng = np.random.default_rng(3)
    names = study.schema.names
    pages, seconds = names.index("pages"), names.index("seconds")
    drawn = {pages: np.full(ROWS, 3.0)}
    made = learned.mended(seconds, np.zeros(ROWS), drawn, study.values, rng)
    values, counts = np.unique(study.values[:, seconds], return_counts=True)
    assert (made > 0).all()
    assert np.isin(made, values[counts < encoding.VERBATIM_ROWS]).mean() < 0.8


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"categorical": {"brand": {"X": 0.7}, "band": {"65+": 0.5}}},
        {
            "categorical": {"none_of_these": {"true": 0.4}},
            "numeric": {"total": {"min": 300, "max": 400}},
        },
        {"numeric": {"last": {"min": "2020-02-01", "max": "2020-03-01"}}},
        {
            "categorical": {"school": {"Doctor": 0.5}},
            "numeric": {"share_web": {"min": 40, "max": 95}},
        },
    ],
    ids=["free", "shares", "total", "dates", "parts"],
)
def test_no_row_of_100_000_breaks_a_rule(
    model: simulacra.Model, conditions: dict[str, dict[str, dict[str, float]]]
) -> None:
    made = model.generate(100_000, seed=1, **conditions)  # type: ignore[arg-type]
    assert made.rows_generated == 100_000
    assert rule_survey.violations(made.table) == {}
