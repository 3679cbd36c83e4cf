"""Full reports: the report of a generation with what changed, in pictures, and its card.

What they are, how they become a page, and how they are read back; `making` makes them. It loads no
numerical code.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents
from simulacra.engine.full_report import page
from simulacra.engine.report.card import Card
from simulacra.engine.report.distributions import Distribution
from simulacra.engine.report.report import Report
from simulacra.engine.tabulating.comparison import Comparison

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGES = (".html", ".htm")
"""How names of pages end."""


@dataclasses.dataclass(frozen=True)
class Figures:
    """What a full report has besides the report itself.

    It is bounded, however wide the study is.

    Attributes:
        card: the disclosure card.
        labels: the texts of columns and sets that the report names, where they say more than names.
        comparison: of the study and the rows, the most surprising changes first.
        distributions: how questions are answered in the study and in the rows, in the order of the
            schema; of a wide study those that changed most.
        question_count: how many questions there are.
    """

    card: Card
    labels: Mapping[str, str]
    comparison: Comparison | None = None
    distributions: tuple[Distribution, ...] | None = None
    question_count: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        told = self.distributions
        return {
            "card": self.card.to_json(),
            "labels": dict(self.labels),
            "comparison": None if self.comparison is None else self.comparison.to_json(),
            "distributions": None if told is None else [each.to_json() for each in told],
            "question_count": self.question_count,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        compared, told = document["comparison"], document["distributions"]
        return cls(
            card=Card.from_json(document["card"]),
            labels=dict(document["labels"]),
            comparison=None if compared is None else Comparison.from_json(compared),
            distributions=None if told is None else tuple(map(Distribution.from_json, told)),
            question_count=int(document["question_count"]),
        )


@dataclasses.dataclass(frozen=True)
class FullReport(documents.Shown):
    """The report of a generation, and all that belongs to handing it on.

    Attributes:
        report: what was asked for, what was achieved, and who stands behind it.
        figures: what changed, how questions are answered, and the disclosure card.
    """

    report: Report
    figures: Figures

    @property
    def card(self) -> Card:
        """The disclosure card."""
        return self.figures.card

    def to_json(self) -> dict[str, Any]:
        """Return the full report as the service publishes it; of margins of error, a summary."""
        report = self.report.to_json()
        if self.report.margins is not None:
            report["margins"] = self.report.margins.summary()
        return {"report": report, **self.figures.to_json()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; the margins of error are in the comparison alone.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        return cls(Report.from_json(document["report"]), Figures.from_json(document))

    def to_html(self, name: str | None = None, made_on: str | None = None) -> str:
        """Return the page: one file that loads nothing, runs nothing, and prints well.

        Args:
            name: of the study or the generation, for the title.
            made_on: the day on which the rows were made, if it is known.
        """
        return page.render(self.report, self.figures, name, made_on)

    @staticmethod
    def page_file(path: str | Path) -> Path:
        """Return the path of a page to write.

        Raises:
            ValueError: it does not end in .html or .htm.
        """
        file = Path(path)
        if file.suffix.lower() not in PAGES:
            raise ValueError(
                f"{file.name!r} is no name of a page: end it in .html. A browser prints the page "
                "as a PDF."
            )
        return file

    def __str__(self) -> str:
        """Return the report and the card for people."""
        return f"{self.report}\n\n{self.card}"
