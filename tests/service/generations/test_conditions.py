import json
from typing import Any

import pytest

from simulacra.engine import errors
from simulacra.service.generations import conditions
from simulacra.service.generations.schemas import Conditions

SCHEMA = json.dumps(
    {
        "row_count": 60,
        "schema": [
            {
                "name": "age",
                "source_name": "age",
                "label": "age",
                "type": "integer",
                "missing_share": 0.0,
                "min": 18,
                "max": 80,
                "quantiles": [18, 30, 40, 49, 64],
            }
        ],
        "cleaning": [
            {"column": "id", "action": "dropped", "reason": "identifier", "count": 60},
        ],
    }
)


def test_advice_is_in_the_words_of_an_upload() -> None:
    scenario = Conditions(categorical={"id": {"30": 0.5}})
    with pytest.raises(errors.ConditionError) as caught:
        conditions.check(SCHEMA, scenario)
    (fault,) = caught.value.fields
    assert fault.detail.endswith('upload the study again with keep_columns=["id"].')


def test_an_answer_to_ten_thousand_faults_is_bounded() -> None:
    group = {"where": {f"c{n}": "x" for n in range(10_000)}, "means": {"age": 30}}
    with pytest.raises(errors.ConditionError) as caught:
        conditions.check(SCHEMA, Conditions.model_validate({"groups": [group]}))
    assert len(caught.value.fields) == conditions.MOST_FAULTS


def test_kinds_that_are_not_asked_for_are_left_out() -> None:
    """So the request has the form, and the fingerprint, that it had before there were more."""
    assert Conditions().asked() == {"categorical": {}, "numeric": {}}
    asked: dict[str, Any] = {"categorical": {"id": None}, "numeric": {}, "means": {"age": 30}}
    assert Conditions(**asked).asked() == asked
