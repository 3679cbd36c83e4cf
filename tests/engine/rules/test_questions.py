import dataclasses

import numpy as np

from simulacra.engine.columns.schema import MultipleResponseSet
from simulacra.engine.rules import questions
from simulacra.engine.rules.questions import Question
from tests.studies import rule_survey

YES_NO = np.array(["No", "Yes"])


def flags(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(200) < 0.5


def test_booleans_next_to_each_other_are_a_question() -> None:
    study = rule_survey.study(
        {"a": flags(1), "b": flags(2), "c": flags(3), "n": np.arange(200) % 50}
    )
    assert questions.of_study(study.schema) == [Question((0, 1, 2), (1, 1, 1))]


def test_numbered_columns_are_a_question_whichever_level_means_chosen() -> None:
    levels = np.array(["left", "right"])
    columns = {f"Q{q}_{i}": levels[flags(10 * q + i).astype(int)] for q in (1, 2) for i in range(3)}
    numbered = questions.of_study(rule_survey.study(columns).schema)
    assert numbered == [
        Question(positions, (level,) * 3)
        for positions in ((0, 1, 2), (3, 4, 5))
        for level in (1, 0)
    ]


def test_two_options_are_too_few() -> None:
    assert questions.of_study(rule_survey.study({"a": flags(1), "b": flags(2)}).schema) == []


def test_the_counted_level_of_a_declared_set_means_chosen() -> None:
    study = rule_survey.study({name: YES_NO[flags(i).astype(int)] for i, name in enumerate("abc")})
    columns = study.schema.columns
    declared = MultipleResponseSet(
        "q", "", "dichotomy", ("a", "b", "c"), counted=columns[0].levels[0]
    )
    schema = dataclasses.replace(study.schema, sets=(declared,))
    assert Question((0, 1, 2), (0, 0, 0)) in questions.of_study(schema)
