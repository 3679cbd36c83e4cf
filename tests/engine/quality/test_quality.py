import dataclasses
import json

import pytest

from simulacra.engine.quality.quality import Drift, Quality, Relations

GOOD = Quality(3_000, 0.012, (), Relations(40, 0.97), Relations(12, 0.9), 0)


def test_a_good_model_has_no_warnings() -> None:
    assert GOOD.warnings == ()
    assert "97% of 40" in str(GOOD)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"drifts": (Drift("age", 0.05, 0.0),)}, "marginal_drifts"),
        ({"pairs": Relations(40, 0.5)}, "pairs_weakened"),
        ({"groups": Relations(40, 0.5)}, "groups_weakened"),
        ({"broken_rows": 2}, "rules_broken"),
    ],
)
def test_what_needs_attention_is_told(change: dict[str, object], code: str) -> None:
    quality = dataclasses.replace(GOOD, **change)  # type: ignore[arg-type]  # one field each
    assert [warning.code for warning in quality.warnings] == [code]
    assert code in str(quality)


def test_a_few_relations_tell_nothing() -> None:
    few = dataclasses.replace(GOOD, pairs=Relations(2, 0.1), groups=Relations(0, None))
    assert few.warnings == ()
    assert "none stands out" in str(few)


def test_json_round_trip() -> None:
    quality = dataclasses.replace(GOOD, drifts=(Drift("age", 0.05, -0.02),))
    document = json.loads(json.dumps(quality.to_json()))
    assert Quality.from_json(document) == quality
    assert [warning["code"] for warning in document["warnings"]] == ["marginal_drifts"]
    assert "fewer rows have no value" in document["warnings"][0]["detail"]
