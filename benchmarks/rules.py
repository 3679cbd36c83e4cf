"""Rules that rows obey, as data: each finds the rows that break it.

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
    """What every row obeys.

    Attributes:
        text: the rule in one line, for people.
        columns: that it speaks of.
        broken: says of each row whether it breaks the rule.
    """

    text: str
    columns: Sequence[str]
    broken: Callable[[pd.DataFrame], Mask]


def asked(column: str, gate: str, answers: Sequence[str | float], *, always: bool = True) -> Rule:
    """Return a skip: `column` is answered exactly when `gate` has one of `answers`.

    With `always` False it may stay unanswered even then.
    """

    def broken(rows: pd.DataFrame) -> Mask:
        due = rows[gate].isin(answers).to_numpy()
        answered = rows[column].notna().to_numpy()
        return np.asarray(due != answered if always else answered & ~due)

    when = "exactly when" if always else "only when"
    return Rule(
        f"{column} answered {when} {gate} is {'/'.join(map(str, answers))}", (column, gate), broken
    )


def mapped(column: str, of: str, mapping: Mapping[str, float] | Mapping[float, str]) -> Rule:
    """Return a deterministic column: `column` is the value that `of` has in `mapping`."""

    def broken(rows: pd.DataFrame) -> Mask:
        expected = rows[of].map(dict(mapping))
        return np.asarray(expected.notna() & (rows[column] != expected))

    return Rule(f"{column} is a function of {of}", (column, of), broken)


def banded(column: str, of: str, edges: Sequence[float], names: Sequence[str]) -> Rule:
    """Return a band: `column` is `names[i]` where `edges[i] <= of < edges[i + 1]`."""

    def broken(rows: pd.DataFrame) -> Mask:
        place = np.searchsorted(edges, rows[of], side="right") - 1
        expected = np.array(names, dtype=object)[np.clip(place, 0, len(names) - 1)]
        both = rows[[column, of]].notna().all(axis=1)
        return np.asarray(both & (rows[column] != expected))

    return Rule(f"{column} is the band of {of}", (column, of), broken)


def total(parts: Sequence[str], whole: str | float, decimals: int = 0) -> Rule:
    """Return a sum: `whole`, a column or a constant, to half of the last of `decimals`."""

    def broken(rows: pd.DataFrame) -> Mask:
        wanted = rows[whole] if isinstance(whole, str) else whole
        gap = rows[list(parts)].sum(axis=1, skipna=False) - wanted
        return np.asarray(gap.abs() > 0.5 * 10.0**-decimals)

    columns = (*parts, whole) if isinstance(whole, str) else tuple(parts)
    return Rule(f"{' + '.join(parts)} = {whole}", columns, broken)


def ordered(low: str, high: str) -> Rule:
    """Return an order: `low` is at most `high`, where both are known."""
    return Rule(f"{low} <= {high}", (low, high), lambda rows: np.asarray(rows[low] > rows[high]))


def implies(
    column: str, values: Sequence[str | float | None], other: str, allowed: Sequence[object]
) -> Rule:
    """Return an implication: where `column` is one of `values`, `other` is one of `allowed`."""

    def broken(rows: pd.DataFrame) -> Mask:
        return np.asarray(rows[column].isin(values) & ~rows[other].isin(allowed))

    first, then = ("/".join(map(str, some)) for some in (values, allowed))
    return Rule(f"{column} is {first}: {other} is {then}", (column, other), broken)


def exclusive(option: str, others: Sequence[str]) -> Rule:
    """Return a multi-select's "none of these": never chosen together with `others`."""

    def broken(rows: pd.DataFrame) -> Mask:
        chosen = rows[list(others)].isin(YES).any(axis=1)
        return np.asarray(rows[option].isin(YES) & chosen)

    return Rule(f"{option} excludes {others[0]} ... {others[-1]}", (option, *others), broken)


def different(ranks: Sequence[str]) -> Rule:
    """Return a ranking: no two of the columns have the same value."""

    def broken(rows: pd.DataFrame) -> Mask:
        in_order = np.sort(rows[list(ranks)].to_numpy(dtype=float), axis=1)
        return np.asarray((np.diff(in_order, axis=1) == 0).any(axis=1))

    return Rule(f"{', '.join(ranks)} all differ", tuple(ranks), broken)


def frame(rows: pa.Table, made_by: Schema | None = None) -> pd.DataFrame:
    """Return rows as rules read them, under the names that the file has.

    Args:
        rows: of a study, or generated.
        made_by: the schema of the model that generated them, which renames columns.
    """
    names = {column.name: column.source_name for column in made_by.columns} if made_by else {}
    return pd.DataFrame({names.get(name, name): _series(rows[name]) for name in rows.column_names})


def _series(values: pa.ChunkedArray) -> pd.Series:
    if pa.types.is_temporal(values.type):
        return pd.Series(values.cast(pa.timestamp("us")).to_pandas())
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return pd.Series(values.cast(pa.float64()).to_numpy(zero_copy_only=False))
    texts = [str(value) if value not in (None, "") else None for value in values.to_pylist()]
    return pd.Series(texts, dtype=object)
