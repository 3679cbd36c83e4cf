"""Laws that every registered kind of rule obeys; a new kind inherits them with the survey.

The survey of `tests.studies.rule_survey` keeps a rule of each kind; columns for a new one go there.
"""

import functools
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.engine.rules import identities, registry, repair
from simulacra.engine.rules.rule import Rule, RuleKind
from simulacra.engine.rules.ruleset import Rules
from simulacra.engine.rules.states import RuleStudy
from tests.studies import rule_survey

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats

ROWS = 1_000
SHUFFLED_STUDIES = 30
QUOTED = re.compile(r"'([^']*)'")
WORD = re.compile(r"[a-z]+,?|[-+*/=<>(),]+|\^?\d+")


def name_of(kind: RuleKind) -> str:
    return kind.learn.__module__.rpartition(".")[2]


every_kind = pytest.mark.parametrize("kind", registry.KINDS, ids=name_of)


@functools.cache
def study() -> RuleStudy:
    return rule_survey.rule_study(rule_survey.survey(2_000))


@functools.cache
def learned(kind: RuleKind) -> Sequence[Rule]:
    """Return the rules of one kind that the survey keeps; a kind without any fails the test."""
    rules = list(kind.learn(study()))
    if not any(isinstance(rule, kind.rule) for rule in rules):
        pytest.fail(f"{rule_survey.__name__}.survey keeps no rule of the kind {name_of(kind)!r}")
    return rules


def independent(seed: int, rows: int = ROWS) -> dict[int, "Floats"]:
    return rule_survey.independent(study(), rows, np.random.default_rng(seed))


def columns_of(rule: Rule, columns: "Floats") -> dict[int, "Floats"]:
    return {position: columns[position] for position in rule.positions}


@every_kind
def test_a_kind_is_learned_from_the_survey(kind: RuleKind) -> None:
    """By this kind's own way; another one may find rules of the same class too."""
    assert learned(kind)
    assert kind.rule in registry.CLASSES
    for rule in learned(kind):
        assert type(rule) in registry.CLASSES
        assert len(set(rule.positions)) == len(rule.positions) >= 2
        assert set(rule.positions) <= set(range(len(study().states)))


def test_no_two_classes_are_saved_under_one_name() -> None:
    assert len({rule.kind for rule in registry.CLASSES}) == len(registry.CLASSES)


@every_kind
def test_no_respondent_breaks_a_rule(kind: RuleKind) -> None:
    for rule in learned(kind):
        rules = Rules(study().states, (rule,))
        assert not rules.broken_rows(columns_of(rule, study().values.T)).any()


@every_kind
def test_a_row_that_breaks_a_rule_does_so_whichever_column_is_drawn_last(kind: RuleKind) -> None:
    """Independent rows break every rule somewhere; a rule that they do not break says nothing."""
    independent_rows = independent(0, 4_000)
    for rule in learned(kind):
        rules = Rules(study().states, (rule,))
        rows = {
            position: np.append(independent_rows[position], study().values[:, position])
            for position in rule.positions
        }
        broken = rules.broken_rows(rows)
        assert broken[:4_000].any()
        assert not broken[4_000:].any()
        for position, values in rows.items():
            others = {other: rows[other] for other in rows if other != position}
            np.testing.assert_array_equal(rules.broken_by(position, values, others), broken)


@every_kind
def test_columns_that_a_rule_is_not_about_break_nothing(kind: RuleKind) -> None:
    rows = independent(1)
    for rule in learned(kind):
        rules = Rules(study().states, (rule,))
        for position in set(rows) - set(rule.positions):
            assert not rules.broken_by(position, rows[position], rows).any()


@every_kind
@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_repaired_rows_keep_a_rule(kind: RuleKind, seed: int) -> None:
    """The columns are drawn without regard to each other, and repaired in any order."""
    rng, rows = np.random.default_rng(seed), independent(seed, 300)
    for rule in learned(kind):
        rules = Rules(study().states, (rule,))
        repaired: dict[int, Floats] = {}
        for position in rng.permutation(rule.positions).tolist():
            values = rows[position]
            repaired[position] = repair.repair(
                rules, position, values, repaired, study().values, rng
            )
        assert not rules.broken_rows(repaired).any()


@every_kind
def test_rules_come_back_from_json(kind: RuleKind) -> None:
    states, rows = study().states, independent(2)
    for rule in learned(kind):
        document = json.loads(json.dumps(rule.to_json(), allow_nan=False))
        restored = type(rule).from_json(document, states)
        assert restored.to_json() == rule.to_json()
        assert restored.positions == rule.positions
        assert list(restored.sentences(states)) == list(rule.sentences(states))
        before, after = (Rules(states, (either,)) for either in (rule, restored))
        np.testing.assert_array_equal(after.broken_rows(rows), before.broken_rows(rows))


@every_kind
def test_sentences_name_columns_and_published_levels_and_nothing_else(kind: RuleKind) -> None:
    """Whole numbers in them are coefficients and numbers of cut points, which are small."""
    for rule in learned(kind):
        columns = [study().states[position].column for position in rule.positions]
        sentences = list(rule.sentences(study().states))
        assert sentences
        for sentence in sentences:
            assert set(QUOTED.findall(sentence)) <= {x for c in columns for x in c.levels}
            for column in columns:
                assert re.search(rf"\b{column.name}\b", sentence)
            words = QUOTED.sub("", sentence)
            for column in sorted(columns, key=lambda column: -len(column.name)):
                words = re.sub(rf"\b{column.name}\b", "", words)
            for word in words.split():
                assert WORD.fullmatch(word)
                assert not word.isdigit() or int(word) <= identities.MAX_COEFFICIENT


@every_kind
def test_nothing_is_learned_from_independent_columns(kind: RuleKind) -> None:
    """A kind learns a false rule in at most 1 of 100 studies of independent columns.

    Three of these 30 are then a false alarm in 300 runs; the seeds are fixed.
    """
    false = sum(bool(list(kind.learn(shuffled(seed)))) for seed in range(SHUFFLED_STUDIES))
    assert false < 3


@functools.cache
def shuffled(seed: int) -> RuleStudy:
    """Return the survey with each column's values shuffled over the rows."""
    rng = np.random.default_rng(seed)
    rows = study().values[:600]
    columns = [rng.permutation(column) for column in rows.T]
    return RuleStudy.of(study().schema, np.column_stack(columns))
