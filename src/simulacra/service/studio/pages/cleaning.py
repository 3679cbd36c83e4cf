"""What cleaning did to a study, in plain words."""

import dataclasses
import json
import re
from collections.abc import Mapping
from urllib.parse import urlencode

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


WEIGHT = re.compile(rf"[.;]? To weight the study by it, .*{payloads.FORM.weight}=.*")
MISSING = re.compile(rf": {payloads.FORM.missing} = (\{{.*\}})$")
"""What reasons advise programs to do, in place of which people get a link."""


@dataclasses.dataclass(frozen=True)
class Told:
    """Something that was done, for people.

    Attributes:
        column: whose name it is in the schema or in the file; None: it concerns the whole file.
        label: of the column.
        reason: why.
        link: what follows the address of the corrections, if it can be corrected there.
        offer: what that does.
    """

    column: str | None
    label: str | None
    reason: str
    link: str | None
    offer: str


@dataclasses.dataclass(frozen=True)
class Group:
    """What was done of one kind."""

    title: str
    meaning: str
    actions: list[Told]


@router.get("")
async def show_cleaning(
    dataset_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show what reading and cleaning did, by kind."""
    dataset, schema = await study.schema_of(runtime, person, dataset_id)
    labels = {column.name: column.label for column in schema.columns}
    by_kind: dict[str, list[Told]] = {}
    for action in schema.cleaning:
        by_kind.setdefault(action.action, []).append(_told(action, labels))
    order = [*WORDS, *(kind for kind in by_kind if kind not in WORDS)]
    groups = [
        Group(*WORDS.get(kind, (kind.capitalize(), "")), by_kind[kind])
        for kind in order
        if kind in by_kind
    ]
    return rendering.render(request, "cleaning.html", study=dataset, groups=groups)


def _told(action: CleaningAction, labels: Mapping[str, str]) -> Told:
    """Return an action with a link to where it can be corrected."""
    column, reason = action.column, action.reason
    if column is None:
        return Told(None, None, reason, None, "")
    label = labels.get(column, column)
    if WEIGHT.search(reason):
        link = urlencode({"weight": column})
        return Told(column, label, WEIGHT.sub("", reason), link, "Weight the study by it")
    codes = MISSING.search(reason)
    if codes is not None:
        values = ", ".join(str(it) for them in json.loads(codes[1]).values() for it in them)
        link = urlencode({"column": column, "missing": values})
        offer = f"Read {values} as no answer"
        return Told(column, label, MISSING.sub("", reason), link, offer)
    return Told(column, label, reason, urlencode({"column": column}), "Correct")
