"""A survey that keeps rules of every kind, and the rules learned from it."""

import pytest

import simulacra
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.rules import ruleset
from simulacra.engine.rules.ruleset import Rules
from tests.studies import rule_survey


@pytest.fixture(scope="session")
def study() -> Study:
    return rule_survey.study(rule_survey.survey(3_000))


@pytest.fixture(scope="session")
def rules(study: Study) -> Rules:
    return ruleset.learn(study.schema, study.values)


@pytest.fixture(scope="session")
def rule_model() -> simulacra.Model:
    table = rule_survey.survey(3_000)
    return simulacra.fit(table, keep=table.column_names)
