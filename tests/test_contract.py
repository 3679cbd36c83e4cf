"""The contract keeps what was published."""

import copy
import datetime as dt
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import contract_changes

FOLDER = Path(__file__).parents[1] / "contract"
PUBLISHED: dict[str, Any] = json.loads((FOLDER / "published.json").read_text())
PRESENT: dict[str, Any] = json.loads((FOLDER / "openapi.json").read_text())


def test_nothing_that_was_published_is_broken_but_what_is_allowed() -> None:
    allowed = tomllib.loads((FOLDER / "allowed-breaks.toml").read_text()).get("allowed", [])
    for entry in allowed:
        assert isinstance(entry["date"], dt.date), entry
        assert len(entry["reason"]) > 20, entry
    found = list(contract_changes.breaks(PUBLISHED, PRESENT))
    assert sorted(found) == sorted(entry["change"] for entry in allowed)


def test_a_contract_does_not_break_itself() -> None:
    assert list(contract_changes.breaks(PRESENT, PRESENT)) == []


def _generation(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["GenerationRequest"]
    return found


def _answer(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["GenerationDocument"]
    return found


def _without_operation(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/usage"]


def _moved(document: dict[str, Any]) -> None:
    document["paths"]["/v1/usages"] = document["paths"].pop("/v1/usage")


def _without_member(document: dict[str, Any]) -> None:
    del _generation(document)["properties"]["seed"]


def _newly_required(document: dict[str, Any]) -> None:
    _generation(document)["required"].append("seed")


def _tighter(document: dict[str, Any]) -> None:
    _generation(document)["properties"]["row_count"]["maximum"] = 10


def _another_type(document: dict[str, Any]) -> None:
    _answer(document)["properties"]["generation_id"]["type"] = "integer"


def _without_promise(document: dict[str, Any]) -> None:
    _answer(document)["required"].remove("generation_id")


def _without_value(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["OutputFormat"]["enum"].remove("csv")


def _without_code(document: dict[str, Any]) -> None:
    text = json.dumps(document).replace("simio_quota_exceeded", "simio_quota_gone")
    document.clear()
    document.update(json.loads(text))


def _without_status(document: dict[str, Any]) -> None:
    del document["paths"]["/v1/datasets"]["post"]["responses"]["202"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_without_operation, "getUsage: the operation is gone"),
        (_moved, "getUsage: it moved from GET /v1/usage to GET /v1/usages"),
        (_without_member, "body.seed is gone"),
        (_newly_required, "body.seed is newly required"),
        (_tighter, "body.row_count has a tighter maximum: 10"),
        (_another_type, "generation_id may newly be integer"),
        (_without_promise, "generation_id is no longer always there"),
        (_without_value, "has lost the value 'csv'"),
        (_without_code, "the code simio_quota_exceeded is gone"),
        (_without_status, "createDataset: the answer 202 is gone"),
    ],
)
def test_every_kind_of_break_is_seen(change: Callable[[dict[str, Any]], None], told: str) -> None:
    changed = copy.deepcopy(PRESENT)
    change(changed)
    assert any(told in line for line in contract_changes.breaks(PRESENT, changed))


def test_what_is_added_is_no_break() -> None:
    richer = copy.deepcopy(PRESENT)
    _generation(richer)["properties"]["colour"] = {"type": "boolean"}
    _answer(richer)["properties"]["preview"] = {"type": "object"}
    richer["components"]["schemas"]["OutputFormat"]["enum"].append("sav")
    richer["paths"]["/v1/new"] = {"get": {"operationId": "getNew", "responses": {}}}
    assert list(contract_changes.breaks(PRESENT, richer)) == []
