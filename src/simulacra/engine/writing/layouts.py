"""How rows are laid out: a column for each of the schema, or the columns of the study's file."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from simulacra.engine.cleaning import separators
from simulacra.engine.columns.schema import AnswerList, Schema

SCHEMA, FILE = "schema", "file"
LAYOUTS = (SCHEMA, FILE)


def lay_out(table: pa.Table, schema: Schema, layout: str) -> pa.Table:
    """Return rows in a layout.

    In the layout of the file, columns have their names there, and the options of a column whose
    cells held several answers are joined again: by the separator of the file, or as a list. Answers
    come in the order of the options, those of a ranking in the order of their ranks. Where nothing
    was chosen, a cell is an empty text or list.

    Args:
        table: with the columns of the schema; any others stay as they are.
        schema: of the study.
        layout: one of `LAYOUTS`.

    Raises:
        ValueError: there is no such layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"The layout {layout!r} is unknown; use one of {', '.join(LAYOUTS)}.")
    if layout == SCHEMA:
        return table
    lists = {column: one for one in schema.answer_lists for column in one.columns}
    columns, names = [], []
    for name in table.column_names:
        one = lists.get(name)
        if one is None:
            columns.append(table[name])
            names.append(schema[name].source_name if name in schema else name)
        elif name == one.columns[0]:
            columns.append(_joined(table, schema, one))
            names.append(one.column)
    return pa.table(columns, names=names)


def names(schema: Schema, layout: str) -> dict[str, str]:
    """Return the names of columns in a layout by their names in the schema.

    Those whose answers stand in one cell with others there are left out.
    """
    if layout == SCHEMA:
        return {column.name: column.name for column in schema.columns}
    joined = {name for one in schema.answer_lists for name in one.columns}
    return {
        column.name: column.source_name for column in schema.columns if column.name not in joined
    }


def texts_of_lists(table: pa.Table) -> pa.Table:
    """Return rows whose lists are JSON texts, for a file that can hold no lists."""
    for position, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            listed = table.column(position).to_pylist()
            texts = [None if it is None else json.dumps(it, ensure_ascii=False) for it in listed]
            table = table.set_column(position, field.name, pa.array(texts, pa.string()))
    return table


def _joined(table: pa.Table, schema: Schema, one: AnswerList) -> pa.Array:
    """Return the cells of the column that some options were split from."""
    encoded = [schema[name].encode(table[name]) for name in one.columns]
    values = np.column_stack(encoded).astype(np.float64)
    answers = np.array([one.option(schema[name]) for name in one.columns], dtype=object)
    different, position = np.unique(values, axis=0, return_inverse=True)
    cells = [_cell(row, answers, is_ranking=one.is_ranking) for row in different]
    if one.separator is None:
        lists = pa.array(cells if not separators.are_numbers(answers) else _whole(cells))
        return lists.take(pa.array(position.ravel()))
    write = _writer(one)
    texts = pa.array([None if cell is None else write(cell) for cell in cells], pa.string())
    return texts.take(pa.array(position.ravel()))


def _cell(row: np.ndarray, answers: np.ndarray, *, is_ranking: bool) -> list[str] | None:
    """Return the answers of a row in their order, None if it has none to the question."""
    if np.isnan(row).all():
        return None
    if is_ranking:
        order = np.argsort(row, kind="stable")  # missing ranks come last
        return [str(it) for it in answers[order[: int(np.sum(~np.isnan(row)))]]]
    return [str(it) for it in answers[row == 1]]


def _whole(cells: Sequence[list[str] | None]) -> list[list[int] | None]:
    return [None if cell is None else [int(it) for it in cell] for cell in cells]


def _writer(one: AnswerList) -> Callable[[list[str]], str]:
    """Return what writes answers as the cells of the file have them."""
    separator = one.separator or ""
    if separator == separators.JSON_LIST:
        return lambda answers: json.dumps(answers, ensure_ascii=False)
    if separator == separators.PYTHON_LIST:
        return repr
    if separator == separators.BARE_LIST:
        return lambda answers: f"[{', '.join(answers)}]"
    end = separator.strip() if one.is_terminated else ""
    return lambda answers: separator.join(answers) + (end if answers else "")
