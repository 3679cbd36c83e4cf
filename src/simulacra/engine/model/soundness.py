"""Whether the parts of a model fit together; checked before a loaded one is used."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import privacy_levels
from simulacra.engine.codebook import MEASURES, Coding
from simulacra.engine.columns.arrays import Float32s, Floats
from simulacra.engine.columns.date import DATE, MONTH
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.model import screening
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.model.forest import Forest
from simulacra.engine.model.kernels import LEAF
from simulacra.engine.model.repetition import Repetition
from simulacra.engine.model.ridge import RidgeIndex
from simulacra.engine.model.tallies import Tally

FOREST_ARRAYS = tuple(field.name for field in dataclasses.fields(Forest))
INDEX_ARRAYS = tuple(field.name for field in dataclasses.fields(RidgeIndex))


def check(
    schema: Schema,
    values: Floats,
    models: Sequence[ConditionalModel],
    *,
    are_hollow: bool = False,
) -> None:
    """Refuse what would send a reader out of bounds or round in circles.

    Args:
        schema: of the study.
        values: float64, shape (respondents, columns).
        models: along a visit sequence.
        are_hollow: whether the models are still without donors (see `conditional.hollow`).

    Raises:
        ValueError: what is wrong.
    """
    if values.dtype != np.float64 or values.ndim != 2 or values.shape[1] != len(schema.columns):
        raise ValueError("the study's values do not fit the schema")
    if sorted(model.column for model in models) != list(range(len(schema.columns))):
        raise ValueError("there is not one conditional model for each column")
    if not all(_has_increment(column) for column in schema.columns):
        raise ValueError("a column uses values outside its period")
    if not _are_values_of(schema, values):
        raise ValueError("the study holds what the schema does not know")
    earlier: set[int] = set()
    for model in models:
        if not earlier.issuperset(model.predecessors):
            raise ValueError("a column looks at columns that come later")
        _check_model(schema, model, len(values), are_hollow=are_hollow)
        earlier.add(model.column)


def check_strengths(strengths: Float32s | None, columns: int) -> None:
    """Refuse strengths that are not one number for each two columns of a wide study.

    Raises:
        ValueError: what is wrong.
    """
    if strengths is None:  # older versions did not save them
        return
    side = columns if columns > screening.MAX_PREDECESSORS + 1 else 0
    if strengths.dtype != np.float32 or strengths.shape != (side, side):
        raise ValueError("the strengths of relations do not fit the columns")


def check_weights(weights: Floats | None, respondents: int, *, is_weighted: bool) -> None:
    """Refuse survey weights that are not one positive number for each respondent.

    Args:
        weights: as saved; None if there are none.
        respondents: how many there are.
        is_weighted: whether the schema says that the study is weighted.

    Raises:
        ValueError: what is wrong.
    """
    if weights is None and not is_weighted:
        return
    if weights is None or weights.dtype != np.float64 or weights.shape != (respondents,):
        raise ValueError("the survey weights do not fit the respondents")
    if not is_weighted or not np.isfinite(weights).all() or weights.min() <= 0:
        raise ValueError("the survey weights are not positive numbers of a weighted study")


def check_privacy(level: object) -> None:
    """Refuse a privacy level that there is not.

    Raises:
        ValueError: what is wrong.
    """
    if level not in privacy_levels.ALL:
        raise ValueError("there is no such privacy level")


def check_codings(codings: Mapping[str, Coding], schema: Schema) -> None:
    """Refuse codings of other columns, and codes that are not one for each level.

    Raises:
        ValueError: what is wrong.
    """
    for name, coding in codings.items():
        if name not in schema or len(coding.codes) != len(schema[name].levels):
            raise ValueError("a coding does not fit its column")
        if coding.measure not in ("", *MEASURES):
            raise ValueError("there is no such level of measurement")
        codes = (*(code for code in coding.codes if code is not None), *coding.labels)
        ends = [end for ends in coding.missing for end in ends]
        if not coding.is_text:  # only ranges of numbers may have no end
            ends = [end for end in ends if end not in (np.inf, -np.inf)]
        if not all(_is_code(code, is_text=coding.is_text) for code in (*codes, *ends)):
            raise ValueError("a coding has codes of another kind than its column")
        if not all(map(_is_utf_8, coding.labels.values())):
            raise ValueError("a label of a coding is no text that can be written")


def _is_code(code: object, *, is_text: bool) -> bool:
    """Tell whether a cell of a file can hold a code: a text, or a number that is finite."""
    if is_text:
        return isinstance(code, str) and _is_utf_8(code)
    if isinstance(code, bool) or not isinstance(code, float | int):
        return False
    return bool(abs(code) <= np.finfo(np.float64).max)


def _is_utf_8(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def check_odds(pool: DonorPool, models: Sequence[ConditionalModel]) -> None:
    """Refuse odds that are not one positive number for each tree code of their column.

    Raises:
        ValueError: what is wrong.
    """
    for model in models:
        odds, size = model.odds, pool.codings[model.column].size
        if odds is None:
            continue
        if odds.dtype != np.float64 or odds.shape != (size,) or not _within(odds, 0, np.inf):
            raise ValueError("the odds of a column do not fit its values")
        if not odds.all():
            raise ValueError("a value of a column has no odds")


def _check_model(schema: Schema, model: ConditionalModel, rows: int, *, are_hollow: bool) -> None:
    if not _are_ranked(schema, model):
        raise ValueError("a column does not rank all levels of its predecessors")
    if model.repetition and not _is_habit(model.repetition, model, rows):
        raise ValueError("a column repeats what it does not look at")
    if not all(_is_count(tally, len(model.predecessors)) for tally in model.tallies):
        raise ValueError("a tally counts what its column does not look at")
    summed = len(model.predecessors) + len(model.tallies)
    for index in model.indices:
        _check_index(index, summed)
    habit = None if model.repetition is None else model.repetition.forest
    for forest in (model.forest, habit, model.absence):
        if forest is not None:
            _check_trees(forest, summed + len(model.indices))
            if not are_hollow:
                _check_donors(forest, rows)


def _has_increment(column: Column) -> bool:
    """Tell whether a column has no pattern of values, or a sound one."""
    if column.grid is not None and (column.grid != MONTH or column.type is not DATE):
        return False
    if column.period is None:
        return not column.offsets
    numbers = np.asarray([column.period, *column.offsets])
    is_whole = numbers.dtype.kind == "i" and len(numbers) > 1
    return is_whole and column.period >= 2 and _within(numbers[1:], 0, column.period)


def _are_values_of(schema: Schema, values: Floats) -> bool:
    """Tell whether values are levels that there are, finite numbers, or missing."""
    for column, values_of_column in zip(schema.columns, values.T, strict=True):
        known = values_of_column[~np.isnan(values_of_column)]
        if not np.isfinite(known).all():
            return False
        if column.type.is_categorical and not (
            _within(known, 0, len(column.levels)) and np.array_equal(known, np.floor(known))
        ):
            return False
    return True


def _is_count(tally: Tally, predecessors: int) -> bool:
    questions = np.asarray(tally.questions)
    return questions.dtype.kind == "i" and _within(questions, 0, predecessors)


def _check_index(index: RidgeIndex, summed: int) -> None:
    arrays = [getattr(index, name) for name in INDEX_ARRAYS]
    if any(array.dtype != np.float64 or array.ndim != 1 for array in arrays):
        raise ValueError("an index is not made of rows of numbers")
    if len(index.weights) != summed or not np.isfinite(np.concatenate(arrays)).all():
        raise ValueError("an index does not weigh the predecessors")


def _check_trees(forest: Forest, features: int) -> None:
    arrays = [getattr(forest, name) for name in FOREST_ARRAYS]
    if any(array.dtype != np.int32 or array.ndim != 1 for array in arrays):
        raise ValueError("a forest is not made of rows of 32-bit integers")
    nodes, inner = np.arange(len(forest.feature)), forest.feature != LEAF
    if len(forest.threshold) != len(nodes) or len(forest.left) != len(nodes):
        raise ValueError("a forest does not say of each node where it leads")
    is_sound = (
        _within(forest.feature[inner], 0, features)
        and _within(forest.roots, 0, len(nodes))
        and bool(np.all(forest.left[inner] > nodes[inner]))  # so that every walk ends
        and _within(forest.left[inner] + 1, 0, len(nodes))
    )
    if not is_sound:
        raise ValueError("a forest points outside itself")


def _check_donors(forest: Forest, rows: int) -> None:
    leaf = forest.feature == LEAF
    is_sound = (
        _within(forest.donors, 0, rows)
        and _within(forest.start[leaf], 0, len(forest.donors))
        and bool(np.all(forest.count[leaf] > 0))
        and _within((forest.start + forest.count)[leaf], 0, len(forest.donors) + 1)
    )
    if not is_sound:
        raise ValueError("a forest points outside itself")


def _is_habit(habit: Repetition, model: ConditionalModel, rows: int) -> bool:
    return (
        habit.source in model.predecessors
        and habit.repeats.dtype == bool
        and habit.repeats.shape == (rows,)
    )


def _are_ranked(schema: Schema, model: ConditionalModel) -> bool:
    """Tell whether the levels of every categorical predecessor have a rank."""
    sizes = {
        position: len(schema.columns[position].levels) + 1
        for position in model.predecessors
        if schema.columns[position].type.is_categorical
    }
    return {position: ranks.shape for position, ranks in model.level_ranks.items()} == {
        position: (size,) for position, size in sizes.items()
    } and all(_within(model.level_ranks[position], 0, size) for position, size in sizes.items())


def _within(numbers: np.ndarray, first: float, end: float) -> bool:
    return bool(np.all((numbers >= first) & (numbers < end)))
