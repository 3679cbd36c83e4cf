"""Full reports of generations: what was kept of them, as JSON and as a page.

They are made when rows are, by the process that has both study and rows, so that nothing has to be
computed when somebody reads them.
"""

import base64
import dataclasses
import hashlib
import json
from typing import Any

from simulacra.engine.columns.schema import Schema
from simulacra.engine.full_report import page
from simulacra.engine.full_report.full_report import Figures, FullReport
from simulacra.engine.report import scenario_words
from simulacra.engine.report.card import Card
from simulacra.engine.report.report import Report
from simulacra.service.database import tables


@dataclasses.dataclass(frozen=True)
class Kept:
    """What there is to make a full report of.

    Attributes:
        generation: it has rows.
        figures: what was kept with it; None if a version made it that did not keep any.
        study: name of the dataset; None if it has none or is gone.
        schema: of the dataset, as JSON, if it is needed and still there.
    """

    generation: tables.Generation
    figures: dict[str, Any] | None
    study: str | None
    schema: str | None

    def document(self) -> dict[str, Any]:
        """Return the full report as it is published; blocks."""
        generation = self.generation
        return {
            "generation_id": generation.id,
            "dataset_id": generation.dataset_id,
            "ready_at": None if generation.ready_at is None else generation.ready_at.isoformat(),
            "report": generation.report,
            **(self._without_figures() if self.figures is None else self.figures),
        }

    def html(self) -> str:
        """Return the full report as a page; blocks."""
        generation, made_on = self.generation, None
        if generation.ready_at is not None:
            made_on = generation.ready_at.strftime("%-d %B %Y")
        name = f"{self.study or 'Generation'}, {generation.id}"
        return FullReport.from_json(self.document()).to_html(name, made_on)

    def _without_figures(self) -> dict[str, Any]:
        generation = self.generation
        schema = None if self.schema is None else Schema.from_json(json.loads(self.schema))
        words = scenario_words.of(schema, generation.conditions)
        card = Card.of(schema, Report.from_json(generation.report or {}), words, None)
        return Figures(card, {}).to_json()


def policy() -> str:
    """Return the content security policy of the page: its own style, and nothing else."""
    digest = hashlib.sha256(page.style_element().encode()).digest()
    allowed = base64.b64encode(digest).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
