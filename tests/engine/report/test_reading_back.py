"""What is published as JSON gives the same objects again."""

import json
import types
from typing import Any

import pytest

import simulacra
from simulacra.engine.margins.margins import Estimate, FigureMargin, Margins
from simulacra.engine.report.preview import Preview
from simulacra.engine.report.report import Report
from simulacra.engine.validation.validation import Validation
from simulacra.engine.warning import ReportWarning

SCENARIO: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.55}},
    "numeric": {"age": {"min": 25, "max": 44}},
    "means": {"purchase_intent": 60},
}
OF_A_LATER_VERSION = {"something_new": 1}


@pytest.fixture(scope="module")
def report(meal_kit_model: simulacra.Model) -> Report:
    return meal_kit_model.generate(400, seed=1, **SCENARIO).report


def published(document: dict[str, Any]) -> dict[str, Any]:
    """Return it as a client gets it."""
    text: dict[str, Any] = json.loads(json.dumps(document))
    return text


def test_a_report(report: Report) -> None:
    assert {it.kind for it in report.conditions} == {"share", "range", "mean"}
    again = Report.from_json(published(report.to_json()))
    assert again == report
    assert str(again) == str(report)


def test_a_preview(meal_kit_model: simulacra.Model) -> None:
    preview = meal_kit_model.preview(400, seed=1, **SCENARIO)
    assert preview.limiting is not None
    again = Preview.from_json(published(preview.to_json()))
    assert again == preview
    assert str(again) == str(preview)


def test_a_notebook_shows_it_as_print_does(report: Report) -> None:
    told: list[str] = []
    pretty = vars(Report)["_repr_pretty_"]  # IPython looks here first
    pretty(report, types.SimpleNamespace(text=told.append), False)  # noqa: FBT003 - as IPython calls it
    assert told == [str(report)]


def test_members_of_a_later_version_are_left_out(report: Report) -> None:
    document = published(report.to_json())
    quality = document["quality"]
    for part in (document, document["support"], document["conditions"][0], quality["pairs"]):
        part.update(OF_A_LATER_VERSION)
    assert Report.from_json(document) == report


def test_margins() -> None:
    estimate = Estimate(0.25, 0.2, 0.3)
    figure = FigureMargin("region", "share", "South", estimate, estimate, estimate, True, 1.2)  # noqa: FBT003 - as its members come
    margins = Margins(0.95, 8, (figure,), (ReportWarning("margins_unsure", "Few."),))
    document = published(margins.to_json())
    for part in (document, document["figures"][0]["study"], document["warnings"][0]):
        part.update(OF_A_LATER_VERSION)
    assert Margins.from_json(document) == margins


def test_of_a_validation_the_summary(report: Report) -> None:
    validation = Validation(
        respondents=800, columns=5, repeats=4, is_named=False, weight=None, comparisons=(),
        gain=None, skipped=("region",), failed=(),
    )  # fmt: skip
    assert Validation.from_json(published(validation.summary())) == validation
    document = published(report.to_json()) | {"validation": validation.summary()}
    assert Report.from_json(document).validation == validation
