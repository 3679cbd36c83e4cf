import numpy as np
import pytest

import simulacra
from simulacra.engine import processors
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.model import drawing
from simulacra.engine.model.donors import Draws
from tests.studies import rule_survey

ROWS = 500


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    table = rule_survey.survey(1_500)
    return simulacra.fit(table, keep=table.column_names)


def complete(model: simulacra.Model, given: Draws, seed: int = 1) -> dict[int, Floats]:
    models = [
        conditional for conditional in model._models if conditional.column not in given.values
    ]
    return drawing.complete(model._pool, models, given, ROWS, seed, lambda *_: None).values


def test_the_number_of_cores_changes_nothing(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "ROWS_AT_ONCE", 70)
    monkeypatch.setattr(processors, "count", lambda: 1)
    alone = complete(model, Draws())
    monkeypatch.setattr(processors, "count", lambda: 4)
    together = complete(model, Draws())
    assert alone.keys() == together.keys()
    for position, values in alone.items():
        np.testing.assert_array_equal(values, together[position])


def test_stretches_of_rows_differ(model: simulacra.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "ROWS_AT_ONCE", ROWS // 2)
    rows = np.column_stack(list(complete(model, Draws()).values()))
    halves = np.nan_to_num(rows[: ROWS // 2]), np.nan_to_num(rows[ROWS // 2 :])
    assert not np.array_equal(*halves)


def test_columns_that_are_given_stay_row_by_row(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "ROWS_AT_ONCE", 70)
    donors, given = model._pool, Draws()
    chosen = np.random.default_rng(2).integers(len(donors.values), size=ROWS).astype(np.int32)
    for position in (0, 5):
        values, codes = donors.values[chosen, position], donors.codes[position][chosen]
        given.add(position, values, codes, chosen)
    completed = complete(model, given)
    for position in (0, 5):
        np.testing.assert_array_equal(completed[position], donors.values[chosen, position])


def test_rows_that_no_redraw_of_a_value_repairs_are_drawn_again(
    model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a single redraw of a value, repair and redraws of rows have all the work, and do it."""
    monkeypatch.setattr(drawing, "REDRAWS", 1)
    completed = complete(model, Draws())
    assert not model._pool.rules.broken_rows(completed).any()


@pytest.mark.parametrize(("rows", "left"), [(1, 8), (500, 8), (2_000, 3), (5_000, 8)])
def test_few_rows_are_drawn_again_many_times_at_once(rows: int, left: int) -> None:
    copies = drawing._copies(rows, left)
    assert 1 <= copies <= left
    assert copies == 1 or copies * rows <= drawing.REDRAWN_AT_ONCE


def test_a_row_takes_the_first_of_its_copies_that_fits() -> None:
    fits = np.array([False, False, True, True, False, False, True, False, True])
    mended, chosen = drawing._first_that_fits(fits, 3)
    assert mended.tolist() == [True, True, True]
    assert chosen.tolist() == [2, 3, 6]
    mended, chosen = drawing._first_that_fits(np.array([False, False, False, True]), 2)
    assert (mended.tolist(), chosen.tolist()) == ([False, True], [3])
