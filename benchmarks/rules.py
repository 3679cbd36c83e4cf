"""Rules that can be checked: each finds the rows that break it.

Rows are pandas frames whose columns have the names of the file: texts for categories, floats for
numbers, datetime64 for dates; missing where nothing was answered.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from simulacra.engine.columns.schema import Schema

Mask = npt.NDArray[np.bool_]
YES = ("Yes", "yes", "True", "true", "Selected", "1", "1.0")


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule that no row of a study breaks.

    Attributes:
        text: the rule in one line, for people.
        columns: the columns that it is about.
        broken_rows: returns for each row whether it breaks the rule.
    """

    text: str
    columns: Sequence[str]
    broken_rows: Callable[[pd.DataFrame], Mask]


def skip(column: str, gate: str, answers: Sequence[str | float], *, always: bool = True) -> Rule:
    """Return a skip: `column` is answered exactly when `gate` has one of `answers`.

    With `always` False it may stay unanswered even then.
    """

    def broken_rows(rows: pd.DataFrame) -> Mask:
        due = rows[gate].isin(answers).to_numpy()
        answered = rows[column].notna().to_numpy()
        return np.asarray(due != answered if always else answered & ~due)

    when = "exactly when" if always else "only when"
    return Rule(
        f"{column} answered {when} {gate} is {'/'.join(map(str, answers))}",
        (column, gate),
        broken_rows,
    )


def lookup(column: str, source: str, mapping: Mapping[str, float] | Mapping[float, str]) -> Rule:
    """Return a deterministic column: `column` is the value that `source` has in `mapping`."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        expected = rows[source].map(dict(mapping))
        return np.asarray(expected.notna() & (rows[column] != expected))

    return Rule(f"{column} is a function of {source}", (column, source), broken_rows)


def band(column: str, source: str, edges: Sequence[float], names: Sequence[str]) -> Rule:
    """Return a band: `column` is `names[i]` where `edges[i] <= source < edges[i + 1]`."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        position = np.searchsorted(edges, rows[source], side="right") - 1
        expected = np.array(names, dtype=object)[np.clip(position, 0, len(names) - 1)]
        both = rows[[column, source]].notna().all(axis=1)
        return np.asarray(both & (rows[column] != expected))

    return Rule(f"{column} is the band of {source}", (column, source), broken_rows)


def total(parts: Sequence[str], total_value: str | float, decimals: int = 0) -> Rule:
    """Return a sum: `total_value`, a column or a constant, to half of the last of `decimals`."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        expected = rows[total_value] if isinstance(total_value, str) else total_value
        gap = rows[list(parts)].sum(axis=1, skipna=False) - expected
        return np.asarray(gap.abs() > 0.5 * 10.0**-decimals)

    columns = (*parts, total_value) if isinstance(total_value, str) else tuple(parts)
    return Rule(f"{' + '.join(parts)} = {total_value}", columns, broken_rows)


def formula(
    name: str, columns: Sequence[str], value: Callable[[pd.DataFrame], pd.Series], decimals: int
) -> Rule:
    """Return a formula: the last of `columns` is `value` of the others, rounded to `decimals`."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        slack = 0.5 * 10.0**-decimals * (1 + 1e-5)
        return np.asarray((value(rows) - rows[columns[-1]]).abs() > slack)

    return Rule(name, tuple(columns), broken_rows)


def ordering(low: str, high: str) -> Rule:
    """Return an order: `low` is at most `high`, where both are known."""
    return Rule(f"{low} <= {high}", (low, high), lambda rows: np.asarray(rows[low] > rows[high]))


def implies(
    column: str, values: Sequence[str | float | None], other: str, allowed: Sequence[object]
) -> Rule:
    """Return an implication: where `column` is one of `values`, `other` is one of `allowed`."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        return np.asarray(rows[column].isin(values) & ~rows[other].isin(allowed))

    first, then = ("/".join(map(str, some)) for some in (values, allowed))
    return Rule(f"{column} is {first}: {other} is {then}", (column, other), broken_rows)


def exclusive_option(option: str, others: Sequence[str]) -> Rule:
    """Return a multi-select's "none of these": never chosen together with `others`."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        chosen = rows[list(others)].isin(YES).any(axis=1)
        return np.asarray(rows[option].isin(YES) & chosen)

    return Rule(f"{option} excludes {others[0]} ... {others[-1]}", (option, *others), broken_rows)


def all_different(ranks: Sequence[str]) -> Rule:
    """Return a ranking: no two of the columns have the same value."""

    def broken_rows(rows: pd.DataFrame) -> Mask:
        in_order = np.sort(rows[list(ranks)].to_numpy(dtype=float), axis=1)
        return np.asarray((np.diff(in_order, axis=1) == 0).any(axis=1))

    return Rule(f"{', '.join(ranks)} all differ", tuple(ranks), broken_rows)


def frame(rows: pa.Table, model_schema: Schema | None = None) -> pd.DataFrame:
    """Return rows as rules read them, under the names that the file has.

    Args:
        rows: of a study, or generated.
        model_schema: the schema of the model that generated them, which renames columns.
    """
    names = (
        {column.name: column.source_name for column in model_schema.columns} if model_schema else {}
    )
    return pd.DataFrame({names.get(name, name): _series(rows[name]) for name in rows.column_names})


def _series(values: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_temporal(values.type):
        return pd.Series(values.cast(pa.timestamp("us")).to_pandas())
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return pd.Series(values.cast(pa.float64()).to_numpy(zero_copy_only=False))
    texts = [str(value) if value not in (None, "") else None for value in values.to_pylist()]
    return pd.Series(texts, dtype=object)
