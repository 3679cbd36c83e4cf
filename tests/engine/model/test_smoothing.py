import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.model import drawing, smoothing
from simulacra.engine.model.smoothing import Ranking


def test_rows_of_equal_weights_spread_nobody() -> None:
    assert smoothing.spread(np.arange(500, dtype=np.int32), 500) == 0
    assert smoothing.spread(np.arange(50, dtype=np.int32), 500) == 0  # few rows, not few donors


def test_a_donor_of_all_rows_stands_for_all_respondents() -> None:
    rows = np.zeros(1_000, dtype=np.int32)
    assert smoothing.spread(rows, 500) == pytest.approx(500, rel=0.01)
    halves = np.repeat(np.array([0, 1], np.int32), 500)
    assert smoothing.spread(halves, 500) == pytest.approx(250, rel=0.01)


@given(
    st.lists(st.one_of(st.integers(0, 30), st.none()), min_size=1, max_size=200),
    st.floats(1, 300),
    st.integers(0, 9),
)
def test_a_neighbour_is_no_further_away_than_asked_for_and_no_heavy_value_is_crossed(
    values: list[int | None], places: float, seed: int
) -> None:
    study = np.array([np.nan if value is None else value for value in values], dtype=float)
    ranking = Ranking.of(study)
    donors = np.arange(len(study), dtype=np.int32)
    shared = smoothing.share(ranking, donors, places, np.random.default_rng(seed))
    assert np.array_equal(np.isnan(study[shared]), np.isnan(study))
    known = ~np.isnan(study)
    moved = np.abs(ranking.rank[shared][known] - ranking.rank[donors][known])
    assert (moved <= places + 1).all()
    distinct, counts = np.unique(study[known], return_counts=True)
    for heavy in distinct[counts > smoothing.HEAVY_SHARE * known.sum()]:
        before, after = study[known], study[shared][known]
        assert np.array_equal(before == heavy, after == heavy)
        assert np.array_equal(before < heavy, after < heavy)


def test_sharing_keeps_the_distribution() -> None:
    """Of donors of equal weight: each respondent gives as many values as before on average."""
    rng = np.random.default_rng(0)
    study = rng.gamma(2.0, 10.0, 400)
    donors = np.tile(np.arange(400, dtype=np.int32), 100)
    shared = smoothing.share(Ranking.of(study), donors, 25.0, rng)
    counts = np.bincount(shared, minlength=400)
    assert counts.sum() == 40_000
    assert np.abs(counts - 100).max() < 60  # six standard errors of Poisson counts
    assert study[shared].mean() == pytest.approx(study.mean(), rel=0.01)


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    rng = np.random.default_rng(1)
    loyal = rng.random(800) < 0.06
    income = np.round(np.exp(rng.normal(7.5 + 0.8 * loyal, 0.4)), 2)
    return simulacra.fit(
        pa.table({"loyal": np.where(loyal, "yes", "no"), "income": income, "n": np.arange(800) % 7})
    )


def test_a_scenario_of_few_donors_has_many_values(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest of 40 bins of about one and a half of the donors each holds fewer rows."""

    def largest_bin() -> int:
        rows = model.generate(4_000, seed=1, categorical={"loyal": {"yes": 1.0}}).table
        return int(np.histogram(np.log(rows["income"].to_numpy()), bins=40)[0].max())

    smooth = largest_bin()
    monkeypatch.setattr(smoothing, "spread", lambda *_: 0.0)
    assert smooth < largest_bin()


def test_rows_without_a_scenario_are_not_smoothed(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = model.generate(500, seed=1).table
    monkeypatch.setattr(smoothing, "spread", lambda *_: 100.0)
    assert model.generate(500, seed=1).table == rows


def test_a_neighbour_who_gave_the_row_a_value_before_gives_it_no_other(
    model: simulacra.Model,
) -> None:
    pool, position = model._pool, model.schema.names.index("income")
    donors = np.repeat(np.arange(4, dtype=np.int32), 250)
    everybody = np.repeat(np.arange(len(pool.values), dtype=np.int32)[:, None], 1_000, axis=1)
    rng = np.random.default_rng(0)
    assert np.array_equal(drawing._smoothed(pool, position, donors, everybody, rng), donors)
    nobody = np.zeros((0, 1_000), dtype=np.int32)
    shared = drawing._smoothed(pool, position, donors, nobody, rng)
    assert len(np.unique(shared)) > 4
