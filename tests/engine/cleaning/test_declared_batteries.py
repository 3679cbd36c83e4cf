"""Sets that a file declares, and whose columns are the items of a grid."""

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns import questions
from simulacra.engine.columns.schema import MultipleResponseSet, Schema
from simulacra.engine.tabulating import distributing

ROWS = 400
ITEMS = ("taste", "price", "speed")
GRADES = np.array(["Poor", "Fair", "Good", "Great"])


def schema(columns: dict[str, list[str | None]]) -> Schema:
    """Return the schema of a file that declares the columns as a set of categories."""
    declared = MultipleResponseSet("rating", "How is it?", "category", tuple(columns))
    table = pa.table({**columns, "age": np.random.default_rng(1).integers(18, 80, ROWS)})
    labels = {name: Variable(label=f"How is it? - {name}") for name in columns}
    raw = RawStudy(table, variables=labels, sets=(declared,))
    return clean.clean(raw, limits.DEFAULT).schema


def grid(items: int) -> dict[str, list[str | None]]:
    """Return ratings that have nothing to do with each other, the rarest case of repeated ones."""
    rng = np.random.default_rng(2)
    return {name: [*GRADES[rng.integers(0, 4, ROWS)]] for name in ITEMS[:items]}


def choices(pooled: bool) -> dict[str, list[str | None]]:  # noqa: FBT001 - a case of a test
    """Return up to three options of each respondent, none twice but for a few pooled ones."""
    rng, columns = np.random.default_rng(3), {name: list[str | None]() for name in ITEMS}
    for row in range(ROWS):
        chosen = [str(it) for it in rng.permutation(GRADES)[: rng.integers(1, 4)]]
        if pooled and row % 20 == 0:
            chosen = ["Good", "Good"]
        for name, answer in zip(ITEMS, [*chosen, None, None, None], strict=False):
            columns[name].append(answer)
    return columns


@pytest.mark.parametrize("items", [2, 3])
def test_the_items_of_a_grid_are_shown_one_by_one(items: int) -> None:
    found = schema(grid(items))
    (one,) = found.sets  # so that files of rows declare it as well
    assert one.is_battery
    assert all(found[name].multiple_response is None for name in ITEMS[:items])
    assert [it.kind for it in found.questions] == [questions.BATTERY, questions.SINGLE]
    assert distributing.questions(found) == [*ITEMS[:items], "age"]
    (told,) = (it for it in found.cleaning if it.column == one.name)
    assert told.action == "noticed"
    assert "grid" in told.reason
    assert Schema.from_json(found.to_json()).sets == found.sets


@pytest.mark.parametrize("pooled", [False, True])
def test_options_that_are_chosen_once_stay_a_question(pooled: bool) -> None:  # noqa: FBT001 - a case
    found = schema(choices(pooled))
    (one,) = found.sets
    assert not one.is_battery
    assert "is_battery" not in one.to_json()
    assert {found[name].multiple_response for name in ITEMS} == {one.name}
    assert distributing.questions(found) == [one.name, "age"]
    assert not [it for it in found.cleaning if it.column == one.name]
