"""What every kind of rule must do; a new kind inherits all of it.

A kind takes part if the survey in `tests.studies.rule_survey` gives evidence for it. One that
learns nothing from that survey fails the first test.
"""

import json

import numpy as np
import pytest

from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.rules import registry
from simulacra.engine.rules.repair import repair
from simulacra.engine.rules.rule import Rule, RuleKind
from simulacra.engine.rules.ruleset import Rules
from simulacra.engine.rules.states import RuleStudy
from tests.studies import rule_survey

ROWS = 1_500
INDEPENDENT_STUDIES = 20

every_kind = pytest.mark.parametrize(
    "kind", registry.KINDS, ids=lambda kind: kind.learn.__module__.rpartition(".")[2]
)


@pytest.fixture(scope="module")
def rule_study(study: Study) -> RuleStudy:
    return RuleStudy.of(study.schema, study.values)


@pytest.fixture(scope="module")
def independent_studies(study: Study) -> list[RuleStudy]:
    """Return studies whose columns have nothing to do with each other."""
    studies = []
    for seed in range(INDEPENDENT_STUDIES):
        columns = rule_survey.independent(study, 300, np.random.default_rng(seed))
        values = np.column_stack([columns[position] for position in sorted(columns)])
        studies.append(RuleStudy.of(study.schema, values))
    return studies


def learned(kind: RuleKind, rule_study: RuleStudy) -> list[Rule]:
    """Return the rules of a kind that the survey gives evidence for."""
    return [rule for rule in kind.learn(rule_study) if isinstance(rule, kind.rule)]


def alone(rule: Rule, rule_study: RuleStudy) -> Rules:
    """Return a rule as the only one of a study."""
    return Rules(rule_study.states, (rule,))


def columns_of(rule: Rule, values: Floats) -> dict[int, Floats]:
    return {position: values[:, position] for position in rule.positions}


def broken_example(rule: Rule, rule_study: RuleStudy) -> dict[int, Floats]:
    """Return rows in which each column of a rule is shuffled by itself."""
    rng = np.random.default_rng(8)
    columns = columns_of(rule, rule_study.values)
    return {position: rng.permutation(values)[:ROWS] for position, values in columns.items()}


@every_kind
def test_the_survey_gives_evidence_for_it(kind: RuleKind, rule_study: RuleStudy) -> None:
    assert learned(kind, rule_study), f"give evidence for {kind.rule.kind} in rule_survey"


@every_kind
def test_no_respondent_breaks_it(kind: RuleKind, rule_study: RuleStudy) -> None:
    for rule in learned(kind, rule_study):
        rules = alone(rule, rule_study)
        assert not rules.broken_rows(columns_of(rule, rule_study.values)).any()


@every_kind
def test_rows_that_break_it_are_found_and_repaired(kind: RuleKind, rule_study: RuleStudy) -> None:
    broken_before = 0
    for rule in learned(kind, rule_study):
        rules, columns = alone(rule, rule_study), columns_of(rule, rule_study.values)
        *others, last = rule.positions
        drawn = {position: columns[position][:ROWS] for position in others}
        rng = np.random.default_rng(9)
        shuffled = rng.permutation(columns[last])[:ROWS]
        broken_before += int(rules.broken_by(last, shuffled, drawn).sum())
        repaired = repair(rules, last, shuffled, drawn, rule_study.values, rng)
        assert not rules.broken_by(last, repaired, drawn).any()
    assert broken_before > 0


@every_kind
def test_it_holds_whichever_column_is_drawn_last(kind: RuleKind, rule_study: RuleStudy) -> None:
    """What is broken does not depend on the column that is asked about last."""
    for rule in learned(kind, rule_study):
        rules, draws = alone(rule, rule_study), broken_example(rule, rule_study)
        marks = [
            rules.broken_by(position, values, {k: v for k, v in draws.items() if k != position})
            for position, values in draws.items()
        ]
        np.testing.assert_array_equal(np.logical_or.reduce(marks), rules.broken_rows(draws))


@every_kind
def test_it_comes_back_from_json(kind: RuleKind, rule_study: RuleStudy) -> None:
    for rule in learned(kind, rule_study):
        document = json.loads(json.dumps(rule.to_json()))
        restored = kind.rule.from_json(document, rule_study.states)
        assert restored.to_json() == rule.to_json()
        draws = broken_example(rule, rule_study)
        np.testing.assert_array_equal(
            alone(restored, rule_study).broken_rows(draws),
            alone(rule, rule_study).broken_rows(draws),
        )


@every_kind
def test_its_sentences_name_its_columns_and_no_value_of_a_respondent(
    kind: RuleKind, rule_study: RuleStudy
) -> None:
    for rule in learned(kind, rule_study):
        sentences = list(rule.sentences(rule_study.states))
        assert sentences
        names = [rule_study.schema.columns[position].name for position in rule.positions]
        assert all(any(name in sentence for sentence in sentences) for name in names)


@every_kind
def test_it_learns_nothing_from_columns_that_have_nothing_to_do_with_each_other(
    kind: RuleKind, independent_studies: list[RuleStudy]
) -> None:
    """Each kind finds a false rule in at most one study of a hundred (`evidence.FALSE_ALARMS`).

    That two of twenty independent studies or more get one has a chance of at most 1.7 %.
    """
    assert sum(bool(list(kind.learn(independent))) for independent in independent_studies) < 2
