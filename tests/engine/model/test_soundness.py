"""Saved models whose digests are right, as a forger's would be, but whose parts do not fit."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import simulacra
from simulacra.engine.model import saving, soundness
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.model.forest import Forest

Parts = tuple[DonorPool, list[ConditionalModel]]
Assertion = Callable[[DonorPool, list[ConditionalModel]], None]
Damage = Callable[[Forest], Forest]
Change = Callable[[np.ndarray], np.ndarray]


@pytest.fixture
def parts(saved: Path) -> Parts:
    return saving.load(saved)[:2]


@pytest.fixture
def assert_refused(tmp_path: Path) -> Assertion:
    """Save a model and assert that loading refuses it."""

    def save_and_load(pool: DonorPool, models: list[ConditionalModel]) -> None:
        saving.save(tmp_path / "forged.model", pool, models)
        with pytest.raises(simulacra.SavedModelError):
            simulacra.load(tmp_path / "forged.model")

    return save_and_load


def _set(
    name: str, position: Callable[[Forest], int], value: int | Callable[[Forest], int]
) -> Damage:
    def damage(forest: Forest) -> Forest:
        array = getattr(forest, name).copy()
        array[position(forest)] = value if isinstance(value, int) else value(forest)
        return dataclasses.replace(forest, **{name: array})

    return damage


def _inner(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature >= 0)[0])


def _last_inner(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature >= 0)[-1])


def _last_node(forest: Forest) -> int:
    return len(forest.feature) - 1


def _leaf(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature < 0)[0])


@pytest.mark.parametrize(
    "damage",
    [
        _set("left", _inner, 0),  # a walk that never ends
        _set("left", _inner, 10**6),
        _set("left", _inner, -2),
        _set("left", _last_inner, _last_node),  # the right child is none
        _set("feature", _inner, 500),
        _set("roots", lambda _: 0, -1),
        _set("donors", lambda _: 0, 10**6),
        _set("donors", lambda _: 0, -1),
        _set("count", _leaf, 0),
        _set("count", _leaf, 10**6),
        _set("start", _leaf, -5),
    ],
)
def test_a_forest_that_points_outside_itself_is_refused(
    parts: Parts, assert_refused: Assertion, damage: Damage
) -> None:
    pool, models = parts
    last = dataclasses.replace(models[-1], forest=damage(models[-1].forest))
    assert_refused(pool, [*models[:-1], last])


@pytest.mark.parametrize("name", soundness.FOREST_ARRAYS)
@pytest.mark.parametrize(
    "change",
    [
        lambda array: array.astype(np.int64),
        lambda array: array.astype(np.float32),
        lambda array: array[:, None],
    ],
    ids=["int64", "float32", "two dimensions"],
)
def test_arrays_of_another_type_or_shape_are_refused(
    parts: Parts,
    assert_refused: Assertion,
    name: str,
    change: Change,
) -> None:
    """Compiled loops take their arrays on trust."""
    pool, models = parts
    changed = [
        dataclasses.replace(
            model,
            forest=dataclasses.replace(model.forest, **{name: change(getattr(model.forest, name))}),
        )
        for model in models
    ]
    assert not any(model.repetition for model in changed)
    assert_refused(pool, changed)


@pytest.mark.parametrize(
    "change",
    [
        lambda models: models[::-1],
        lambda models: models[:-1],
        lambda models: [*models[:-1], dataclasses.replace(models[-1], predecessors=(99,))],
    ],
    ids=["order", "number", "predecessor"],
)
def test_conditional_models_that_do_not_fit_the_schema_are_refused(
    parts: Parts,
    assert_refused: Assertion,
    change: Callable[[list[ConditionalModel]], list[ConditionalModel]],
) -> None:
    pool, models = parts
    assert_refused(pool, change(models))


@pytest.mark.parametrize(
    "change",
    [
        lambda ranks: ranks[:-1],
        lambda ranks: np.append(ranks, 0).astype(np.int32),
        lambda ranks: np.stack([ranks, ranks], axis=1),
    ],
    ids=["short", "long", "two dimensions"],
)
def test_ranks_of_another_number_than_the_levels_are_refused(
    parts: Parts, assert_refused: Assertion, change: Change
) -> None:
    pool, models = parts
    last = models[-1]
    assert last.level_ranks
    changed = {position: change(ranks) for position, ranks in last.level_ranks.items()}
    assert_refused(pool, [*models[:-1], dataclasses.replace(last, level_ranks=changed)])


@pytest.mark.parametrize(
    "change",
    [
        {"weights": np.ones(1)},
        {"weights": np.full(2, np.nan)},
        {"cuts": np.array([np.inf])},
    ],
    ids=["short", "not finite", "endless cut"],
)
def test_an_index_that_does_not_weigh_the_predecessors_is_refused(
    parts: Parts,
    assert_refused: Assertion,
    change: dict[str, np.ndarray],
) -> None:
    pool, models = parts
    last = models[-1]
    assert len(last.predecessors) >= 2
    assert last.indices
    indices = tuple(dataclasses.replace(index, **change) for index in last.indices)
    assert_refused(pool, [*models[:-1], dataclasses.replace(last, indices=indices)])


def test_values_that_do_not_fit_the_schema_are_refused(
    parts: Parts, assert_refused: Assertion
) -> None:
    pool, models = parts
    assert_refused(dataclasses.replace(pool, values=pool.values[:, :-1]), models)


@pytest.mark.parametrize("value", [4.0, -1.0, 1e8, np.inf])
def test_values_that_are_no_level_are_refused(
    parts: Parts, assert_refused: Assertion, value: float
) -> None:
    """A level becomes an index in compiled loops, which look at no bounds."""
    pool, models = parts
    values = pool.values.copy()
    values[0, pool.schema.names.index("segment")] = value
    assert_refused(dataclasses.replace(pool, values=values), models)


def test_the_parts_of_a_model_as_they_were_saved_are_sound(
    parts: Parts,
) -> None:
    pool, models = parts
    soundness.check(pool.schema, pool.values, models)


@pytest.mark.parametrize("shape", [(1, 1), (4, 0), (40, 40)])
def test_strengths_of_other_columns_are_refused(
    parts: Parts, assert_refused: Assertion, shape: tuple[int, int]
) -> None:
    pool, models = parts
    assert_refused(dataclasses.replace(pool, strengths=np.ones(shape, np.float32)), models)
