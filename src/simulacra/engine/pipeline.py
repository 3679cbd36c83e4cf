"""The table of contents: how a study becomes a model, and a scenario becomes rows."""

import dataclasses
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np
import pyarrow as pa

from simulacra.engine import (
    documents,
    errors,
    extras,
    limits,
    options,
    privacy_levels,
    randomness,
)
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import Coding
from simulacra.engine.columns import frames
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.questions import SET
from simulacra.engine.columns.schema import Schema
from simulacra.engine.display import progress as showing
from simulacra.engine.full_report import making
from simulacra.engine.full_report.full_report import FullReport
from simulacra.engine.margins import measuring, replicates
from simulacra.engine.margins.replicates import Halves, Replicate
from simulacra.engine.margins.respondents import Respondents
from simulacra.engine.margins.statistics import Statistics
from simulacra.engine.model import calibration, conditional, drawing, saving, visits
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.progress import Phase, Progress, ProgressCallback, phases
from simulacra.engine.quality import comparison
from simulacra.engine.quality.quality import Quality
from simulacra.engine.reading import source as reading
from simulacra.engine.report import explorer, outcomes, previewing, scenario_words
from simulacra.engine.report.card import Card
from simulacra.engine.report.distributions import Distribution
from simulacra.engine.report.preview import Preview
from simulacra.engine.report.report import Report
from simulacra.engine.rules import ruleset
from simulacra.engine.scenario import (
    conditions,
    importance,
    particles,
    picking,
    plans,
    reasons,
)
from simulacra.engine.scenario.particles import Particles
from simulacra.engine.scenario.plans import Plan
from simulacra.engine.tabulating import comparing, distributing, foreseeing, naming, tabulation
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Behind, Sample, Weighting
from simulacra.engine.tabulating.variables import everyone
from simulacra.engine.validation import validating
from simulacra.engine.validation.validation import Validation
from simulacra.engine.writing import files, layouts, registry
from simulacra.engine.writing import values as cell_values
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.metadata import REPORT

if TYPE_CHECKING:
    from simulacra.engine.display.panel import Panel
    from simulacra.engine.display.plotting.picture import Picture

FIT_DURATIONS = (
    ("reading", 0.03),
    ("cleaning", 0.10),
    ("fitting", 0.12),  # learning the rules
    ("fitting", 0.57),
    ("fitting", 0.10),  # calibrating
    ("fitting", 0.05),  # comparing
    ("writing", 0.03),
)
"""Parts of the time from file to saved model: between those of Adult (32,561 rows, 15 columns) and
of a tracker of 4,853 rows and 490 columns."""
VALIDATION_DURATIONS = (("reading", 0.03), ("cleaning", 0.07))
"""Parts of the time of a validation before respondents are hidden."""
SAVING = Progress("writing", 0.97)
"""What comes after fitting; reported by the caller who saves the model."""
FITTING, CONDITIONING, WRITING = 16.0, 6.0, 0.25
"""Durations in that of drawing one value: to fit a conditional model, for each respondent; to draw
a conditioned column with its particles, for each row; to count and write a value."""
SUPPORT_WEIGHT = "support_weight"
"""Name of the column by which other tools count rows as support does."""
TITLE = "Synthetic rows by Simulacra: no row is a respondent"
"""What files that can hold a title say of themselves."""
VALUE_SECONDS = 2e-7
"""What drawing one value takes about, before anything was measured."""
MOST_PLOTTED = 6
"""Questions of a picture whose columns are not named."""
MIN_CONDITIONED_ROWS = particles.MIN_PARTICLES // particles.PARTICLES_PER_ROW
"""Rows below which conditioned columns take no less time."""
MAX_KEPT_SEQUENCES = 16
"""Visit sequences whose conditional models a model keeps, one for each set of conditions."""


def fit(  # noqa: PLR0913 - each is an option that callers name
    source: Any,  # noqa: ANN401 - whatever speaks Arrow
    *,
    types: Mapping[str, options.TypeOverride] | None = None,
    keep: Iterable[str] = (),
    drop: Iterable[str] = (),
    missing: options.MissingValues | None = None,
    sets: Mapping[str, Sequence[str]] | None = None,
    separators: Mapping[str, str] | None = None,
    dates: Mapping[str, str] | None = None,
    decimal: str | None = None,
    delimiter: str | None = None,
    header_rows: int | None = None,
    sheet: str | None = None,
    privacy: str = privacy_levels.STANDARD,
    weight: str | None = None,
    bounds: limits.StudyBounds = limits.DEFAULT,
    progress: showing.Display = None,
) -> "Model":
    """Read a study, clean it, and fit a model to it.

    Columns go by their names in the file or in the schema. What is found out about the study can be
    overridden; ``schema.overrides`` has all of it in the form of these arguments.

    Args:
        source: path of a CSV, Excel (.xlsx, .xls), SPSS (.sav, .zsav, .por), Stata (.dta), SAS
            (.sas7bdat, .xpt) or Parquet file, of a triple-S definition (.sss, .xml) beside its data
            or an archive of both (.zip), or a pyarrow, pandas or polars table.
        types: column to type, or to the list of its levels in their order, where that is not what
            the file seems to say.
        keep: columns to keep where cleaning would drop them.
        drop: columns to leave out.
        missing: values that stand for no answer: a list of those that do in every column, besides
            what is found, or for a column the list of all that do in it.
        sets: names of multiple-response sets to the columns that are their options.
        separators: columns of which a cell holds several answers, to what stands between them; an
            empty text if a cell holds one answer.
        dates: column of dates to the order of their parts: ``"dmy"``, ``"mdy"`` or ``"ymd"``.
        decimal: the mark before decimals, ``"."`` or ``","``.
        delimiter: of a CSV file, the character between two fields; a second one is the quotation
            mark, unless it is the usual one.
        header_rows: of a CSV file or a sheet, how many rows hold the names of the columns.
        sheet: of a workbook, the sheet to read; by default the first that holds a table.
        privacy: ``"standard"``, or ``"strict"`` for a model whose rows tell less about who took
            part, at a cost to small groups.
        weight: column that says how many people each respondent stands for. The model is one of
            those people, and rows need no weight. Who has the weight 0 or none is left out.
        bounds: how large a study may be.
        progress: called as the work, saving the model included, advances; True for a bar, False
            for none. By default a bar is shown of longer work, at a terminal or in a notebook.

    Raises:
        errors.StudyError: the file cannot be read, too little is left to model, or an option
            does not fit it.
        TypeError: `source` is neither a path nor a table.
    """
    overrides = options.Options.of(
        types=types,
        keep=keep,
        drop=drop,
        missing=missing,
        sets=sets,
        separators=separators,
        dates=dates,
        decimal=decimal,
        delimiter=delimiter,
        header_rows=header_rows,
        sheet=sheet,
        privacy=privacy,
        weight=weight,
    )
    with showing.shown(progress) as on_progress:
        return fit_with(source, overrides, bounds=bounds, progress=on_progress)


def fit_with(
    source: Any,  # noqa: ANN401 - as above
    overrides: options.Options,
    *,
    bounds: limits.StudyBounds = limits.DEFAULT,
    progress: ProgressCallback | None = None,
) -> "Model":
    """Do what `fit` does, with overrides that were checked, and in the words of their caller."""
    read, prepare, learn, build, correct, check, _ = phases(progress, FIT_DURATIONS)
    # 1. From bytes to a table and its codebook.
    with read:
        raw = reading.read(source, bounds, overrides.file)
    # 2. From the table to a schema and a matrix of numbers.
    with prepare:
        study = clean.clean(raw, bounds, overrides)
    pool, models = _learn(study, overrides.privacy, learn, build, correct)
    # 6. What is left of it is measured, to be published.
    with check:
        quality = comparison.compare(pool, models, check.advance)
    return Model(pool, models, quality, study.codings)


def fit_cleaned(
    study: clean.Study, privacy: str, progress: ProgressCallback | None = None
) -> "Model":
    """Fit a model to a study that is cleaned, or to some of its respondents.

    Its quality is not measured.

    Args:
        study: it may have levels that none of its respondents has.
        privacy: one of `privacy_levels.ALL`.
        progress: called as the work advances.
    """
    learn, build, correct = phases(progress, FIT_DURATIONS[2:5])
    return Model(*_learn(study, privacy, learn, build, correct))


def _learn(
    study: clean.Study, privacy: str, learn: Phase, build: Phase, correct: Phase
) -> tuple[DonorPool, list[ConditionalModel]]:
    """Return the respondents of a study, and the conditional models along the visit sequence."""
    # 3. The rules that no respondent breaks.
    with learn:
        rules = ruleset.learn(study.schema, study.values)
        pool = DonorPool.of(
            *(study.schema, study.values, rules),
            privacy=privacy,
            survey_weights=study.weights,
        )
    # 4. A conditional model for each column, those that decide many others before them.
    with build as on_step:
        sequence = visits.sequence(rules, len(study.schema.columns))
        models = conditional.fit_all(pool, sequence, {}, on_step)
    # 5. What marginals drift by along the chain is taken back.
    with correct:
        return pool, calibration.calibrate(pool, models, correct.advance)


def validate(
    source: Any,  # noqa: ANN401 - whatever speaks Arrow
    *,
    segment: Mapping[str, Any] | None = None,
    repeats: int = validating.REPEATS,
    seed: int = 0,
    bounds: limits.StudyBounds = limits.DEFAULT,
    progress: showing.Display = None,
    **overrides: Unpack[options.StudyArguments],
) -> Validation:
    """Hide a part of a study's respondents, predict them, and say how far predictions are off.

    Without a segment, a random half of all respondents is hidden, and the model that is fitted to
    the other half predicts the figures of all respondents and of some segments of the study. With
    one, half of its respondents are hidden, and the model that is fitted to all others predicts
    the segment. Both are repeated with other halves.

    The study is cleaned as a whole, so that the columns and levels are those of the study. Of a
    study that a model was fitted to, `Model.validate` gives the same figures.

    Args:
        source: path or table, as in `fit`.
        segment: column to a level, a list of levels, or ``{"min": ..., "max": ...}``.
        repeats: how often other respondents are hidden.
        seed: of the random numbers; the same study and seed give the same figures.
        bounds: as in `fit`.
        progress: called as the work advances; a bar otherwise, as of `fit`.
        overrides: those of `fit`, such as ``types`` or ``weight``.

    Raises:
        errors.StudyError: the study cannot be fitted.
        errors.ConditionError: the segment does not fit the schema, or has too few respondents.
        TypeError: `source` is neither a path nor a table.
        ValueError: `repeats` or `seed` is out of bounds.
    """
    with showing.shown(progress) as on_progress:
        return validate_with(
            *(source, options.Options.of(**overrides)),
            segment=segment,
            repeats=repeats,
            seed=seed,
            bounds=bounds,
            progress=on_progress,
        )


def validate_with(
    source: Any,  # noqa: ANN401 - as above
    overrides: options.Options,
    *,
    segment: Mapping[str, Any] | None = None,
    repeats: int = validating.REPEATS,
    seed: int = 0,
    bounds: limits.StudyBounds = limits.DEFAULT,
    progress: ProgressCallback | None = None,
) -> Validation:
    """Do what `validate` does, with overrides that were checked, and in the words of the caller."""
    validating.check(repeats, seed)
    begun = sum(duration for _, duration in VALIDATION_DURATIONS)
    read, prepare, _ = phases(progress, (*VALIDATION_DURATIONS, (validating.STAGE, 1 - begun)))
    with read:
        raw = reading.read(source, bounds, overrides.file)
    with prepare:
        study = clean.clean(raw, bounds, overrides)
    return validating.validate(
        *(study, _fit_part(overrides.privacy)),
        segment=segment,
        repeats=repeats,
        seed=seed,
        progress=progress,
        begun=begun,
    )


def _fit_part(privacy: str) -> validating.Fit:
    """Return what fits models to some respondents of a study."""

    def fit(study: clean.Study, progress: ProgressCallback) -> validating.Generate:
        model = fit_cleaned(study, privacy, progress)

        def generate(
            rows: int, seed: int, asked: Mapping[str, Any], progress: ProgressCallback
        ) -> pa.Table:
            return model.generate(rows, seed=seed, progress=progress, **asked).table

        return generate

    return fit


def load(path: str | Path) -> "Model":
    """Return a saved model.

    Raises:
        errors.SavedModelError: the file is damaged, or of another version.
        OSError: it cannot be opened.
    """
    saved = saving.load(Path(path))
    quality = None if saved.quality is None else Quality.from_json(saved.quality)
    model = Model(saved.pool, saved.models, quality, saved.codings)
    if saved.validation is not None:
        model.validation = Validation.from_json(saved.validation)
    return model


class Model(documents.Shown, frames.Labelled):
    """A model fitted to a study.

    Attributes:
        schema: the columns that conditions may name, and what cleaning did.
        rules: what no respondent breaks, in plain words when printed.
        quality: how well rows without conditions agree with the study; None for a model that was
            saved by a version that did not measure it.
        validation: how far predictions of hidden respondents are off; None until `validate` is
            called without a segment. Reports of later generations have it.
    """

    def __init__(
        self,
        pool: DonorPool,
        models: Sequence[ConditionalModel],
        quality: Quality | None = None,
        codings: Mapping[str, Coding] | None = None,
    ) -> None:
        self.schema: Schema = pool.schema
        self.rules: ruleset.Rules = pool.rules
        self.quality = quality
        self.validation: Validation | None = None
        self._pool = pool
        self._models = list(models)
        self._codings = dict(codings or {})
        self._by_conditions: dict[tuple[int, ...], dict[int, ConditionalModel]] = {}
        self._replicates: tuple[tuple[int, ...], list[Replicate]] = ((), [])
        self._value_seconds: float | None = None

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Model: {len(self.schema):,} columns, {self.schema.row_count:,} respondents, "
            f"privacy {self.privacy}>"
        )

    @property
    def privacy(self) -> str:
        """How closely it follows small groups: ``"standard"`` or ``"strict"``."""
        return self._pool.privacy

    @property
    def study(self) -> pa.Table:
        """The cleaned study, typed like synthetic rows: what to compare those with.

        It holds the answers of respondents, so it needs the same care as the study itself. The rows
        of a weighted study count by `study_weights`.
        """
        columns = dict(enumerate(self._pool.values.T))
        return _table(self.schema, columns)

    @property
    def table(self) -> pa.Table:
        """The cleaned study; see `study`."""
        return self.study

    @property
    def labels(self) -> dict[str, str]:
        """Texts of the questions by the names of the columns, where they say more than these."""
        return self.schema.labels(self.schema.names)

    @property
    def study_weights(self) -> pa.DoubleArray | None:
        """How many people each row of `study` stands for, with mean 1; None if all as many."""
        weights = self._pool.survey_weights
        return None if weights is None else pa.array(weights)

    @property
    def sample(self) -> Sample:
        """The respondents as tables are made of them."""
        columns = dict(enumerate(self._pool.values.T))
        return Sample(self.schema, columns, self._pool.survey_weights)

    def sample_of(
        self,
        path: str | Path,
        format: str,  # noqa: A002 - its name
        columns: Iterable[str],
        *,
        row_count: int,
        seed: int,
        asked: conditions.Conditions,
    ) -> Sample:
        """Return rows that were generated and written before, as tables are made of them.

        The importance weights of the respondents behind them are computed anew, and are those of
        the generation: only its conditioned columns are fitted and drawn again, not the rows. Those
        of a format that does not say all that rows are, such as sav, are made again.

        Args:
            path: of the file that `Generation.write` wrote.
            format: of the file.
            columns: names of those that tables are to be made of.
            row_count: rows that were asked for.
            seed: that the rows were drawn with.
            asked: the conditions by kind, as arguments of `generate`.

        Raises:
            errors.ConditionError: a condition does not fit the schema.
            OSError: the file cannot be read.
        """
        if registry.FORMATS[format].read is None:
            return self.generate(row_count, seed=seed, progress=False, **asked).sample
        plan = plans.of(self._pool, conditions.parse(self.schema, asked))
        cloud = None
        if plan.order:
            sequence = self._sequence(plan.order)[: len(plan.order)]
            fitted = self._fitted(sequence, len(sequence))
            (build,) = phases(None, [("fitting", 1.0)])
            models = self._fit_missing(sequence, fitted, len(sequence), build)
            cloud = particles.draw(self._pool, models, plan, row_count, seed)
        wanted = set(columns)
        names = [column.name for column in self.schema.columns if column.name in wanted]
        table = files.read(Path(path), format, self._arrow_schema().select(names).schema)
        rows = {
            self.schema.names.index(name): self.schema[name].encode(table[name]) for name in names
        }
        return Sample(self.schema, rows, None, self._behind(plan, cloud))

    def _arrow_schema(self) -> pa.Table:
        """Return a table of no rows, whose columns are of the types that rows have."""
        return _table(self.schema, dict.fromkeys(range(len(self.schema.columns)), np.empty(0)))

    def can_read(self, format: str, layout: str, values: str) -> bool:  # noqa: A002 - its name
        """Tell whether a file that `Generation.write` wrote so says all that the rows are."""
        is_whole = layout == layouts.SCHEMA and values == cell_values.LABELS
        return is_whole and registry.FORMATS[format].read is not None

    def read_rows(
        self,
        path: str | Path,
        format: str,  # noqa: A002 - its name
        *,
        support_weight: bool = False,
    ) -> pa.Table:
        """Return the rows of a file that `Generation.write` wrote, as it had them.

        Args:
            path: of the file.
            format: of the file; see `can_read`.
            support_weight: whether the rows have a column of this name more.

        Raises:
            KeyError, ValueError: the file has other columns, or does not say all that rows are.
            OSError: the file cannot be read.
        """
        none = self._arrow_schema()
        if support_weight:
            none = none.append_column(SUPPORT_WEIGHT, pa.array([], pa.float64()))
        read = files.read(Path(path), format, none.schema)
        values = {
            position: column.encode(read[column.name])
            for position, column in enumerate(self.schema.columns)
        }
        table = _table(self.schema, values)
        if support_weight:
            table = table.append_column(SUPPORT_WEIGHT, read[SUPPORT_WEIGHT])
        return table

    def write_rows(
        self,
        table: pa.Table,
        report: Report,
        asked: conditions.Conditions,
        path: str | Path,
        format: str | None = None,  # noqa: A002 - its name
        *,
        layout: str = layouts.SCHEMA,
        values: str = cell_values.LABELS,
    ) -> None:
        """Write rows that were made of this model before; see `Generation.write`.

        Args:
            table: the rows, as `Generation.table` or `read_rows` has them.
            report: theirs.
            asked: the conditions by kind, as arguments of `generate`.
            path: of the file, like all others.
            format: likewise.
            layout: likewise.
            values: likewise.

        Raises:
            ValueError, OSError: as of `Generation.write`.
        """
        told = scenario_words.of(self.schema, asked)
        _write_rows(
            *(
                table,
                report,
                _card(self.schema, report, told, self.privacy),
                self.schema,
                self._codings,
            ),
            *(Path(path), format),
            layout=layout,
            values=values,
        )

    def _behind(self, plan: Plan, cloud: Particles | None) -> Behind:
        """Return the respondents behind rows, weighted to their scenario."""
        weights = self._pool.weights
        if cloud is not None:
            weights = importance.of(self._pool, plan, cloud.raked).joint * weights
        names = frozenset(self.schema.names[position] for position in plan.order)
        return Behind(dict(enumerate(self._pool.values.T)), weights, names)

    def crosstab(
        self,
        rows: Names,
        columns: Names | None = None,
        *,
        banner: Names | None = None,
        weight: str | None = None,
    ) -> Crosstab:
        """Return a cross table of the study; its respondents count by their survey weights.

        Args:
            rows: columns or multiple-response sets: shares of levels or options, means of all
                others.
            columns: categorical columns or multiple-response sets, whose levels or options are
                columns of the table, side by side.
            banner: the same by its other name.
            weight: a column of numbers that respondents count by besides.

        Raises:
            errors.TableError: a name that the schema does not have, or of a column that does not
                fit.
        """
        return tabulation.tabulate(self.sample, rows, _banner(columns, banner), weight)

    def validate(
        self,
        *,
        segment: Mapping[str, Any] | None = None,
        repeats: int = validating.REPEATS,
        seed: int = 0,
        progress: showing.Display = None,
    ) -> Validation:
        """Hide a part of the respondents, predict them, and say how far predictions are off.

        The predictions are those of models that are fitted to the others; this model knows all. The
        figures are those of `simulacra.validate` on the study, which is not read again. Without a
        segment the result is kept: as `validation`, in the saved model and in reports.

        Args:
            segment: column to a level, a list of levels, or ``{"min": ..., "max": ...}``; None for
                all respondents and some chosen segments.
            repeats: how often other respondents are hidden.
            seed: of the random numbers; the same study and seed give the same figures.
            progress: called as the work advances; a bar otherwise, as of `fit`.

        Raises:
            errors.ConditionError: the segment does not fit the schema, or has too few respondents.
            ValueError: `repeats` or `seed` is out of bounds.
        """
        study = clean.Study(self.schema, self._pool.values, self._pool.survey_weights)
        with showing.shown(progress) as on_progress:
            found = validating.validate(
                *(study, _fit_part(self.privacy)),
                segment=segment,
                repeats=repeats,
                seed=seed,
                progress=on_progress,
            )
        if segment is None:
            self.validation = found
        return found

    def save(self, path: str | Path) -> None:
        """Write the model to one file; the same model gives the same bytes.

        Raises:
            OSError: the file cannot be written.
        """
        quality = None if self.quality is None else self.quality.to_json()
        validation = None if self.validation is None else self.validation.to_json()
        saving.save(Path(path), self._pool, self._models, quality, validation, self._codings)

    def save_fitted(
        self,
        path: str | Path,
        asked: conditions.Conditions,
    ) -> bool:
        """Write what a generation under a scenario has fitted beyond the saved model.

        Another process that loads it (`load_fitted`) does not fit it again for a scenario on the
        same columns, whatever their shares and ranges.

        Args:
            path: of the file.
            asked: the conditions by kind, as arguments of `generate`.

        Returns:
            Whether there was anything to write. What only a preview has fitted is not written.

        Raises:
            errors.ConditionError: a condition does not fit the schema.
            OSError: the file cannot be written.
        """
        conditioned = plans.of(self._pool, conditions.parse(self.schema, asked)).order
        own = {id(model) for model in self._models}
        models = self._by_conditions.get(tuple(conditioned), {})
        if len(models) < len(self._models):
            return False
        fitted = [model for model in models.values() if id(model) not in own]
        if fitted:
            saving.save_fitted(Path(path), conditioned, fitted)
        return bool(fitted)

    def load_fitted(self, path: str | Path) -> None:
        """Take over what another process fitted for scenarios on some columns.

        Raises:
            errors.SavedModelError: the file is damaged, of another version or of another study.
            OSError: it cannot be opened.
        """
        conditioned, models = saving.load_fitted(Path(path), self._pool, self._models)
        self._remember(conditioned, dict(enumerate(models)))

    @property
    def refits(self) -> int:
        """How many models that were refitted for margins of error it keeps, of one scenario."""
        return len(self._replicates[1])

    def save_refits(self, path: str | Path) -> None:
        """Write the models that the last generation with margins of error has refitted.

        Another process that loads them (`load_refits`) does not refit them for a scenario on the
        same columns, whatever their shares and ranges; the margins are the same.

        Args:
            path: of the file.

        Raises:
            OSError: the file cannot be written.
            ValueError: there are none.
        """
        conditioned, kept = self._replicates
        if not kept:
            raise ValueError("nothing was refitted: generate rows with margins first")
        replicates.save(Path(path), conditioned, kept)

    def load_refits(self, path: str | Path, margins: bool | str = True) -> int:  # noqa: FBT001, FBT002 - as `generate` takes it
        """Take over what another process has refitted for margins of scenarios on some columns.

        Args:
            path: of the file.
            margins: as of `generate`; no more are loaded than such margins need.

        Returns:
            How many there are now.

        Raises:
            errors.SavedModelError: the file is damaged, of another version or of another study.
            OSError: it cannot be opened.
        """
        most = replicates.how_many(margins)
        self._replicates = replicates.load(Path(path), self._pool, self._sequence([]), most)
        return self.refits

    def generate(  # noqa: PLR0913 - each kind of condition has a name of its own
        self,
        row_count: int,
        *,
        seed: int | None = None,
        categorical: Mapping[str, Mapping[Any, float]] | None = None,
        numeric: Mapping[str, Mapping[str, Any]] | None = None,
        means: Mapping[str, Any] | None = None,
        bands: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        joint: Sequence[Mapping[str, Any]] | None = None,
        multiple_response: Mapping[str, Mapping[str, float]] | None = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        margins: bool | str = False,
        support_weight: bool = False,
        progress: showing.Display = None,
    ) -> "Generation":
        """Generate rows under a scenario.

        The rows follow the distribution closest to the model that meets all conditions (the
        I-projection, Csiszár 1975). Any kinds of conditions go together. The same model, scenario,
        row count and seed give the same rows.

        Args:
            row_count: rows asked for; fewer come when quotas cannot be met, never more.
            seed: of the random numbers, 0 to 2**63 - 1; drawn and reported when None.
            categorical: column to level to share of the rows, a fraction; of a column of whole
                numbers, value to share. What is not named shares the remainder.
            numeric: column to ``{"min": ..., "max": ...}``; dates and times as ISO 8601 strings,
                durations in seconds.
            means: column to the mean of the rows.
            bands: column to a list of ``{"min": ..., "max": ..., "share": ...}``.
            joint: list of ``{"columns": [...], "shares": [{"cell": [...], "share": ...}, ...]}``;
                a cell has a level for each categorical column, and a range for each other.
            multiple_response: multiple-response set to option to share of the rows that choose it.
            groups: list of ``{"where": {column: level, levels or range}, ...}`` with conditions
                that hold among those rows, given as the arguments above.
            margins: whether the report has margins of error for the figures of all other columns,
                from models refitted to resampled respondents: True for 20 of them, ``"quick"`` for
                8, whose intervals are wider. Kept for the next scenario on the same columns.
            support_weight: whether the rows have a column ``support_weight`` more, all of one
                value. It sums to the effective base of the rows, which is less than the effective
                sample size, so that the tests of tools that count rows by a weight use support.
            progress: called as the work, writing the rows to a file included, advances;
                from any thread, but never two at a time. A bar otherwise, as of `fit`.

        Raises:
            errors.ConditionError: a condition does not fit the schema; lists every fault.
            errors.InfeasibleError: the model has no support for a single row.
            ValueError: `row_count` or `seed` is out of bounds, `margins` is another text, or the
                study has a column ``support_weight`` of its own.
        """
        if support_weight and SUPPORT_WEIGHT in self.schema:
            raise ValueError(f"the study has a column {SUPPORT_WEIGHT!r} of its own")
        refits, rng_seed = replicates.how_many(margins), _rng_seed(row_count, seed)
        asked = {
            "categorical": categorical,
            "numeric": numeric,
            "means": means,
            "bands": bands,
            "joint": joint,
            "multiple_response": multiple_response,
            "groups": groups,
        }
        with showing.shown(progress) as on_progress:
            generation = self._generate(row_count, rng_seed, asked, refits, on_progress)
        return generation.with_support_weight() if support_weight else generation

    def _generate(
        self,
        row_count: int,
        rng_seed: int,
        asked: conditions.Conditions,
        refits: int,
        progress: ProgressCallback | None,
    ) -> "Generation":
        began = time.perf_counter()
        # 1. What is asked for, in terms of the schema, then of positions and numbers.
        scenario = conditions.parse(self.schema, asked)
        plan = plans.of(self._pool, scenario)
        sequence = self._sequence(plan.order)
        fitted = self._fitted(sequence, len(plan.order))
        missing, kept = len(sequence) - len(fitted), len(self._kept_replicates(plan.order))
        durations = self._durations(missing, len(plan.order), row_count, refits, kept)
        build, condition, complete, doubt, finish = phases(progress, durations)
        # 2. The conditional models, those of the conditioned columns first.
        models = self._fit_missing(sequence, fitted, len(plan.order), build)
        conditioned, others = models[: len(plan.order)], models[len(plan.order) :]
        # 3. The conditioned columns, weighted and picked to the target shares.
        with condition:
            draws, rows, cloud = self._condition(conditioned, plan, row_count, rng_seed)
        # 4. All the others, given those.
        made = drawing.complete(self._pool, others, draws, rows, rng_seed, complete.count)
        # 5. How far the figures may be from the truth.
        respondents = dict(enumerate(self._pool.values.T))
        halves: list[Halves] = []
        statistics = None
        if refits:
            with doubt:
                statistics = Statistics.of(self.schema, self._free(plan), respondents, made.values)
                halves = self._ask_replicates(
                    sequence, plan, scenario, statistics, refits, rng_seed, doubt
                )
        # 6. A table and its report.
        with finish:
            origin = outcomes.origin(self._pool, made, self.quality)
            behind = self._behind(plan, cloud)
            if cloud is None:
                report = outcomes.unconditional(self._pool, origin, row_count, rng_seed)
            else:
                report = outcomes.conditional(
                    self._pool, scenario, plan, cloud, made.values, origin, row_count, rng_seed
                )
            if statistics is not None:
                found = measuring.of(
                    self.schema,
                    statistics,
                    Respondents(respondents, self._pool.weights, behind.weights),
                    made.values,
                    halves,
                    asked=refits,
                    effective=report.support.effective_sample_size,
                )
                report = dataclasses.replace(report, margins=found)
            report = dataclasses.replace(report, validation=self.validation)
            table = _table(self.schema, made.values)
            told = scenario_words.of(self.schema, asked)
            generation = Generation(
                *(table, report, self.schema, behind, self._codings),
                _scenario=told,
                _survey_weights=self._pool.survey_weights,
                _privacy=self.privacy,
            )
        drawn = sum(duration for _, duration in durations)
        self._value_seconds = (time.perf_counter() - began) / drawn
        return generation

    def preview(  # noqa: PLR0913 - as above
        self,
        row_count: int,
        *,
        seed: int | None = None,
        categorical: Mapping[str, Mapping[Any, float]] | None = None,
        numeric: Mapping[str, Mapping[str, Any]] | None = None,
        means: Mapping[str, Any] | None = None,
        bands: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        joint: Sequence[Mapping[str, Any]] | None = None,
        multiple_response: Mapping[str, Mapping[str, float]] | None = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        margins: bool | str = False,
        kept_refits: int | None = None,
        columns: Names | None = None,
    ) -> Preview:
        """Tell what a generation under a scenario would give, without its rows.

        Rows, support and warnings are those that the report of a generation with the same
        conditions, row count and seed has. Only the conditioned columns are fitted and drawn; what
        was fitted is kept for the next preview or generation on the same columns.

        The expected seconds are rough. They come from what a value took in the last generation of
        this model in this process or, before the first, in this preview.

        Args:
            row_count: rows asked for.
            seed: as of `generate`.
            categorical: as of `generate`, like all others.
            numeric: column to range.
            means: column to mean.
            bands: column to bands.
            joint: shares of combinations.
            multiple_response: set to option to share.
            groups: conditions among some of the rows.
            margins: as of `generate`; the expected seconds count what they cost.
            kept_refits: how many models for them need not be refitted; by default those that this
                model keeps.
            columns: names of columns or multiple-response sets whose distributions the preview has:
                in the study, and as they are to be expected. Those of columns without a condition
                are estimated from the respondents, weighted to the scenario, in whole percent.

        Returns:
            The preview. Where no row can be had, it says so with the reason.

        Raises:
            errors.ConditionError: a condition does not fit the schema; lists every fault.
            errors.TableError: `columns` has a name that the schema does not have.
            ValueError: `row_count` or `seed` is out of bounds, or `margins` is another text.
        """
        refits, rng_seed = replicates.how_many(margins), _rng_seed(row_count, seed)
        asked = {
            "categorical": categorical,
            "numeric": numeric,
            "means": means,
            "bands": bands,
            "joint": joint,
            "multiple_response": multiple_response,
            "groups": groups,
        }
        scenario = conditions.parse(self.schema, asked)
        plan = plans.of(self._pool, scenario)
        kept = len(self._kept_replicates(plan.order)) if kept_refits is None else kept_refits
        names = naming.each(columns)
        naming.check_columns(self.schema, self.schema, names)
        if not plan.order:
            preview = previewing.unconditional(self._pool, row_count, rng_seed)
            preview = self._with_distributions(preview, names, plan, None)
            return self._timed(preview, plan.order, None, refits, kept)
        sequence = self._sequence(plan.order)[: len(plan.order)]
        fitted = self._fitted(sequence, len(sequence))
        (build,) = phases(None, [("fitting", 1.0)])
        models = self._fit_missing(sequence, fitted, len(sequence), build)
        began = time.perf_counter()  # fitting a column with few before it says little of the others
        cloud = particles.draw(self._pool, models, plan, row_count, rng_seed)
        value_seconds = (time.perf_counter() - began) / _conditioning(len(sequence), row_count)
        question = previewing.Question(
            *(self._pool, models, asked, scenario, plan, row_count, rng_seed)
        )
        preview = previewing.conditional(question, cloud)
        preview = self._with_distributions(preview, names, plan, cloud)
        return self._timed(preview, plan.order, value_seconds, refits, kept)

    def _with_distributions(
        self, preview: Preview, names: list[str], plan: Plan, cloud: Particles | None
    ) -> Preview:
        """Return a preview with the distributions that are asked for; none if there are no rows."""
        if not names or not preview.rows_available:
            return preview
        behind, picked = self._behind(plan, cloud), None
        if cloud is not None:
            picked = Sample(self.schema, cloud.draws.values, cloud.raked.weights, behind)
        found = foreseeing.distributions(self.sample, picked, behind, names)
        return dataclasses.replace(preview, distributions=found)

    def panel(self, *columns: str, row_count: int = 5000) -> "Panel":
        """Return a panel for scenarios in a notebook: sliders, and what they would give.

        Its `scenario` is what the sliders say, as arguments of `generate`:
        ``model.generate(5000, **panel.scenario)``.

        Args:
            columns: names of columns and multiple-response sets whose sliders are there at first.
            row_count: that is asked for at first.

        Raises:
            KeyError: a name that is not of a column or set with sliders.
            ModuleNotFoundError: ipywidgets is not installed.
        """
        return explorer.panel(self.schema, self.preview, row_count, columns)

    def _timed(
        self,
        preview: Preview,
        conditioned: list[int],
        value_seconds: float | None,
        refits: int,
        kept: int,
    ) -> Preview:
        """Return a preview with the seconds that the generation is expected to take."""
        sequence = self._sequence(conditioned)
        missing = len(sequence) - len(self._fitted(sequence, len(conditioned)))
        rows = preview.rows_available
        durations = self._durations(missing, len(conditioned), rows, refits if rows else 0, kept)
        each = self._value_seconds or value_seconds or VALUE_SECONDS
        seconds = each * sum(duration for _, duration in durations)
        return dataclasses.replace(preview, expected_seconds=float(f"{seconds:.2g}"))

    def _sequence(self, conditioned: list[int]) -> list[int]:
        """Return the visit sequence with the conditioned columns first."""
        return visits.conditioned_first(conditioned, [each.column for each in self._models])

    def _fitted(self, sequence: list[int], conditioned: int) -> dict[int, ConditionalModel]:
        """Return what is fitted of a visit sequence, or of its beginning, by index."""
        known = self._by_conditions.get(tuple(sequence[:conditioned]), {})
        kept = {index: known[index] for index in range(len(sequence)) if index in known}
        if len(kept) == len(sequence):
            return kept
        return conditional.reusable(self._pool, sequence, self._models, conditioned) | kept

    def _fit_missing(
        self,
        sequence: list[int],
        fitted: dict[int, ConditionalModel],
        conditioned: int,
        phase: Phase,
    ) -> list[ConditionalModel]:
        """Return the models along a sequence; kept for the next scenario on the same columns."""
        if any(index not in fitted for index in range(len(sequence))):
            with phase as on_step:
                models = conditional.fit_all(self._pool, sequence, fitted, on_step, conditioned)
            fitted = fitted | dict(enumerate(models))
            self._remember(tuple(sequence[:conditioned]), fitted)
        return [fitted[index] for index in range(len(sequence))]

    def _remember(self, conditioned: tuple[int, ...], models: dict[int, ConditionalModel]) -> None:
        """Keep models by their index in the visit sequence of some conditioned columns."""
        if len(self._by_conditions) >= MAX_KEPT_SEQUENCES and (
            conditioned not in self._by_conditions
        ):
            self._by_conditions.pop(next(iter(self._by_conditions)))  # the oldest
        self._by_conditions[conditioned] = models

    def _ask_replicates(
        self,
        sequence: list[int],
        plan: Plan,
        scenario: conditions.Scenario,
        statistics: Statistics,
        refits: int,
        rng_seed: int,
        phase: Phase,
    ) -> list[Halves]:
        """Return what refitted models say, of which those on the same columns are kept."""
        halves, kept = [], [*self._kept_replicates(plan.order)]
        for index in range(refits):
            if index == len(kept):
                kept.append(replicates.refit(self._pool, sequence, len(plan.order), index))
            asked = replicates.ask(kept[index], scenario, statistics, rng_seed)
            halves += [] if asked is None else [asked]
            phase.advance(index + 1, refits)
        self._replicates = tuple(plan.order), kept
        return halves

    def _kept_replicates(self, conditioned: Sequence[int]) -> list[Replicate]:
        """Return the replicates that are there for scenarios on some columns."""
        known, kept = self._replicates
        return kept if known == tuple(conditioned) else []

    def _free(self, plan: Plan) -> list[int]:
        """Return the positions of the columns that no condition on all rows is about."""
        asked = set(plan.order) - plan.open
        return sorted(set(range(len(self.schema.columns))) - asked)

    def _durations(
        self, missing: int, conditioned: int, rows: int, refits: int, kept: int
    ) -> list[tuple[str, float]]:
        """Return the durations of the phases of a generation, in that of drawing one value."""
        columns, respondents = len(self._models), len(self._pool.values)
        fit = FITTING * columns * min(respondents, replicates.MAX_RESPONDENTS)
        half = _conditioning(conditioned, replicates.ROWS) + columns * replicates.ROWS
        doubt = max(0, refits - kept) * fit + refits * 2 * half
        return [
            ("fitting", FITTING * missing * respondents),
            ("sampling", _conditioning(conditioned, rows)),
            ("sampling", (columns - conditioned) * rows),
            ("fitting", doubt),
            ("writing", WRITING * columns * rows),
        ]

    def _condition(
        self, models: Sequence[ConditionalModel], plan: Plan, row_count: int, rng_seed: int
    ) -> tuple[Draws, int, Particles | None]:
        """Draw the conditioned columns, and return how many rows can be had of them."""
        if not models:
            return Draws(), row_count, None
        cloud = particles.draw(self._pool, models, plan, row_count, rng_seed)
        rows = cloud.raked.rows(row_count)
        if rows == 0:
            raise errors.InfeasibleError(reasons.of_no_row(cloud, plan, self.schema))
        rng = randomness.stream(rng_seed, "picking")
        picked = picking.pick(cloud, rows, rng)
        return cloud.draws.take(rng.permutation(picked)), rows, cloud


def _conditioning(conditioned: int, rows: int) -> float:
    """Return how long conditioned columns take to draw, in the time of drawing one value."""
    return CONDITIONING * conditioned * max(rows, MIN_CONDITIONED_ROWS)


def _rng_seed(row_count: int, seed: int | None) -> int:
    """Return the seed to draw with.

    Raises:
        ValueError: `row_count` or `seed` is out of bounds.
    """
    if row_count < 1:
        raise ValueError(f"row_count is {row_count}; it must be at least 1")
    if seed is not None and not 0 <= seed <= limits.MAX_SEED:
        raise ValueError(f"seed is {seed}; it must be 0 to 2**63 - 1")
    return randomness.new_seed() if seed is None else seed


@dataclasses.dataclass(frozen=True, repr=False)
class Generation(documents.Shown, frames.Labelled):
    """Synthetic rows and their report.

    Attributes:
        table: the rows.
        report: per condition target, achieved and support; warnings.

    In memory it also keeps the answers of the respondents behind the rows, which tables are tested
    on. Neither the file of rows nor the report has them.
    """

    table: pa.Table
    report: Report
    _schema: Schema = dataclasses.field(repr=False)
    _behind: Behind = dataclasses.field(repr=False, compare=False)
    _codings: Mapping[str, Coding] = dataclasses.field(
        default_factory=dict, repr=False, compare=False
    )
    _scenario: tuple[str, ...] = dataclasses.field(default=(), repr=False, compare=False)
    _survey_weights: Floats | None = dataclasses.field(default=None, repr=False, compare=False)
    _privacy: str | None = dataclasses.field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Generation: {self.status}, {self.rows_generated:,} rows, "
            f"{self.table.num_columns:,} columns, {len(self.report.conditions)} conditions>"
        )

    def __str__(self) -> str:
        """Return its line and its report, for people."""
        return f"{self!r}\n{self.report}"

    @property
    def schema(self) -> Schema:
        """Of the rows: that of the model."""
        return self._schema

    @property
    def labels(self) -> dict[str, str]:
        """Texts of the questions by the names of the columns, where they say more than these."""
        return self._schema.labels(self.table.column_names)

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

    @property
    def card(self) -> Card:
        """The disclosure card: what whoever gets the rows should be told of how they were made."""
        return _card(self._schema, self.report, self._scenario, self._privacy)

    @property
    def sample(self) -> Sample:
        """The rows as tables are made of them, with the respondents behind them."""
        rows = {
            position: column.encode(self.table[column.name])
            for position, column in enumerate(self._schema.columns)
        }
        return Sample(self._schema, rows, None, self._behind)

    def crosstab(
        self,
        rows: Names,
        columns: Names | None = None,
        *,
        banner: Names | None = None,
        weight: str | None = None,
    ) -> Crosstab:
        """Return a cross table of the rows, tested on the respondents behind them.

        The effective base of a group comes from the respondents in it, by their importance weights
        under the scenario, not from how many rows were made of them.

        Args:
            rows: columns or multiple-response sets: shares of levels or options, means of all
                others.
            columns: categorical columns or multiple-response sets, whose levels or options are
                columns of the table, side by side.
            banner: the same by its other name.
            weight: a column of numbers that rows count by.

        Raises:
            errors.TableError: a name that the schema does not have, or of a column that does not
                fit.
        """
        return tabulation.tabulate(self.sample, rows, _banner(columns, banner), weight)

    def compare(self, first: "Model | Generation", *, columns: Names | None = None) -> Comparison:
        """Return the figures of the study or of other rows and of these, with their changes.

        The most surprising change comes first. Intervals are the margins of error of the report
        where it has them and `first` is the study; otherwise they come from effective bases.

        Args:
            first: the study, given as its model, or a generation.
            columns: names of columns or multiple-response sets; by default all columns that both
                have.

        Raises:
            TypeError: `first` is neither.
            errors.TableError: a name that one of the schemas does not have, or of columns whose
                figures are of different kinds.
        """
        if not isinstance(first, Model | Generation):
            raise TypeError(
                f"first is a {type(first).__name__}; rows that the library made are compared with "
                "a model or a generation of the library"
            )
        before, after = first.sample, self.sample
        is_of_study = isinstance(first, Model) and before.schema == after.schema
        margins = self.report.margins if is_of_study else None
        return comparing.compare(before, after, columns, margins)

    def with_support_weight(self) -> Self:
        """Return the same generation whose rows have the column ``support_weight`` more.

        Its one value is the effective base of all rows over their number. A value that differed
        from row to row would change the shares that the scenario asks for.
        """
        weight = Weighting(self.sample).effective(everyone) / self.rows_generated
        column = pa.array(np.full(self.rows_generated, weight))
        return dataclasses.replace(self, table=self.table.append_column(SUPPORT_WEIGHT, column))

    def plot(self, columns: Names | None = None) -> "Picture":
        """Return a picture of questions in the study and in the rows, which notebooks show.

        No share is told that is one of fewer respondents than the disclosure threshold.
        ``savefig("questions.svg")`` writes it.

        Args:
            columns: names of columns or multiple-response sets; by default those that the scenario
                is about, and those whose change is the most surprising one.

        Raises:
            errors.TableError: a name that the schema does not have.
            ModuleNotFoundError: Matplotlib is not installed.
            ValueError: too few respondents have a value in any of the columns.
        """
        extras.load("matplotlib", "a picture", "plot")
        from simulacra.engine.display.plotting import questions  # noqa: PLC0415 - needs Matplotlib

        study = Sample(self._schema, self._behind.values, self._survey_weights)
        rows = self.sample
        names = _most_surprising(study, rows) if columns is None else naming.each(columns)
        found = {
            it.column: _as_asked(self._schema, it)
            for it in distributing.distributions(study, rows, names)
        }
        if not found:
            raise ValueError("too few respondents have a value in these columns to be shown")
        return questions.draw([found[name] for name in names if name in found])

    def full_report(self) -> FullReport:
        """Return the report with what changed from the study, distributions and the card.

        It is what is handed on with the rows, so in what changed and in distributions no share or
        mean of the study is one of fewer respondents than the disclosure threshold.
        """
        # Each column is read many times, and the respondents lie row by row.
        own = {at: np.ascontiguousarray(values) for at, values in self._behind.values.items()}
        study = Sample(self._schema, own, self._survey_weights)
        behind = dataclasses.replace(self._behind, values=own)
        rows = dataclasses.replace(self.sample, behind=behind)
        figures = making.figures_of(study, rows, self.report, self.card)
        return FullReport(self.report, figures)

    def to_html(self, path: str | Path, *, name: str | None = None) -> Self:
        """Write the full report as one page that loads nothing, runs nothing, and prints well.

        Args:
            path: of the file.
            name: of the study or the scenario, for the title.

        Raises:
            OSError: the file cannot be written.
            ValueError: its name does not end in .html.
        """
        file = FullReport.page_file(path)
        file.write_text(self.full_report().to_html(name), "utf-8")
        return self

    def write(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002 - its name
        *,
        layout: str = layouts.SCHEMA,
        values: str = cell_values.LABELS,
    ) -> Self:
        """Write the rows as parquet, csv, arrow, xlsx, sav, zsav, dta or zip (triple-S).

        Files of SPSS, Stata and triple-S have what other files of the study would: labels of
        questions and answers, the codes of the study's file, multiple-response sets, and this
        report in their documents. Workbooks of Excel have them on sheets of their own. A
        `support_weight` is the weight that is on when a file of SPSS is opened.

        Args:
            path: of the file.
            format: if the suffix does not say it; ``"triple-s"`` for a zip archive of a study.
            layout: ``"file"`` for the columns of the study's file, named as there, with several
                answers in one cell where it had them; ``"schema"`` for those of the schema.
            values: ``"labels"`` or ``"codes"``, which stand in the cells of categorical columns.
                Files of SPSS, Stata and triple-S have both.

        Raises:
            ValueError: an unknown format, layout or kind of values, or more rows than a file of the
                format can have.
            OSError: the file cannot be written.
        """
        _write_rows(
            *(self.table, self.report, self.card, self._schema, self._codings),
            *(Path(path), format),
            layout=layout,
            values=values,
        )
        return self


def _most_surprising(study: Sample, rows: Sample) -> list[str]:
    """Return the questions that pictures show: what was asked for, then the largest changes."""
    schema = study.schema
    sets = {column: name for name, one in naming.sets_of(schema).items() for column in one.columns}
    figures = comparing.compare(study, rows).figures
    ranked = [
        *(each.column for each in figures if each.is_conditioned),
        *(each.column for each in figures if not each.is_conditioned),
    ]
    return [*dict.fromkeys(sets.get(name, name) for name in ranked)][:MOST_PLOTTED]


def _as_asked(schema: Schema, shown: Distribution) -> Distribution:
    """Return the distribution of a set with the texts of the question and of its options."""
    asked = next((it for it in schema.questions if it.name == shown.column), None)
    if asked is None or asked.kind != SET:
        return shown
    texts = {item.column.label: item.text for item in asked.items}
    parts = (
        dataclasses.replace(part, name=texts.get(part.name, part.name)) for part in shown.parts
    )
    return dataclasses.replace(shown, label=asked.label, parts=tuple(parts))


def _card(schema: Schema, report: Report, scenario: tuple[str, ...], privacy: str | None) -> Card:
    return Card.of(schema, report, scenario, version("simulacra-client"), privacy)


def _published(report: Report) -> dict[str, Any]:
    """Return a report as a file of rows holds it: of the margins of error, a summary."""
    margins = None if report.margins is None else report.margins.summary()
    return report.to_json() | {"margins": margins}


def _write_rows(  # noqa: PLR0913 - what is written, and how
    table: pa.Table,
    report: Report,
    card: Card,
    schema: Schema,
    codings: Mapping[str, Coding],
    path: Path,
    file_format: str | None,
    *,
    layout: str,
    values: str,
) -> None:
    rows = layouts.lay_out(table, schema, layout)
    has_weight = SUPPORT_WEIGHT in rows.column_names and SUPPORT_WEIGHT not in schema
    codebook = Codebook.of(
        *(schema, codings, layout),
        weight=SUPPORT_WEIGHT if has_weight else None,
        title=TITLE,
        card=card.items(),
        figures=str(report),
        metadata={REPORT: json.dumps(_published(report), ensure_ascii=False)},
    )
    files.write(rows, path, file_format, codebook, values)


def _banner(columns: Names | None, banner: Names | None) -> Names | None:
    if columns is not None and banner is not None:
        raise ValueError("give columns or banner, which are the same, not both")
    return banner if columns is None else columns


def _table(schema: Schema, values: Mapping[int, Floats]) -> pa.Table:
    """Return columns of numbers, float64, shape (rows,), by position, as a table for people."""
    return pa.table(
        {
            column.name: column.decode(values[position])
            for position, column in enumerate(schema.columns)
        }
    )
