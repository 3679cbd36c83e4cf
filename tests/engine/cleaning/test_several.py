"""Columns whose cells hold several answers become the options of a multiple-response set."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.options import Options
from simulacra.engine.reading import source

RNG = np.random.default_rng(0)
ROWS = 240
OPTIONS = ["Phone", "App", "Post", "Fax"]
CHOSEN = RNG.random((ROWS, 4)) < 0.45
CHOSEN[np.arange(ROWS), RNG.integers(4, size=ROWS)] = True
AGE = RNG.integers(18, 80, ROWS)
LISTS = [[OPTIONS[index] for index in np.flatnonzero(row)] for row in CHOSEN]
CELLS = [";".join(answers) for answers in LISTS]


def study(column: object, **given: Any) -> Study:  # noqa: ANN401 - options of `fit`
    table = pa.table({"channels": column, "age": AGE})
    return clean.clean(source.read(table, limits.DEFAULT), limits.DEFAULT, Options.of(**given))


def actions(cleaned: Study) -> list[str]:
    return [action.action for action in cleaned.schema.cleaning]


def test_each_option_is_a_column_of_one_set() -> None:
    cleaned = study(CELLS)
    schema = cleaned.schema
    assert schema.names == [*(f"channels.{option}" for option in OPTIONS), "age"]
    assert {column.type for column in schema.columns[:4]} == {BOOLEAN}
    assert schema.columns[0].source_name == schema.columns[0].label == "channels - Phone"
    np.testing.assert_array_equal(cleaned.values[:, :4], CHOSEN)
    (one,) = schema.sets
    assert (one.name, one.kind, one.counted) == ("channels", "dichotomy", "true")
    assert [*one.columns] == schema.names[:4]
    assert {column.multiple_response for column in schema.columns[:4]} == {"channels"}
    assert schema.overrides["separators"] == {"channels": ";"}
    assert "sets" not in schema.overrides
    assert actions(cleaned) == ["split"]
    assert type(schema).from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.string()), pa.large_list(pa.string()), pa.list_view(pa.large_string()),
     pa.list_(pa.string_view()), pa.list_(pa.binary()),
     pa.list_(pa.dictionary(pa.int8(), pa.string()))],
    ids=str,
)  # fmt: skip
def test_lists_of_arrow_are_such_cells(kind: pa.DataType) -> None:
    held = [[it.encode() for it in row] for row in LISTS] if kind.value_type == "binary" else LISTS
    cleaned = study(pa.array([None, [], *held[2:]], kind))
    assert [*cleaned.schema.sets[0].columns] == [f"channels.{option}" for option in OPTIONS]
    assert np.isnan(cleaned.values[0, :4]).all()
    assert not cleaned.values[1, :4].any()
    assert cleaned.schema.answer_lists[0].separator is None
    assert "separators" not in cleaned.schema.overrides


def test_lists_of_codes_and_of_fixed_size_are_such_cells() -> None:
    pairs = [[int(a), int(b)] for a, b in (sorted(RNG.choice(4, 2, replace=False)) for _ in AGE)]
    cleaned = study(pa.array(pairs, pa.list_(pa.int16(), 2)))
    assert cleaned.schema.names[:4] == [f"channels.{code}" for code in range(4)]
    codes = [[*row.nonzero()[0].tolist()] for row in CHOSEN]
    views = study(pa.array(codes, pa.list_view(pa.int64())))
    assert views.schema.names[:4] == cleaned.schema.names[:4]


@pytest.mark.parametrize(
    "lists", [[[3, 3, 5]] * ROWS, [[i, i + 1] for i in range(ROWS)], [[0.5, 1.5]] * ROWS]
)
def test_other_lists_are_dropped_with_the_reason(lists: list[Any]) -> None:
    table = pa.table({"x": lists, "age": AGE, "b": AGE % 7})
    cleaned = clean.clean(source.read(table, limits.DEFAULT), limits.DEFAULT)
    (dropped,) = [action for action in cleaned.schema.cleaning if action.column == "x"]
    assert dropped.action == "dropped"
    assert "lists" in dropped.reason


def test_an_empty_cell_is_no_answer_unless_it_is_stated_to_be_one() -> None:
    cells = ["", *CELLS[1:-1], "NA"]
    cleaned = study(cells)
    assert np.isnan(cleaned.values[[0, -1], :4]).all()
    assert cleaned.schema.overrides["missing"] == {"channels": ["", "NA"]}
    assert actions(cleaned) == ["split", "blanked"]
    stated = study(cells, missing={"channels": ["NA"]})
    assert not stated.values[0, :4].any()
    assert np.isnan(stated.values[-1, :4]).all()
    assert actions(stated) == ["split", "filled"]


def test_write_ins_are_pooled_into_one_option() -> None:
    cells = [f"{cell};my own {row}" if row < 9 else cell for row, cell in enumerate(CELLS)]
    cleaned = study(cells)
    assert cleaned.schema.names[4] == "channels.Other"
    assert cleaned.values[:, 4].sum() == 9
    few = study([f"{cell};mine {row}" if row < 3 else cell for row, cell in enumerate(CELLS)])
    assert few.schema.names[4] == "age"
    assert "blanked" in actions(few)


def test_a_separator_is_stated_or_denied() -> None:
    few = ["a+b", "a", "b", "a+c"] * (ROWS // 4)
    assert study(few).schema["channels"].type is NOMINAL
    stated = study(few, separators={"channels": "+"})
    assert stated.schema.names == ["channels.a", "channels.b", "channels.c", "age"]
    denied = study(CELLS, separators={"channels": ""})
    assert denied.schema["channels"].type is NOMINAL
    assert denied.schema.overrides["separators"] == {"channels": ""}
    assert study(CELLS, types={"channels": "nominal"}).schema["channels"].type is NOMINAL
    with pytest.raises(errors.OptionError, match="'age' is no text"):
        study(CELLS, separators={"age": ";"})


def test_overrides_name_the_column_or_its_options() -> None:
    assert study(CELLS, drop=["channels - App"]).schema.names[0:2] == [
        "channels.Phone",
        "channels.Post",
    ]
    with pytest.raises(errors.StudyError, match="are left"):
        study(CELLS, drop=["channels"])
    with pytest.raises(errors.OptionError, match="'channel'"):
        study(CELLS, drop=["channel"])


def test_an_option_that_is_not_chosen_by_enough_is_dropped_or_kept() -> None:
    rare = [f"{cell};Smoke" if row % 60 == 0 else cell for row, cell in enumerate(CELLS)]
    rare[1] += ";Smoke"
    nearly_all = [f"{cell};Air" if row > 2 else cell for row, cell in enumerate(rare)]
    assert "channels.Air" not in study(nearly_all).schema
    assert "channels.Air" in study(nearly_all, keep=["channels"]).schema


def test_orders_of_all_options_are_ranks() -> None:
    orders = [RNG.permutation(OPTIONS) for _ in AGE]
    cleaned = study([";".join(order) for order in orders])
    assert cleaned.schema.columns[0].type is INTEGER
    assert not cleaned.schema.sets
    assert cleaned.schema.answer_lists[0].is_ranking
    names = [column.source_name.split(" - ")[1] for column in cleaned.schema.columns[:4]]
    ranks = [[[*order].index(name) + 1 for name in names] for order in orders]
    np.testing.assert_array_equal(cleaned.values[:, :4], ranks)


@pytest.mark.parametrize(
    "cells",
    [CELLS, ["", *CELLS[1:]], [f"{cell};" for cell in CELLS], [str(it) for it in LISTS],
     [";".join(RNG.permutation(OPTIONS)) for _ in AGE], ["Doe, John", "Roe, Ann"] * (ROWS // 2)],
)  # fmt: skip
def test_a_study_read_with_its_overrides_is_the_same(cells: list[str]) -> None:
    first = study(cells)
    again = study(cells, **first.schema.overrides)
    assert again.schema.columns == first.schema.columns
    assert again.schema.sets == first.schema.sets
    assert again.schema.answer_lists == first.schema.answer_lists
    assert again.schema.overrides == first.schema.overrides
    np.testing.assert_array_equal(again.values, first.values)


def test_a_suspicion_is_noticed_and_changes_nothing() -> None:
    few = ["Radio, TV" if row % 30 == 0 else "TV, Web" if row % 30 == 1 else word
           for row, word in enumerate(RNG.choice(["Radio", "TV", "Web"], ROWS))]  # fmt: skip
    cleaned = study(few)
    assert cleaned.schema["channels"].type is NOMINAL
    (noticed,) = [it for it in cleaned.schema.cleaning if it.action == "noticed"]
    assert "may hold several answers with ', ' between them" in noticed.reason
