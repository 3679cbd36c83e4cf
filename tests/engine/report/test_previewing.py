import json
from typing import Any

import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.report.preview import MeanPreview, Preview, RangePreview, SharePreview
from simulacra.engine.report.report import MeanOutcome, RangeOutcome, Report, ShareOutcome
from tests.engine.test_feasibility import exclusive

EVERY_KIND: dict[str, dict[str, Any]] = {
    "none": {},
    "shares": {"categorical": {"plan": {"Pro": 0.5}, "satisfaction": {"5": 0.4, 1: 0.2}}},
    "range": {"numeric": {"joined": {"min": "2020-03-01", "max": "2021-06-30"}}},
    "mean": {"means": {"spend": 45, "joined": "2021-01-01"}},
    "bands": {
        "bands": {
            "spend": [
                {"min": 40, "max": 90, "share": 0.5},
                {"min": 1, "max": 20, "share": 0.1},
            ]
        }
    },
    "joint": {
        "joint": [
            {"columns": ["plan", "owns"], "shares": [{"cell": ["Pro", "false"], "share": 0.3}]}
        ]
    },
    "group": {
        "categorical": {"agreement": {"always": 0.4}},
        "groups": [
            {
                "where": {"plan": "Pro"},
                "categorical": {"owns": {"true": 0.5}},
                "means": {"spend": 40},
            }
        ],
    },
}


@pytest.fixture(scope="module")
def drivers() -> simulacra.Model:
    return simulacra.fit(exclusive())


UNMET: dict[str, dict[str, float]] = {
    "drives": {"no": 1},
    "licence": {"none": 0.7, "B": 0.2, "C": 0.1},
}


@pytest.mark.parametrize("conditions", EVERY_KIND.values(), ids=EVERY_KIND)
@pytest.mark.parametrize("rows", [50, 6_000])
def test_the_figures_are_those_of_the_report_of_the_generation(
    mixed_model: simulacra.Model, conditions: dict[str, Any], rows: int
) -> None:
    preview = mixed_model.preview(rows, seed=3, **conditions)
    report = mixed_model.generate(rows, seed=3, **conditions).report
    assert_same(preview, report)
    assert preview.status == "ready"
    assert preview.nearest is None
    assert preview.reason is None


def test_they_are_where_only_some_rows_can_be_had(drivers: simulacra.Model) -> None:
    preview = drivers.preview(100, seed=1, categorical=UNMET)
    assert preview.status == "partial"
    assert preview.rows_available == 70
    assert_same(preview, drivers.generate(100, seed=1, categorical=UNMET).report)


def test_a_preview_draws_the_seed_that_it_is_not_given(mixed_model: simulacra.Model) -> None:
    shares = {"plan": {"Pro": 0.6}}
    preview = mixed_model.preview(40, categorical=shares)
    report = mixed_model.generate(40, seed=preview.seed, categorical=shares).report
    assert_same(preview, report)


def test_expected_shares_and_means_are_achieved_up_to_a_row(mixed_model: simulacra.Model) -> None:
    asked: dict[str, Any] = {"categorical": {"plan": {"Pro": 0.5}}, "means": {"spend": 45}}
    preview = mixed_model.preview(1_000, seed=1, **asked)
    report = mixed_model.generate(1_000, seed=1, **asked).report
    shares, mean = preview.conditions
    assert isinstance(shares, SharePreview)
    assert isinstance(report.conditions[0], ShareOutcome)
    for foreseen, level in zip(shares.levels, report.conditions[0].levels, strict=True):
        assert foreseen.expected == pytest.approx(level.achieved, abs=0.01)
    assert isinstance(mean, MeanPreview)
    assert mean.expected == pytest.approx(45, abs=0.01)


@pytest.mark.parametrize(
    "asked",
    [
        {"categorical": UNMET},
        {
            "categorical": {"drives": {"no": 0.8}, "licence": {"B": 0.6}},
            "means": {"income": 1_500},
        },
        {
            "categorical": {"drives": {"no": 0.9}},
            "joint": [
                {
                    "columns": ["licence", "income"],
                    "shares": [
                        {"cell": ["B", {"min": 0, "max": 1_500}], "share": 0.3},
                        {"cell": ["none", {"min": 0, "max": 1_500}], "share": 0.3},
                    ],
                }
            ],
        },
    ],
    ids=["shares", "mean", "joint"],
)
@pytest.mark.parametrize("rows", [100, 7_000])
def test_all_rows_can_be_had_of_the_nearest_scenario(
    drivers: simulacra.Model, asked: dict[str, Any], rows: int
) -> None:
    preview = drivers.preview(rows, seed=1, **asked)
    assert preview.status == "partial"
    assert preview.nearest is not None
    assert preview.nearest.keys() == asked.keys()
    assert preview.nearest != asked
    out = drivers.generate(rows, seed=1, **preview.nearest)
    assert out.status == "ready"
    assert out.table.num_rows == rows


def test_the_nearest_bands_keep_their_order(drivers: simulacra.Model) -> None:
    bands = [
        {"min": 2_000, "max": 9_000, "share": 0.2},
        {"min": 0, "max": 1_500, "share": 0.7},
    ]
    preview = drivers.preview(200, seed=1, categorical=UNMET, bands={"income": bands})
    assert preview.nearest is not None
    assert [band["min"] for band in preview.nearest["bands"]["income"]] == [2_000, 0]
    shares = [band["share"] for band in preview.nearest["bands"]["income"]]
    assert shares == pytest.approx([0.2, 0.7], abs=1e-5)


def test_of_an_infeasible_scenario_the_reason_is_told(drivers: simulacra.Model) -> None:
    asked: dict[str, dict[str, float]] = {"drives": {"no": 1}, "licence": {"B": 1}}
    with pytest.raises(errors.InfeasibleError) as raised:
        drivers.generate(100, seed=1, categorical=asked)
    preview = drivers.preview(100, seed=1, categorical=asked)
    assert (preview.status, preview.rows_available) == ("infeasible", 0)
    assert preview.reason == raised.value.detail
    assert preview.nearest is None
    assert preview.limiting is not None
    assert preview.limiting.rows_without == 100
    assert "infeasible: " in str(preview)


def test_conditions_that_do_not_fit_the_schema_are_refused_as_in_a_generation(
    drivers: simulacra.Model,
) -> None:
    with pytest.raises(errors.ConditionError, match="no column 'drive'"):
        drivers.preview(10, categorical={"drive": {"no": 1}})
    with pytest.raises(ValueError, match="row_count is 0"):
        drivers.preview(0)
    with pytest.raises(ValueError, match="seed is -1"):
        drivers.preview(1, seed=-1)


def test_the_limiting_condition_is_the_one_without_which_most_more_rows_could_be_had(
    drivers: simulacra.Model,
) -> None:
    asked: dict[str, dict[str, float]] = {"drives": {"no": 1}, "licence": {"none": 0.7, "B": 0.3}}
    preview = drivers.preview(
        100, seed=1, categorical=asked, numeric={"income": {"min": 0, "max": 2_000}}
    )
    assert preview.limiting is not None
    assert preview.limiting.column in {"drives", "licence"}
    assert preview.limiting.rows_without == 100
    named = preview.conditions[preview.limiting.position]
    assert (named.column, named.kind) == (preview.limiting.column, preview.limiting.kind)


def test_where_all_rows_can_be_had_it_is_the_one_that_costs_most_effective_respondents(
    meal_kit_model: simulacra.Model,
) -> None:
    shares = {"segment": {"Premium": 0.9}, "channel": {"Online": 0.5}}
    preview = meal_kit_model.preview(500, seed=1, categorical=shares)
    without = {
        column: meal_kit_model.preview(
            500, seed=1, categorical={name: it for name, it in shares.items() if name != column}
        ).support.effective_sample_size
        for column in shares
    }
    assert preview.limiting is not None
    assert preview.limiting.column == max(without, key=lambda column: without[column])
    assert preview.limiting.effective_sample_size_without == pytest.approx(
        without[preview.limiting.column], rel=0.05
    )


def test_without_conditions_nothing_limits(mixed_model: simulacra.Model) -> None:
    preview = mixed_model.preview(10, seed=1)
    assert (preview.conditions, preview.limiting, preview.warnings) == ((), None, ())


def test_a_preview_prints_a_table_for_people(drivers: simulacra.Model) -> None:
    text = str(drivers.preview(100, seed=1, categorical=UNMET)).splitlines()
    assert text[0].startswith("70 of 100 rows (partial), seed 1; ")
    assert text[1].split() == ["condition", "target", "expected", "respondents"]
    assert any(
        line.split() == ["licence", "=", "none", "70.00%", "100.00%", "200"] for line in text
    )
    assert any(line.startswith("quota_unmet: 'licence' = 'B'") for line in text)
    assert text[-1].startswith("All rows can be had with: {'categorical': ")


def test_as_json_it_has_plain_values_only(drivers: simulacra.Model) -> None:
    document = drivers.preview(100, seed=1, categorical=UNMET).to_json()
    assert json.loads(json.dumps(document))["rows_available"] == 70
    assert document["limiting"]["kind"] == "share"


def assert_same(preview: Preview, report: Report) -> None:
    """Assert that a preview has the figures of a report."""
    assert preview.rows_available == report.rows_generated
    assert preview.status == report.status
    assert preview.support == report.support
    of_rows = [warning for warning in report.warnings if warning.code != "many_copies"]
    assert [*preview.warnings] == of_rows
    assert len(preview.conditions) == len(report.conditions)
    for foreseen, outcome in zip(preview.conditions, report.conditions, strict=True):
        assert (foreseen.column, foreseen.kind) == (outcome.column, outcome.kind)
        assert foreseen.support == outcome.support
        if isinstance(foreseen, SharePreview):
            assert isinstance(outcome, ShareOutcome)
            assert [(it.level, it.target, it.seed_rows) for it in foreseen.levels] == [
                (it.level, it.target, it.seed_rows) for it in outcome.levels
            ]
        elif isinstance(foreseen, MeanPreview):
            assert isinstance(outcome, MeanOutcome)
            assert (foreseen.target, foreseen.study) == (outcome.target, outcome.study)
        else:
            assert isinstance(foreseen, RangePreview)
            assert isinstance(outcome, RangeOutcome)
            assert (foreseen.min, foreseen.max) == (outcome.min, outcome.max)
