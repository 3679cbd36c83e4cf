"""The page of a full report: what is shown of it, in which order and in which words."""

from __future__ import annotations

import dataclasses
import functools
from importlib import resources
from typing import TYPE_CHECKING

from simulacra.engine import display
from simulacra.engine.display import templating
from simulacra.engine.full_report import questions
from simulacra.engine.report.report import MeanOutcome, RangeOutcome, Report
from simulacra.engine.tabulating import naming
from simulacra.engine.tabulating.comparison import REFITS, ComparedFigure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulacra.engine.full_report.full_report import Figures
    from simulacra.engine.report.report import Outcome
    from simulacra.engine.warning import ReportWarning

PACKAGE = "simulacra.engine.full_report"
MOST_RANKED = 40
"""Changed figures of each kind that are listed."""


@dataclasses.dataclass(frozen=True)
class Target:
    """One line of the table of targets.

    Attributes:
        name: what it is of.
        target: what was asked for; empty if nothing was.
        achieved: of the rows.
        respondents: who stand behind it.
    """

    name: str
    target: str
    achieved: str
    respondents: int


def render(report: Report, figures: Figures, name: str | None, made_on: str | None) -> str:
    """Return the page.

    Args:
        report: of the generation.
        figures: what else there is.
        name: of the study or the generation, for the title; None if it has none.
        made_on: the day on which the rows were made; None if it is not known.
    """
    compared = figures.comparison
    changes = [] if compared is None else compared.changes
    ranked = {
        kind: [each for each in changes if (each.figure == naming.SHARE) == (kind == "shares")]
        for kind in ("shares", "means")
    }
    figures_compared = () if compared is None else compared.figures
    return (
        display.environment(PACKAGE)
        .get_template("full_report.html")
        .render(
            report=report,
            figures=figures,
            card=figures.card,
            name=name,
            made_on=made_on,
            style=style_element(),
            warnings=list(_warnings(report)),
            worth=_worth(report.support.effective_sample_size),
            targets=list(_targets(report, figures.labels)),
            compared=compared,
            ranked={kind: found[:MOST_RANKED] for kind, found in ranked.items()},
            ranked_counts={kind: len(found) for kind, found in ranked.items()},
            reach=_reach(ranked["shares"][:MOST_RANKED]),
            labels=figures.labels,
            has_moments=any(isinstance(each.first.figure, str) for each in ranked["means"]),
            has_margins=any(each.interval == REFITS for each in figures_compared),
            questions=questions.together(figures.distributions or ()),
        )
    )


@functools.cache
def styles() -> str:
    """Return the style sheets of the page and of its charts."""
    own = resources.files(PACKAGE).joinpath("static", "full_report.css").read_text("utf-8")
    return own + templating.stylesheet()


def style_element() -> str:
    """Return what stands between the tags of the page's style, for whoever serves the page."""
    return f"\n{styles()}\n"


def _warnings(report: Report) -> Iterator[ReportWarning]:
    yield from report.warnings
    if report.margins is not None:
        yield from report.margins.warnings
    if report.quality is not None:
        yield from report.quality.warnings
    if report.validation is not None:
        yield from report.validation.warnings


def _worth(effective: float) -> str:
    """Return what so many effective respondents allow, in words."""
    return f"as precise as a survey of {templating.plural(round(effective), 'person', 'people')}"


def _targets(report: Report, labels: Mapping[str, str]) -> Iterator[Target]:
    for outcome in report.conditions:
        yield from _lines(outcome, labels)


def _lines(outcome: Outcome, labels: Mapping[str, str]) -> Iterator[Target]:
    label = labels.get(outcome.column, outcome.column)
    behind = outcome.support.seed_rows
    if isinstance(outcome, RangeOutcome):
        number = templating.number
        yield Target(
            label,
            f"{number(outcome.min)} to {number(outcome.max)}",
            f"{number(outcome.achieved_min)} to {number(outcome.achieved_max)}",
            behind,
        )
        return
    where = "" if outcome.among is None else f", among {outcome.among}"
    if isinstance(outcome, MeanOutcome):
        told = templating.number(outcome.target), templating.number(outcome.achieved)
        yield Target(f"{label}: mean{where}", *told, behind)
        return
    for level in outcome.levels:
        target = "" if level.target is None else templating.share(level.target)
        achieved = templating.share(level.achieved)
        yield Target(f"{label}: {level.level}{where}", target, achieved, level.seed_rows)


def _reach(shown: list[ComparedFigure]) -> float:
    """Return how far from 0 the picture of changes of shares reaches."""
    ends = [abs(end) for each in shown for end in each.change.numbers if end is not None]
    return max(ends, default=0.1) or 0.1
