"""What the engine writes has the form that the contract gives it, and nothing more."""

from typing import Any

import pytest

import simulacra
from examples import study
from examples.quickstart import SCENARIO
from simulacra.engine.tabulating import tabulation
from simulacra.service.datasets import training, validating
from simulacra.service.datasets.schemas import SchemaDocument, ValidationDocument
from simulacra.service.errors.documents import ProblemDocument
from simulacra.service.generations.report_schemas import CardDocument
from simulacra.service.generations.schemas import DistributionDocument, ReportDocument
from simulacra.service.generations.tabulation_schemas import ComparisonDocument, CrosstabDocument
from simulacra.service.http.problems import Problem
from tests.service.contract.conformity import published


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> simulacra.Model:
    path = tmp_path_factory.mktemp("study") / "seed.csv"
    study.write(path)
    return simulacra.fit(path)


YOUNG = {"min": 18, "max": 34, "share": 0.4}
PREMIUM = {
    "columns": ["segment", "channel"],
    "shares": [{"cell": ["Premium", "Online"], "share": 0.2}],
}


def faults(model: str, value: dict[str, Any]) -> list[str]:
    return published().faults({"$ref": f"#/components/schemas/{model}"}, value)


@pytest.mark.parametrize(
    ("rows", "scenario"),
    [
        (200, SCENARIO),
        (50, {}),
        (100, {"numeric": {"age": {"min": 60, "max": 65}}}),
        (60, {"categorical": {"segment": {"Premium": 1.0}}}),
        (80, {"means": {"monthly_spend": 45}, "bands": {"age": [YOUNG]}, "joint": [PREMIUM]}),
        (80, {"groups": [{"where": {"channel": "Online"}, "means": {"age": 40}}]}),
    ],
)
def test_a_report(model: simulacra.Model, rows: int, scenario: dict[str, Any]) -> None:
    report = jsonable(model.generate(rows, seed=1, **scenario).report.to_json())
    assert faults("ReportDocument", report) == []
    assert ReportDocument.model_validate(report).model_dump(exclude_unset=True) == report


def test_the_schema_the_cleaning_and_the_quality(model: simulacra.Model) -> None:
    assert model.quality is not None
    document = {"dataset_id": "ds_1", **jsonable(training.published(model))}
    assert document["cleaning"]
    assert faults("SchemaDocument", document) == []
    known = SchemaDocument.model_validate(document).model_dump(by_alias=True, exclude_unset=True)
    assert known == document
    columns = published().content["components"]["schemas"]["ColumnDocument"]["properties"]
    assert {name for column in document["schema"] for name in column} <= set(columns)


def test_a_validation_in_full_and_in_short(model: simulacra.Model) -> None:
    found = model.validate(repeats=1)
    document = jsonable(validating.bounded(found))
    assert faults("ValidationDocument", document) == []
    assert ValidationDocument.model_validate(document).model_dump() == document
    report = jsonable(model.generate(20, seed=1).report.to_json())
    assert report["validation"] == jsonable(found.summary())
    assert faults("ReportDocument", report) == []
    assert ReportDocument.model_validate(report).model_dump(exclude_unset=True) == report
    schema = {"dataset_id": "ds_1", **jsonable(training.published(model))}
    schema |= {"validation": report["validation"]}
    assert faults("SchemaDocument", schema) == []


def test_tables_and_comparisons(model: simulacra.Model) -> None:
    out = model.generate(200, seed=1, categorical={"channel": {"Online": 0.7}})
    asked = (["segment", "age"], ["channel", "region"])
    study_table = tabulation.tabulate(model.sample, *asked, is_published=True)
    for table in (study_table, out.crosstab(*asked)):
        document = jsonable(table.to_json())
        assert faults("CrosstabDocument", document) == []
        assert CrosstabDocument.model_validate(document).model_dump() == document
    compared = jsonable(simulacra.compare(model, out).to_json())
    assert faults("ComparisonDocument", compared) == []
    assert ComparisonDocument.model_validate(compared).model_dump() == compared


def test_a_full_report(model: simulacra.Model) -> None:
    out = model.generate(200, seed=1, categorical={"channel": {"Online": 0.7}}, margins="quick")
    document = jsonable(out.full_report().to_json())
    whole = {"generation_id": "gen_1", "dataset_id": "ds_1", "ready_at": None, **document}
    assert faults("FullReportDocument", whole) == []
    card, told = document["card"], document["distributions"]
    assert CardDocument.model_validate(card).model_dump() == card
    assert [DistributionDocument.model_validate(each).model_dump() for each in told] == told


def test_a_problem() -> None:
    document = Problem("simio_training_failed", "It failed.").document("https://localhost:8443")
    assert faults("ProblemDocument", document) == []
    assert ProblemDocument.model_validate(document).model_dump(exclude_unset=True) == document


def jsonable(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with lists in the place of tuples."""
    if isinstance(value, dict):
        return {key: jsonable(inner) for key, inner in value.items()}
    return [jsonable(inner) for inner in value] if isinstance(value, list | tuple) else value
