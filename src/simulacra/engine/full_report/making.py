"""How a full report is made of the study and the rows."""

import dataclasses
from collections.abc import Sequence

from simulacra.engine.columns.schema import Schema
from simulacra.engine.full_report.full_report import Figures
from simulacra.engine.report.card import Card
from simulacra.engine.report.distributions import Distribution
from simulacra.engine.report.report import Report
from simulacra.engine.tabulating import comparing, distributing
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.sample import Sample

MOST_FIGURES = 200
"""Of the comparison."""
MOST_DISTRIBUTIONS = 300
"""Of a wide study, those that changed most, and those that the scenario is about."""


def figures_of(study: Sample, rows: Sample, report: Report, card: Card) -> Figures:
    """Return what a full report has besides the report.

    No share or mean of fewer respondents than the disclosure threshold is in it, since it is handed
    on.

    Args:
        study: the respondents.
        rows: the synthetic rows.
        report: of the rows.
        card: of the rows.
    """
    names = distributing.questions(study.schema)
    compared = comparing.compare(study, rows, names, report.margins, is_published=True)
    found = distributing.distributions(study, rows, names)
    allowed = _told(found)
    told = [it for it in compared.figures if it.level is None or (it.column, it.level) in allowed]
    shown = dataclasses.replace(compared, figures=tuple(told[:MOST_FIGURES]))
    return Figures(
        card=card,
        labels=_labels(study.schema, shown, report),
        comparison=shown,
        distributions=_most_changed(found),
        question_count=len(found),
    )


def _told(found: Sequence[Distribution]) -> set[tuple[str, str]]:
    """Return the levels and options whose share in the study may be told, by their question."""
    return {
        (each.column, part.name) for each in found for part in each.parts if part.study is not None
    }


def _most_changed(found: Sequence[Distribution]) -> tuple[Distribution, ...]:
    """Return at most as many as a report shows, in their order."""
    ranked = sorted(
        range(len(found)),
        key=lambda at: (not found[at].is_conditioned, -found[at].largest_change),
    )
    return tuple(found[at] for at in sorted(ranked[:MOST_DISTRIBUTIONS]))


def _labels(schema: Schema, compared: Comparison, report: Report) -> dict[str, str]:
    told = {one.name: one.label for one in schema.sets}
    told |= {column.name: column.label for column in schema.columns}
    named = {each.column for each in compared.figures}
    named |= {each.column for each in report.conditions}
    return {name: told[name] for name in sorted(named) if told.get(name, name) != name}
