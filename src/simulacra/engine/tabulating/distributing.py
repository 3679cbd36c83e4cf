"""How distributions of a study and of rows are counted."""

import dataclasses

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.report.distributions import BINS, LEVELS, OPTIONS, Distribution, Part
from simulacra.engine.scenario import raking
from simulacra.engine.tabulating import naming, variables, withholding
from simulacra.engine.tabulating.binning import Bins
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Sample

DIGITS = 4
MOST_PARTS = 24
"""Levels or options of a distribution; of more, the largest are told."""


def distributions(
    study: Sample, rows: Sample, columns: Names | None = None
) -> tuple[Distribution, ...]:
    """Return how questions are answered in a study, and in rows, in the order of the schema.

    No share is told that is one of fewer respondents than the disclosure threshold, or that would
    reveal one; a question that fewer have a value in is left out.

    Args:
        study: the respondents.
        rows: with the same schema: synthetic rows, or the respondents weighted to a scenario.
        columns: names of columns or multiple-response sets; by default all, the columns of a set as
            one.

    Raises:
        errors.TableError: a name that the schema does not have.
    """
    schema = study.schema
    names = questions(schema) if columns is None else naming.each(columns)
    naming.check_columns(schema, rows.schema, names)
    conditioned = study.conditioned | rows.conditioned
    found = (_distribution(study, rows, name) for name in names)
    return tuple(
        dataclasses.replace(one, is_conditioned=True) if one.column in conditioned else one
        for one in found
        if one is not None
    )


def questions(schema: Schema) -> list[str]:
    """Return the names of multiple-response sets, in the place of their columns, and of others."""
    sets = {name: it for name, it in naming.sets_of(schema).items() if not it.is_battery}
    set_of = {column: name for name, one in sets.items() for column in one.columns}
    return [*dict.fromkeys(set_of.get(name, name) for name in schema.names)]


def _distribution(study: Sample, rows: Sample, name: str) -> Distribution | None:
    schema = study.schema
    if name in schema and not schema[name].type.is_categorical:
        return _of_numbers(study, rows, schema[name])
    (variable,) = variables.rows_of(schema, [name])
    is_set = name not in schema
    shares, bases = [], []
    for sample in (study, rows):
        asked = variable.asked(sample.rows)
        base = _Base(sample, asked)
        if base.is_of_few:
            return None
        chosen = [group(sample.rows) & asked for _, group in variable.options]
        shares.append(base.shares(chosen, overlaps=is_set))
        bases.append(base.count)
    parts = [
        Part(option, *pair) for (option, _), *pair in zip(variable.options, *shares, strict=True)
    ]
    told = _largest(parts)
    label = naming.sets_of(schema)[name].label if is_set else schema[name].label
    return Distribution(
        column=name,
        label=label or name,
        kind=OPTIONS if is_set else LEVELS,
        parts=told,
        study_base=bases[0],
        rows_base=bases[1],
        left_out=len(parts) - len(told),
    )


def _of_numbers(study: Sample, rows: Sample, column: Column) -> Distribution | None:
    position = study.schema.names.index(column.name)
    bases = [_Base(each, ~np.isnan(each.rows[position])) for each in (study, rows)]
    if any(base.is_of_few or not base.count for base in bases):
        return None
    values = [
        each.rows[position][base.inside] for each, base in zip((study, rows), bases, strict=True)
    ]
    of_people = [own for own, base in zip(values, bases, strict=True) if base.is_of_people]
    bins = Bins.of(column, values).joined(of_people)
    shares = [base.shares_of(bins, own) for base, own in zip(bases, values, strict=True)]
    means = [_mean(column, own, base) for base, own in zip(bases, values, strict=True)]
    return Distribution(
        column=column.name,
        label=column.label or column.name,
        kind=BINS,
        parts=tuple(Part(*each) for each in zip(bins.names, *shares, strict=True)),
        study_mean=means[0],
        rows_mean=means[1],
        study_base=bases[0].count,
        rows_base=bases[1].count,
    )


class _Base:
    """Those of a sample that have a value.

    Attributes:
        inside: bool, shape (rows,): which they are.
        is_of_people: whether they are respondents, of whom little may be told where they are few.
    """

    def __init__(self, sample: Sample, inside: Flags) -> None:
        self.inside = inside
        self.is_of_people = sample.behind is None
        weights = np.ones(sample.size) if sample.weights is None else sample.weights
        self.weights: Floats = weights[inside]

    @property
    def count(self) -> int:
        """How many there are who count at all."""
        return int(np.count_nonzero(self.weights))

    @property
    def is_of_few(self) -> bool:
        """Tell whether they are so few respondents that nothing may be told of them."""
        return self.is_of_people and self._size(self.weights) < withholding.LEAST

    def shares(self, chosen: list[Flags], *, overlaps: bool) -> list[float | None]:
        """Return the shares of those who chose something, told for all rows of the sample."""
        weights = [self.weights[has[self.inside]] for has in chosen]
        total = float(self.weights.sum())
        shares = [float(own.sum()) / total if total else 0.0 for own in weights]
        return self._told(shares, weights, overlaps=overlaps)

    def shares_of(self, bins: Bins, values: Floats) -> list[float | None]:
        """Return the shares of ranges of the values that they have."""
        sums, squares = (bins.count(values, own) for own in (self.weights, self.weights**2))
        counts = bins.count(values, (self.weights > 0).astype(np.float64))
        total = float(self.weights.sum())
        sizes = [
            (int(count), float(own**2 / square) if square else 0.0)
            for count, own, square in zip(counts, sums, squares, strict=True)
        ]
        return self._withheld([float(own) / total for own in sums], sizes, overlaps=False)

    def _told(
        self, shares: list[float], weights: list[Floats], *, overlaps: bool
    ) -> list[float | None]:
        if not self.is_of_people:
            return [round(share, DIGITS) for share in shares]
        sizes = [(int(np.count_nonzero(own)), _effective(own)) for own in weights]
        return self._withheld(shares, sizes, overlaps=overlaps)

    def _withheld(
        self, shares: list[float], sizes: list[tuple[int, float]], *, overlaps: bool
    ) -> list[float | None]:
        """Return shares without those of few respondents and those that would reveal them."""
        if not self.is_of_people:
            return [round(share, DIGITS) for share in shares]
        counts, effective = zip((self.count, _effective(self.weights)), *sizes, strict=True)
        few = withholding.withheld(counts, effective, [(slice(1, len(counts)), overlaps)])
        return [
            None if at in few else round(share, DIGITS) for at, share in enumerate(shares, start=1)
        ]

    def _size(self, weights: Floats) -> float:
        return min(float(np.count_nonzero(weights)), _effective(weights))


def _effective(weights: Floats) -> float:
    return float(raking.effective_sample_size(weights)) if len(weights) else 0.0


def _largest(parts: list[Part]) -> tuple[Part, ...]:
    """Return the parts with the largest shares, in their order."""
    if len(parts) <= MOST_PARTS:
        return tuple(parts)
    sizes = [max(part.study or 0.0, part.rows or 0.0) for part in parts]
    kept = sorted(range(len(parts)), key=lambda at: -sizes[at])[:MOST_PARTS]
    return tuple(parts[at] for at in sorted(kept))


def _mean(column: Column, values: Floats, base: _Base) -> Bound | None:
    """Return the mean; of dates and times as the schema writes them."""
    if not base.weights.sum() > 0:
        return None
    mean = float(np.average(values, weights=base.weights))
    if not column.type.is_temporal:
        return round(mean, 6)
    return column.type.to_bound(round(float(np.clip(mean, *column.bounds))))
