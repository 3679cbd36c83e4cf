import dataclasses
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import simulacra
from simulacra.engine import processors
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.model import conditional, drawing, screening
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.model.forest import Forest
from simulacra.engine.rules import ruleset

ROWS = 500


def numbers(count: int) -> Schema:
    return Schema(
        tuple(
            Column(f"c{i}", f"c{i}", f"c{i}", NUMBER, 0.0, min=-5, max=5, decimals=9)
            for i in range(count)
        ),
        (),
        ROWS,
    )


def donors_of(schema: Schema, values: npt.NDArray[np.float64]) -> DonorPool:
    return DonorPool.of(schema, values, ruleset.learn(schema, values))


@pytest.fixture(scope="module")
def related() -> npt.NDArray[np.float64]:
    """Columns of noise; the last but one and the third make the last."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, 60))
    values[:, -1] = values[:, -2] - values[:, 2] + 0.1 * values[:, -1]
    return values


@pytest.fixture(scope="module")
def wide(related: npt.NDArray[np.float64]) -> DonorPool:
    return donors_of(numbers(60), related)


def first_of(related: npt.NDArray[np.float64], count: int) -> DonorPool:
    return donors_of(numbers(count), related[:, :count])


def silent(_step: int, _steps: int) -> None:
    pass


def test_a_wide_table_is_screened_for_the_strongest_predecessors(wide: DonorPool) -> None:
    model = conditional.fit(wide, 59, list(range(59)))
    assert len(model.predecessors) == screening.MAX_PREDECESSORS
    assert {2, 58} <= set(model.predecessors)


def test_a_narrow_table_keeps_all_predecessors(wide: DonorPool) -> None:
    assert conditional.fit(wide, 5, [0, 3, 4]).predecessors == (0, 3, 4)


def assert_same(model: ConditionalModel, expected: ConditionalModel) -> None:
    assert (model.column, model.predecessors) == (expected.column, expected.predecessors)
    assert model.level_ranks.keys() == expected.level_ranks.keys()
    for position, ranks in model.level_ranks.items():
        np.testing.assert_array_equal(ranks, expected.level_ranks[position])
    for field in dataclasses.fields(Forest):
        np.testing.assert_array_equal(
            getattr(model.forest, field.name), getattr(expected.forest, field.name)
        )


def test_fitting_twice_gives_the_same_trees(wide: DonorPool) -> None:
    assert_same(*(conditional.fit(wide, 59, [1, 2, 58]) for _ in range(2)))


def test_another_seed_gives_other_trees(wide: DonorPool) -> None:
    first, second = (conditional.fit(wide, 59, [1, 2, 58], rng_seed=seed) for seed in (0, 1))
    assert not np.array_equal(first.forest.donors, second.forest.donors)


def test_a_conditional_model_is_reused_when_the_same_columns_come_before_it(
    related: npt.NDArray[np.float64],
) -> None:
    donors = first_of(related, 5)
    known = conditional.fit_all(donors, range(5), {}, silent)
    order = [2, 0, 1, 3, 4]
    steps_done: list[tuple[int, int]] = []
    reused = conditional.reusable(donors, order, known, 0)
    models = conditional.fit_all(donors, order, reused, lambda *steps: steps_done.append(steps))
    assert steps_done == [(1, 3), (2, 3), (3, 3)]
    assert [model.column for model in models] == [2, 0, 1, 3, 4]
    assert [model in known for model in models] == [False, False, False, True, True]
    assert models[2].predecessors == (0, 2)


def test_a_model_of_a_wide_table_is_reused_if_the_column_put_first_tells_it_little(
    wide: DonorPool,
) -> None:
    """Column 58 now comes before all others, which are noise to it but for the last."""
    known = conditional.fit_all(wide, range(60), {}, silent)
    order = [58, *range(58), 59]
    reused = conditional.reusable(wide, order, known, 1)
    refitted = conditional.fit_all(wide, order, {}, silent)
    assert {order[index] for index in reused} - {59}
    for index, model in reused.items():
        assert_same(model, refitted[index])


def test_progress_is_reported_after_each_conditional_model(
    related: npt.NDArray[np.float64],
) -> None:
    steps_done: list[tuple[int, int]] = []
    conditional.fit_all(first_of(related, 4), range(4), {}, lambda *steps: steps_done.append(steps))
    assert steps_done == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_conditional_models_are_the_same_whatever_the_number_of_threads(
    wide: DonorPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wide enough for models that are screened."""
    order = [59, 2, 58, *(place for place in range(36) if place != 2)]
    fitted = []
    for cores in (1, 4):
        monkeypatch.setattr(processors, "count", lambda cores=cores: cores)
        fitted.append(conditional.fit_all(wide, order, {}, silent))
    assert [model.column for model in fitted[0]] == order
    assert len(fitted[0][-1].predecessors) == screening.MAX_PREDECESSORS
    for first, second in zip(*fitted, strict=True):
        assert_same(first, second)


def test_a_fault_in_a_thread_is_raised(wide: DonorPool) -> None:
    with pytest.raises(IndexError):
        conditional.fit_all(wide, [0, 1, 99], {}, silent)


@pytest.fixture
def holes(related: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.float64]]:
    values = related[:, :4].copy()
    values[:, 0] = np.random.default_rng(1).integers(0, 3, ROWS)
    values[::3, 0] = np.nan
    values[1::2, 1] = np.nan
    values[:, 2] = np.where(np.arange(ROWS) % 4, 1.0, np.nan)  # one value, or none
    values[:, 3] = np.where(np.isnan(values[:, 1]), np.nan, values[:, 3])
    yield values


def test_missing_values_among_the_predecessors_and_in_the_column(
    holes: npt.NDArray[np.float64],
) -> None:
    first = Column("c0", "c0", "c0", NOMINAL, 0.3, levels=("a", "b", "c"))
    schema = Schema((first, *numbers(4).columns[1:]), (), ROWS)
    donors = donors_of(schema, holes)
    model = conditional.fit(donors, 3, [0, 1, 2])
    assert list(model.level_ranks) == [0]
    draws = Draws()
    for position in range(3):
        draws.add(position, holes[:, position], donors.codes[position], np.zeros(ROWS, np.int32))
    rng = np.random.default_rng(2)
    drawn, _ = drawing.draw_column(donors, model, draws, ROWS, rng)
    assert np.mean(np.isnan(drawn.values) == np.isnan(holes[:, 3])) > 0.97


def audience_rating(size: int, seed: int) -> pa.Table:
    """A group of 6 % rates lower by two and a half points; three of four people rate nothing."""
    rng = np.random.default_rng(seed)
    is_small = rng.permutation(size) < 0.06 * size
    rating = np.clip(np.rint(7 - 2.5 * is_small + rng.normal(0, 1.2, size)), 0, 10)
    return pa.table(
        {
            "brand": np.where(is_small, "Elva", rng.choice(["Asta", "Brio"], size)),
            "rating": pa.array(rating, mask=rng.random(size) < 0.75),
        }
    )


def test_what_the_few_of_a_group_answered_does_not_drown_in_who_answered_at_all() -> None:
    """Some fifteen of sixty rate, with a standard error of 0.3; half the distance would be 1.25.

    In 20 studies the mean of the differences has a standard error below 0.1, so that chance fails
    this test once in a million runs.
    """
    differences = []
    for seed in range(20):
        study = audience_rating(1_000, seed)
        model = simulacra.fit(study)
        assert model._models[1].absence is not None
        made = model.generate(1_000, seed=1, categorical={"brand": {"Elva": 1.0}}).table
        ratings = made["rating"].to_numpy(zero_copy_only=False).astype(float)
        theirs = study.filter(pc.equal(study["brand"], "Elva"))["rating"].drop_null().to_numpy()
        differences.append(np.nanmean(ratings) - theirs.mean())
        assert np.isnan(ratings).mean() == pytest.approx(0.75, abs=0.2)
    assert np.mean(differences) < 0.5
