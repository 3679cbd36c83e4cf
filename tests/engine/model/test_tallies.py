from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.model import tallies
from simulacra.engine.model.tallies import Tally

ITEMS, ROWS = 10, 800
ANSWERS = ["1", "2", "3", "4", "5"]


def battery(seed: int = 0) -> pa.Table:
    """Return a battery that a third of the respondents answers at the ends of the scale."""
    rng = np.random.default_rng(seed)
    is_extreme = rng.random(ROWS) < 0.33
    ends, middle = rng.choice([0, 4], (ITEMS, ROWS)), rng.choice([1, 2, 3], (ITEMS, ROWS))
    answers = np.where(is_extreme & (rng.random((ITEMS, ROWS)) < 0.9), ends, middle)
    return pa.table({f"item_{i}": np.array(ANSWERS)[answers[i]] for i in range(ITEMS)})


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    return simulacra.fit(battery(), types={f"item_{i}": ANSWERS for i in range(ITEMS)})


def ends(table: pa.Table) -> np.ndarray:
    """Return how many answers of each row are at an end of the scale."""
    columns = [np.array(table[f"item_{i}"].to_pylist()) for i in range(ITEMS)]
    return np.asarray(np.sum([np.isin(column, ["1", "5"]) for column in columns], axis=0))


def test_a_tally_counts_an_answer() -> None:
    codes = np.array([[0, 1, 2], [1, 1, 2], [1, 0, 0]], np.int32)
    assert Tally((0, 2), 1).count(codes).tolist() == [1, 1, 0]
    assert Tally((0, 1, 2), 2).count(codes).tolist() == [0, 0, 2]


def test_people_who_answer_at_the_ends_stay_as_many(model: simulacra.Model) -> None:
    """The share of rows with at least eight of ten answers at an end; 0.29 of the study.

    Without tallies it falls by a third. The rows are dealt, so that 20,000 of them are within 0.01
    of what the model gives; the tolerance leaves 0.03 to the model.
    """
    before, after = (
        (ends(table) >= 8).mean() for table in (model.study, model.generate(20_000, seed=1).table)
    )
    assert after == pytest.approx(before, abs=0.04)


def test_questions_of_one_list_of_answers_are_a_battery(model: simulacra.Model) -> None:
    pool = model._pool
    predecessors = [0, 1, 2]
    found = tallies.find(pool, predecessors, pool.codes[predecessors])
    assert {tally.questions for tally in found} == {(0, 1, 2)}
    assert {tally.code for tally in found} == set(range(5))
    assert tallies.find(pool, [0, 1], pool.codes[[0, 1]]) == []


def test_tallies_are_saved_with_the_model(model: simulacra.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "it.model")
    again = simulacra.load(tmp_path / "it.model")
    assert again.generate(300, seed=5).table == model.generate(300, seed=5).table
    assert any(one.tallies for one in again._models)
