"""What cleaning did to a study, in plain words."""

import dataclasses

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.engine.columns.schema import CleaningAction
from simulacra.service.datasets import payloads
from simulacra.service.http import serving
from simulacra.service.studio import guard, rendering, study

WORDS = {
    "noticed": ("Worth a look", "This looks like more than it is used for. Nothing was changed."),
    "weighted": ("Weighted", "The model is one of the people whom the respondents stand for."),
    "skipped": ("Rows left out", "They hold no answers of a respondent, or stand for nobody."),
    "dropped": ("Columns left out", "They are not in the model, nor in rows made of it."),
    "kept": ("Kept because you asked for it", "Cleaning would have left these columns out."),
    "blanked": ("Read as no answer", "These values were taken to mean that there is no answer."),
    "filled": ("Blanks that mean something", "An empty cell was read as an answer."),
    "typed": ("Read as another type", "The values say something else than the file does."),
    "pooled": ("Rare answers together", "Answers that few people gave became one."),
    "merged": ("Answers that are the same", "Spellings of one answer were put together."),
    "removed": ("Answers that nobody gave", "The file knows them; no row has them."),
    "relabelled": (
        "Answers renamed",
        "Texts that could not be told apart, or held odd characters.",
    ),
    "split": ("Columns that hold several answers", "They became a column for each."),
    "renamed": ("Renamed", "Conditions need names without blanks and signs."),
    "read": ("How the file was read", "What was found out about its form."),
}
"""Heading and meaning of each action, what matters most first."""

router = APIRouter(prefix="/studies/{dataset_id}/cleaning", route_class=rendering.Page)


@dataclasses.dataclass(frozen=True)
class Group:
    """What was done of one kind."""

    title: str
    meaning: str
    actions: list[CleaningAction]


@router.get("")
async def show_cleaning(
    dataset_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show what reading and cleaning did, by kind."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    by_kind: dict[str, list[CleaningAction]] = {}
    for action in schema.cleaning:
        by_kind.setdefault(action.action, []).append(action)
    order = [*WORDS, *(kind for kind in by_kind if kind not in WORDS)]
    groups = [
        Group(*WORDS.get(kind, (kind.capitalize(), "")), by_kind[kind])
        for kind in order
        if kind in by_kind
    ]
    labels = {column.name: column.label for column in schema.columns}
    weights = {
        action.column
        for action in schema.cleaning
        if action.action == "noticed" and payloads.FORM.weight in action.reason
    }
    return rendering.render(
        request, "cleaning.html", study=dataset, groups=groups, labels=labels, weights=weights
    )
