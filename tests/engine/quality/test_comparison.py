import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.model import conditional
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.quality import comparison
from simulacra.engine.quality.quality import Quality
from simulacra.engine.rules.ruleset import Rules

ROWS = 1_500


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    """Two related questions, a number, and a small group that nearly always buys online."""
    rng = np.random.default_rng(0)
    liking = rng.integers(0, 5, ROWS)
    trust = np.clip(liking + rng.integers(-1, 2, ROWS), 0, 4)
    is_premium = rng.permutation(ROWS) < 60
    is_online = rng.random(ROWS) < np.where(is_premium, 0.9, 0.2)
    spend = np.round(20 + 5 * liking + rng.normal(size=ROWS), 2)
    answers = np.array(["never", "seldom", "sometimes", "often", "always"])
    return simulacra.fit(
        pa.table(
            {
                "liking": answers[liking],
                "trust": answers[trust],
                "segment": np.where(is_premium, "Premium", "Value"),
                "channel": np.where(is_online, "online", "shop"),
                "spend": pa.array(spend, mask=rng.random(ROWS) < 0.2),
            }
        )
    )


def compare(model: simulacra.Model, models: Sequence[ConditionalModel]) -> Quality:
    return comparison.compare(model._pool, models, lambda *_: None)


def test_a_model_that_keeps_what_the_study_says_has_no_warnings(model: simulacra.Model) -> None:
    """The planted relations are some twenty standard errors strong."""
    quality = compare(model, model._models)
    assert not quality.warnings
    assert not quality.drifts
    assert quality.broken_rows == 0
    assert quality.pairs.kept is not None
    assert quality.groups.kept is not None
    assert quality.pairs.number >= 2
    assert quality.pairs.kept == pytest.approx(1.0, abs=0.1)
    assert quality.groups.kept == pytest.approx(1.0, abs=0.2)


def test_rows_of_independent_columns_keep_nothing(model: simulacra.Model) -> None:
    """What is left is chance: a slope of 0 with a standard error of about 0.02.

    Without the rules, since those would bring part of the relations back.
    """
    pool = dataclasses.replace(model._pool, rules=Rules(model._pool.rules.states, ()))
    models = [conditional.fit(pool, position, []) for position in range(len(pool.codings))]
    quality = comparison.compare(pool, models, lambda *_: None)
    assert quality.pairs.kept == pytest.approx(0.0, abs=0.1)
    assert quality.groups.kept == pytest.approx(0.0, abs=0.15)
    assert not quality.drifts  # each column alone is as in the study


def shifted(
    model: simulacra.Model, name: str, code: int, times: float
) -> Sequence[ConditionalModel]:
    """Return the models, one of which draws some values more often than it should."""
    position = model.schema.names.index(name)
    odds = np.ones(model._pool.codings[position].size)
    odds[code] = times
    return [
        dataclasses.replace(each, odds=odds) if each.column == position else each
        for each in model._models
    ]


def test_a_level_that_is_drawn_too_often_is_named(model: simulacra.Model) -> None:
    """A fifth of the rows is online for each in five shops: with odds of 3 about 47 % are."""
    quality = compare(model, shifted(model, "channel", 0, 3.0))
    assert [drift.column for drift in quality.drifts] == ["channel"]
    assert quality.drifts[0].distance == pytest.approx(0.2, abs=0.06)
    assert quality.largest_distance == quality.drifts[0].distance
    assert [warning.code for warning in quality.warnings][:1] == ["marginal_drifts"]


def test_values_that_are_missing_too_rarely_are_named(model: simulacra.Model) -> None:
    quality = compare(model, shifted(model, "spend", 0, 0.1))
    assert [drift.column for drift in quality.drifts] == ["spend"]
    assert quality.drifts[0].missing == pytest.approx(-0.17, abs=0.03)
    assert "fewer rows have no value" in quality.warnings[0].detail


def test_a_number_that_is_drawn_too_high_is_named(model: simulacra.Model) -> None:
    position = model.schema.names.index("spend")
    size = model._pool.codings[position].size
    odds = np.where(np.arange(size) > size / 2, 2.0, 1.0)
    models = [
        dataclasses.replace(each, odds=odds) if each.column == position else each
        for each in model._models
    ]
    drifts = compare(model, models).drifts
    assert [drift.column for drift in drifts] == ["spend"]


def test_chance_is_no_drift() -> None:
    """Forty studies of ten independent columns of noise, 400 shares that may drift.

    Chance drifts once in 16,000 shares and then by 0.03, so that a false alarm of this test has a
    probability of less than 0.03.
    """
    rng = np.random.default_rng(1)
    for _ in range(40):
        table = pa.table({f"q{n}": rng.integers(0, 4, 300) for n in range(10)})
        quality = simulacra.fit(table, types={f"q{n}": "nominal" for n in range(10)}).quality
        assert quality is not None
        assert not quality.drifts


def test_rows_that_break_a_rule_are_counted(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(model.rules), "broken_rows", lambda _, drawn: np.arange(len(drawn[0])) < 7
    )
    quality = compare(model, model._models)
    assert quality.broken_rows == 7
    assert quality.warnings[-1].code == "rules_broken"


def test_quality_is_saved_with_the_model(model: simulacra.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "saved")
    assert simulacra.load(tmp_path / "saved").quality == model.quality
    assert model.quality is not None


def test_wide_studies_pair_each_column_with_what_tells_most_of_it() -> None:
    rng = np.random.default_rng(2)
    strengths = rng.random((50, 50)).astype(np.float32)
    pairs = comparison._candidates(50, strengths)
    assert len(pairs) == len(set(pairs))
    assert all(first < second for first, second in pairs)
    for column in range(50):
        strongest = max((n for n in range(50) if n != column), key=lambda n: strengths[column, n])
        assert (min(column, strongest), max(column, strongest)) in pairs
    assert len(comparison._candidates(4, np.zeros((0, 0), np.float32))) == 6


def test_of_a_large_study_some_respondents_are_enough(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "MAX_RESPONDENTS", 700)
    binned = comparison._Binned.of(model._pool, dict(enumerate(model._pool.values.T)))
    assert binned.study.shape[1] == 700
    quality = compare(model, model._models)
    assert quality.pairs.kept == pytest.approx(1.0, abs=0.15)
