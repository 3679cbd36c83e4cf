from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.engine import disclosure
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.rules import repair, ruleset
from simulacra.engine.rules.ruleset import Rules
from tests.studies import rule_survey

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats

ROWS = 2_000


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.sampled_from([150, 500, 3_000]))
def test_repair_leaves_nothing_broken_in_any_order_of_the_columns(seed: int, rows: int) -> None:
    """Columns are drawn without regard to each other, which breaks rules in every row."""
    small = rule_survey.study(rule_survey.survey(rows))
    rules = ruleset.learn(small.schema, small.values)
    rng = np.random.default_rng(seed)
    free = rule_survey.independent(small, ROWS, rng)
    drawn: dict[int, Floats] = {}
    for position in rng.permutation(len(free)).tolist():
        values = free[position]
        drawn[position] = repair.repair(rules, position, values, drawn, small.values, rng)
        if not small.schema.columns[position].type.is_categorical:
            low, high = small.schema.columns[position].bounds
            assert low <= np.nanmin(drawn[position]) <= np.nanmax(drawn[position]) <= high
    assert not rules.broken_rows(drawn).any()
    if rows == 3_000:  # enough to learn all that is true
        columns = enumerate(small.schema.columns)
        table = {column.name: column.decode(drawn[position]) for position, column in columns}
        assert rule_survey.violations(pa.table(table)) == {}


def test_repair_leaves_alone_what_breaks_no_rule(study: Study, rules: Rules) -> None:
    rng = np.random.default_rng(2)
    free = rule_survey.independent(study, ROWS, rng)
    position = study.schema.names.index("land")
    drawn = {0: free[0]}
    is_fine = ~rules.broken_by(position, free[position], drawn)
    repaired = repair.repair(rules, position, free[position], drawn, study.values, rng)
    np.testing.assert_array_equal(repaired[is_fine], free[position][is_fine])
    assert is_fine.any()


def test_repair_emits_no_number_of_fewer_than_five_respondents(study: Study, rules: Rules) -> None:
    """`seconds` that are nobody's own are drawn from around the respondents' values.

    On a grid of tenths a draw hits the value itself about once in the cell's width.
    """
    rng = np.random.default_rng(3)
    names = study.schema.names
    pages, seconds = names.index("pages"), names.index("seconds")
    drawn = {pages: np.full(ROWS, 3.0)}
    repaired = repair.repair(rules, seconds, np.zeros(ROWS), drawn, study.values, rng)
    values, counts = np.unique(study.values[:, seconds], return_counts=True)
    assert (repaired > 0).all()
    assert np.isin(repaired, values[counts < disclosure.THRESHOLD]).mean() < 0.8
