"""The disclosure card: what whoever gets rows or figures should be told of how they were made.

It answers what the ICC/ESOMAR code (2025) and ESOMAR's questions for buyers of services based on AI
(2024) have a supplier disclose of synthetic data: what it comes from, how it was made, what was
checked, who oversaw it, and what it may be used for. What this software cannot know it calls
unknown, so that somebody fills it in. It loads no numerical code.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import disclosure, documents
from simulacra.engine.report.report import ShareOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from simulacra.engine.columns.schema import Schema
    from simulacra.engine.report.report import Report

TITLE = "Disclosure card"
UNKNOWN = "Unknown"
NO_CONDITIONS = "None: the rows follow the model of the study as it is"
NATURE = (
    "Synthetic data. A statistical model of a study made these rows; no row is a respondent, and "
    "nobody was interviewed for them."
)
POPULATION = (
    f"{UNKNOWN} to the software: those whom the respondents of the study stand for. Who was asked, "
    "how they were reached and what they were asked is in the documentation of the study."
)
METHOD = (
    "Conditional forests, column by column, learned from this study alone. Under conditions the "
    "rows follow the distribution that meets them and is closest to the model in Kullback-Leibler "
    "divergence. No language model and no data of others takes part."
)
PRIVACY = (
    "Values come from different respondents in each row, and a number is given as it stands only "
    f"if {disclosure.THRESHOLD} respondents share it. This lowers the risk of disclosure; it is no "
    "formal guarantee such as differential privacy."
)
INTENDED_USE = (
    "To explore what a study would show of another mix of people, before or beside fieldwork. Not "
    "as interviews that took place, not for decisions about single persons, and not for figures "
    "that the study has no respondents for."
)
OVERSIGHT = (
    f"{UNKNOWN} to the software: who looked at rows and figures before they were used. Whoever "
    "hands them over names that person."
)
MORE_ROWS = (
    "More rows do not make figures more precise: they are as precise as the respondents behind "
    "them allow. Tests must count effective respondents, not rows."
)
NOT_LEARNED = "What the study does not show, such as a market that has changed, rows do not show."
MOST_DATES = 3
"""Columns of dates that the card names."""
NEAR_ENOUGH = 0.005
"""How far an achieved share may be from its target, besides one row."""


@dataclasses.dataclass(frozen=True)
class Card(documents.Shown):
    """What is to be disclosed of synthetic rows.

    Attributes:
        nature: that they are synthetic.
        population: whom the respondents of the study stand for.
        study_size: respondents and columns, and how they are weighted.
        study_dates: what is known of when the study was made.
        method: how the rows were made.
        version: of the software that made them; None if it is not known.
        seed: that they were drawn with: the same model, conditions, row count and seed give them.
        conditions: the scenario in words; empty if there was none.
        rows: how many were asked for and made.
        support: the respondents behind them.
        checks_passed, checks_failed: what was looked at, and what came of it.
        checks_not_made: what could have been looked at besides.
        limits: what the rows cannot tell.
        privacy: what protects respondents.
        intended_use: what the rows are for.
        oversight: who answers for them.
    """

    nature: str
    population: str
    study_size: str
    study_dates: str
    method: str
    version: str | None
    seed: int
    conditions: tuple[str, ...]
    rows: str
    support: str
    checks_passed: tuple[str, ...]
    checks_failed: tuple[str, ...]
    checks_not_made: tuple[str, ...]
    limits: tuple[str, ...]
    privacy: str
    intended_use: str
    oversight: str

    @classmethod
    def of(
        cls,
        schema: Schema | None,
        report: Report,
        scenario: tuple[str, ...],
        version: str | None,
        level: str | None = None,
    ) -> Self:
        """Return the card of a generation.

        Args:
            schema: of its study; None if the study is gone.
            report: of its rows.
            scenario: its conditions in words, as `scenario_words` returns them.
            version: of the software that made the rows; None if it is not known.
            level: the privacy level of the model; None if it is not known.
        """
        passed, failed, not_made = _checks(report)
        behind = report.support
        return cls(
            nature=NATURE,
            population=_population(schema),
            study_size=UNKNOWN if schema is None else _study_size(schema),
            study_dates=UNKNOWN if schema is None else _study_dates(schema),
            method=METHOD,
            version=version,
            seed=report.seed,
            conditions=scenario,
            rows=f"{report.rows_generated:,} made, {report.rows_requested:,} asked for; "
            f"{report.distinct_rows:,} differ from all others",
            support=f"{behind.seed_rows:,} respondents, who count as "
            f"{behind.effective_sample_size:,.0f} of equal weight (effective sample size)",
            checks_passed=tuple(passed),
            checks_failed=tuple(failed),
            checks_not_made=tuple(not_made),
            limits=(MORE_ROWS, NOT_LEARNED),
            privacy=f"{PRIVACY} Privacy level of the model: {level or UNKNOWN.lower()}.",
            intended_use=INTENDED_USE,
            oversight=OVERSIGHT,
        )

    def items(self) -> list[tuple[str, str]]:
        """Return headings with their texts, in the order of the card; a list has a line for each.

        That is the form in which files hold the card.
        """
        return [
            ("What this is", self.nature),
            ("Conditions", _lines(self.conditions, NO_CONDITIONS)),
            ("Rows", self.rows),
            ("Support", self.support),
            ("Checks failed", _lines(self.checks_failed, "None")),
            ("Checks passed", _lines(self.checks_passed, "None")),
            ("Checks not made", _lines(self.checks_not_made, "None")),
            ("Limits", _lines(self.limits, "None")),
            ("Intended use", self.intended_use),
            ("Population", self.population),
            ("Study size", self.study_size),
            ("Study dates", self.study_dates),
            ("Method", self.method),
            ("Version", f"Simulacra {self.version}" if self.version else UNKNOWN),
            ("Seed", str(self.seed)),
            ("Privacy", self.privacy),
            ("Human oversight", self.oversight),
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the card as a document, as the service publishes it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError: the document is damaged.
        """
        listed = {key: tuple(it) for key, it in document.items() if isinstance(it, list | tuple)}
        return documents.read(cls, {**document, **listed})

    def __str__(self) -> str:
        """Return it for people."""
        return "\n\n".join(f"{heading}\n{text}" for heading, text in self.items())


def _lines(parts: Iterable[str], nothing: str) -> str:
    return "\n".join(parts) or nothing


def _population(schema: Schema | None) -> str:
    if schema is None or schema.weight is None:
        return POPULATION
    return f"{POPULATION} The respondents count by the weight {schema.weight.column!r}."


def _study_size(schema: Schema) -> str:
    size = f"{schema.row_count:,} respondents, {len(schema.columns):,} columns"
    if schema.weight is None:
        return size
    return f"{size}; effective sample size {schema.weight.effective_sample_size:,.0f} by weight"


def _study_dates(schema: Schema) -> str:
    """Return the span of each column of dates; the file itself does not say what they mean."""
    dated = [it for it in schema.columns if it.type.name in ("date", "datetime")]
    if not dated:
        return f"{UNKNOWN}: the study has no column of dates."
    spans = [
        f"{it.label or it.name}, {str(it.min)[:10]} to {str(it.max)[:10]}"
        for it in dated[:MOST_DATES]
    ]
    more = f"; and {len(dated) - MOST_DATES} more" if len(dated) > MOST_DATES else ""
    told = "; ".join(spans) + more
    return f"{UNKNOWN} as such. Columns of dates, and between which all but few lie: {told}."


def _checks(report: Report) -> tuple[list[str], list[str], list[str]]:
    """Return what was checked and held, what did not, and what was not looked at."""
    passed: list[str] = []
    failed: list[str] = []
    not_made: list[str] = []
    of_model = () if report.quality is None else report.quality.warnings
    of_margins = () if report.margins is None else report.margins.warnings
    for held, told in _of_rows(report):
        (passed if held else failed).append(told)
    failed += [it.detail for it in (*report.warnings, *of_margins, *of_model)]
    if report.quality is None:
        not_made.append("How well rows without conditions agree with the study was not measured.")
    elif not of_model:
        passed.append(
            "Rows without conditions agree with the study: no column differs by more than chance "
            f"(the largest difference of a share is {report.quality.largest_distance:.1%}), and no "
            "row breaks a rule of the study."
        )
    if report.margins is None:
        not_made.append("Margins of error from refitted models were not asked for.")
    elif not of_margins:
        passed.append(
            f"Margins of error come from {report.margins.replicates} models that were refitted to "
            "resampled respondents."
        )
    if report.validation is None:
        not_made.append("No respondents were hidden and predicted (validation).")
    else:
        warned = [it.detail for it in report.validation.warnings]
        failed += warned
        if not warned:
            passed.append("Respondents who were hidden from a model were predicted (validation).")
    return passed, failed, not_made


def _of_rows(report: Report) -> Iterator[tuple[bool, str]]:
    """Yield what was checked of the rows themselves, and whether it held."""
    made = f"{report.rows_generated:,} of {report.rows_requested:,}"
    if report.rows_generated == report.rows_requested:
        yield True, f"All rows that were asked for could be made: {made}."
    else:
        yield False, f"Not all rows that were asked for could be made: {made}."
    misses = list(_misses(report))
    if misses:
        largest = max(misses)
        allowed = NEAR_ENOUGH + 1 / report.rows_generated
        yield (
            largest <= allowed,
            f"Shares asked for and achieved differ by {largest:.2%} at most.",
        )
    codes = {it.code for it in report.warnings}
    if "thin_support" not in codes:
        yield (
            True,
            "Support is not thin, behind all rows or those that a condition is about.",
        )
    if "many_copies" not in codes:
        yield True, "Rows are not mostly copies of each other."


def _misses(report: Report) -> Iterator[float]:
    for outcome in report.conditions:
        if isinstance(outcome, ShareOutcome):
            for level in outcome.levels:
                if level.target is not None:
                    yield abs(level.achieved - level.target)
