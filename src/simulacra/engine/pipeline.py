"""The table of contents: how a study becomes a model, and a scenario becomes rows."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from simulacra.engine import errors, limits, options, randomness, rules, stages
from simulacra.engine.cleaning import clean
from simulacra.engine.columns import encoding
from simulacra.engine.columns.schema import Schema
from simulacra.engine.model import artifact, conditional, drawing, visits
from simulacra.engine.model.conditional import Link
from simulacra.engine.model.donors import Donors, Drawn
from simulacra.engine.model.kernels import Floats
from simulacra.engine.reading import source as reading
from simulacra.engine.report import outcomes
from simulacra.engine.report.report import Report
from simulacra.engine.scenario import conditions as scenario_conditions
from simulacra.engine.scenario import particles, quotas, raking
from simulacra.engine.writing import files

FIT_TIMES = (
    ("reading", 0.03),
    ("cleaning", 0.10),
    ("fitting", 0.12),  # learning the rules
    ("fitting", 0.72),
    ("writing", 0.03),
)
"""Parts of the time from file to saved model: between those of Adult (32,561 rows, 15 columns) and
of a tracker of 4,853 rows and 490 columns."""
SAVING = stages.Progress("writing", 0.97)
"""What comes after fitting; told by the caller who saves the model."""
LINK_TIME, CONDITION_TIME, WRITING_TIME = 8.0, 6.0, 0.25
"""Times in that of drawing one value: to fit a link, for each seed row; to draw a conditioned
column with its particles, for each row; to count and write a value."""
MAX_CHAINS = 16
"""Chains that a model keeps, one for each set of conditioned columns."""


def fit(
    source: Any,  # noqa: ANN401 - whatever speaks Arrow
    *,
    types: Mapping[str, options.Wanted] | None = None,
    keep: Iterable[str] = (),
    drop: Iterable[str] = (),
    sheet: str | None = None,
    bounds: limits.Limits = limits.DEFAULT,
    progress: stages.Tell | None = None,
) -> "Model":
    """Read a study, clean it, and fit the chain.

    Columns go by their names in the file or in the schema.

    Args:
        source: path of a CSV, Excel (.xlsx), SPSS (.sav, .zsav) or Parquet file, or a pyarrow,
            pandas or polars table.
        types: column to type, or to the list of its levels in their order, where that is not what
            the file seems to say.
        keep: columns to keep where cleaning would drop them.
        drop: columns to leave out.
        sheet: of a workbook, the sheet to read; by default the first that holds a table.
        bounds: of what is taken on.
        progress: called with what is done of the whole, with saving the model.

    Raises:
        errors.UploadError: the file cannot be read, too little is left to model, or an option
            does not fit it.
        TypeError: `source` is neither a path nor a table.
    """
    asked = options.Options.of(types, keep, drop, sheet)
    reads, cleans, learns, fits, _ = stages.parts(progress, FIT_TIMES)
    # 1. From bytes to a table and its codebook.
    reads.begin()
    raw = reading.read(source, bounds, sheet)
    # 2. From the table to a schema and a matrix.
    cleans.begin()
    study = clean.clean(raw, bounds, asked)
    # 3. The rules that its rows keep.
    learns.begin()
    kept = rules.learn(study.schema, study.values)
    donors = Donors.of(study.schema, study.values, kept)
    # 4. One link for each column, those that decide many others before them.
    order = visits.of(kept, len(study.schema.columns))
    links = conditional.fit_all(donors, order, {}, fits.count)
    return Model(donors, links)


def load(path: str | Path) -> "Model":
    """Return a saved model.

    Raises:
        errors.ArtifactError: the file is damaged, or of another version.
        OSError: it cannot be opened.
    """
    schema, values, kept, links = artifact.load(Path(path))
    return Model(Donors.of(schema, values, kept), links)


class Model:
    """A fitted study.

    Attributes:
        schema: the columns that conditions may name, and what cleaning did.
    """

    def __init__(self, donors: Donors, links: Sequence[Link]) -> None:
        self.schema = donors.schema
        self._donors = donors
        self._links = list(links)
        self._chains: dict[tuple[int, ...], list[Link]] = {}

    def save(self, path: str | Path) -> None:
        """Write the model to one file; the same model gives the same bytes.

        Raises:
            OSError: the file cannot be written.
        """
        artifact.save(Path(path), self.schema, self._donors.values, self._donors.rules, self._links)

    def generate(
        self,
        row_count: int,
        *,
        seed: int | None = None,
        categorical: Mapping[str, Mapping[str, float]] | None = None,
        numeric: Mapping[str, Mapping[str, Any]] | None = None,
        progress: stages.Tell | None = None,
    ) -> "Generation":
        """Generate rows under a scenario.

        The rows follow the distribution closest to the model that has the wanted shares and lies
        in the wanted ranges (the I-projection, Csiszár 1975). The same model, scenario, row count
        and seed give the same rows.

        Args:
            row_count: rows wanted; fewer come when quotas cannot be met, never more.
            seed: 0 to 2**63 - 1; drawn and reported when None.
            categorical: column to level to share of the rows, a fraction.
            numeric: column to ``{"min": ..., "max": ...}``; dates as ISO 8601 strings.
            progress: called with what is done of the whole, with writing the rows to a file;
                from any thread, but never two at a time.

        Raises:
            errors.ConditionError: a condition does not fit the schema; lists every fault.
            errors.InfeasibleError: the model has no support for a single row.
            ValueError: `row_count` or `seed` is out of bounds.
        """
        if row_count < 1:
            raise ValueError(f"row_count is {row_count}; it must be at least 1")
        if seed is not None and not 0 <= seed <= limits.MAX_SEED:
            raise ValueError(f"seed is {seed}; it must be 0 to 2**63 - 1")
        seed = randomness.new_seed() if seed is None else seed
        # 1. What is asked for, in the terms of the schema, then of the engine.
        asked = scenario_conditions.parse(self.schema, categorical, numeric)
        wanted = particles.plan(self._donors, asked)
        order, known = self._known(wanted.order)
        times = self._times(len(order) - len(known), len(wanted.order), row_count)
        fits, conditions, completes, writes = stages.parts(progress, times)
        # 2. The chain with the conditioned columns first.
        links = self._chain(order, known, len(wanted.order), fits)
        first, rest = links[: len(wanted.order)], links[len(wanted.order) :]
        # 3. The conditioned columns, weighted and picked to the wanted shares.
        conditions.begin()
        drawn, rows, cloud = self._condition(first, wanted, row_count, seed)
        # 4. All the others, given those.
        values = drawing.complete(self._donors, rest, drawn, rows, seed, completes.count)
        # 5. A table, and its account.
        writes.begin()
        if cloud is None:
            report = outcomes.unconditional(self._donors, row_count, seed)
        else:
            report = outcomes.conditional(
                self._donors, asked, wanted, cloud, values, row_count, seed
            )
        return Generation(_table(self.schema, values), report)

    def _known(self, conditioned: list[int]) -> tuple[list[int], dict[int, Link]]:
        """Return the columns with the conditioned ones first, and by place the links there are."""
        others = [link.column for link in self._links if link.column not in conditioned]
        order, kept = [*conditioned, *others], self._chains.get(tuple(conditioned))
        if kept is not None:
            return order, dict(enumerate(kept))
        return order, conditional.reusable(order, self._links, len(conditioned))

    def _chain(
        self, order: list[int], known: dict[int, Link], conditioned: int, fits: stages.Part
    ) -> list[Link]:
        """Return the links in an order; kept for the next scenario on the same columns."""
        if len(known) == len(order):
            return list(map(known.__getitem__, range(len(order))))
        fits.begin()
        links = conditional.fit_all(self._donors, order, known, fits.count, conditioned)
        if len(self._chains) >= MAX_CHAINS:
            self._chains.pop(next(iter(self._chains)))  # the oldest
        self._chains[tuple(order[:conditioned])] = links
        return links

    def _times(self, unknown: int, conditioned: int, rows: int) -> list[tuple[str, float]]:
        """Return the times of the parts of a generation, in that of drawing one value."""
        columns = len(self._links)
        return [
            ("fitting", LINK_TIME * unknown * len(self._donors.values)),
            ("sampling", CONDITION_TIME * conditioned * rows),
            ("sampling", (columns - conditioned) * rows),
            ("writing", WRITING_TIME * columns * rows),
        ]

    def _condition(
        self, links: Sequence[Link], wanted: particles.Plan, row_count: int, seed: int
    ) -> tuple[Drawn, int, particles.Cloud | None]:
        if not links:
            return Drawn(), row_count, None
        cloud = particles.draw(self._donors, links, wanted, row_count, seed)
        rows = int(np.floor(cloud.reachable * row_count + raking.SHORTFALL * row_count))
        rows = min(rows, row_count)
        if rows == 0:
            raise errors.InfeasibleError(_infeasible(cloud, wanted, self.schema))
        rng = randomness.stream(seed, "picking")
        whole = [quotas.whole(targets, rows) for targets in cloud.raked.targets]
        picked = quotas.pick(cloud.raked.weights, cloud.groups, whole, rows, rng)
        picked = rng.permutation(picked)
        return cloud.drawn.take(picked), rows, cloud


@dataclasses.dataclass(frozen=True)
class Generation:
    """Generated rows and their account.

    Attributes:
        table: the rows.
        report: per condition target, achieved and support; warnings.
    """

    table: pa.Table
    report: Report

    @property
    def rows_requested(self) -> int:
        """How many rows were asked for."""
        return self.report.rows_requested

    @property
    def rows_generated(self) -> int:
        """How many rows there are."""
        return self.report.rows_generated

    @property
    def status(self) -> str:
        """``ready``, or ``partial`` when there are fewer rows than were asked for."""
        return self.report.status

    def write(self, path: str | Path, format: str | None = None) -> Self:  # noqa: A002 - its name
        """Write the rows as parquet, csv or arrow, by default as the path's suffix says.

        Raises:
            ValueError: an unknown format.
            OSError: the file cannot be written.
        """
        files.write(self.table, Path(path), format)
        return self


def _table(schema: Schema, values: Mapping[int, Floats]) -> pa.Table:
    return pa.table(
        {
            column.name: encoding.to_arrow(column, values[position])
            for position, column in enumerate(schema.columns)
        }
    )


def _infeasible(cloud: particles.Cloud, wanted: particles.Plan, schema: Schema) -> str:
    names = ", ".join(repr(schema.columns[position].name) for position in wanted.order)
    if not cloud.raked.weights.any():
        return f"The model has no row that meets the conditions on {names} together."
    return f"The conditions on {names} together leave less than one row of what was asked for."
