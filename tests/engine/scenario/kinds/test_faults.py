"""What each kind of condition refuses of its own: the place, the code and what would be right."""

from typing import Any

import pytest

from tests.engine.scenario.kinds.conftest import Faults
from tests.studies import brand_survey

OUT, SUM = "condition_out_of_range", "condition_share_sum"
COLUMN, LEVEL, FORM = "unknown_condition_column", "unknown_condition_level", "invalid_field"


def band(low: object, high: object, share: object = 0.2) -> dict[str, object]:
    return {"min": low, "max": high, "share": share}


def joint(*shares: tuple[list[Any], object], columns: object = ("region", "owns")) -> list[Any]:
    cells = [{"cell": cell, "share": share} for cell, share in shares]
    return [{"columns": columns, "shares": cells}]


@pytest.mark.parametrize(
    ("member", "asked", "pointer", "code", "message"),
    [
        ("means", {"spnd": 50}, "/spnd", COLUMN, "'spend'"),
        ("means", {"region": 2}, "/region", FORM, "has no mean"),
        ("means", {"spend": 32}, "/spend", OUT, "above 32.0 and below 128.0"),
        ("means", {"spend": 500}, "/spend", OUT, "it is 500"),
        ("means", {"spend": "50"}, "/spend", FORM, "must be"),
        ("means", {"joined": "June"}, "/joined", FORM, "must be"),
        ("means", {"joined": 5}, "/joined", FORM, "must be"),
        ("bands", {"region": [band(1, 2)]}, "/region", FORM, "under 'categorical'"),
        ("bands", {"age": [band(18, 30), band(30, 40)]}, "/age/1", FORM, "overlap"),
        ("bands", {"spend": [band(40, 60), band(50, 70)]}, "/spend/1", FORM, "overlap"),
        ("bands", {"age": [band(90, 99)]}, "/age/0", OUT, "18 to 80"),
        ("bands", {"age": [band(40, 30)]}, "/age/0", FORM, "above"),
        ("bands", {"age": [band(20.2, 20.8)]}, "/age/0", OUT, "no whole number"),
        ("bands", {"age": [{"min": 18, "max": 30}]}, "/age/0/share", FORM, "is missing"),
        ("bands", {"age": [{"min": 18, "share": 0.5}]}, "/age/0/max", FORM, "is missing"),
        ("bands", {"age": [band(18, 30, 55)]}, "/age/0/share", FORM, "0.55, not 55"),
        ("bands", {"age": [band(18, 30, 0.7), band(31, 80, 0.6)]}, "/age", SUM, "1.3"),
        ("bands", {"age": [band(18, 30, 0.4), band(31, 80, 0.4)]}, "/age", SUM, "Raise"),
        ("bands", {"age": [band(18, 30, 0.4), band(41, 80, 0.6)]}, "/age", SUM, "31 to 40"),
        ("bands", {"age": [band(20, 30, 1.0)]}, "/age", SUM, "leave out 18 to 19"),
        ("bands", {"age": [band(18, 18)] * 101}, "/age", FORM, "up to 100"),
        ("joint", joint((["North", "yes"], 0.2), columns=["region"]), "/0/columns", FORM, "2 to 6"),
        ("joint", joint(([], 0.2), columns=["region", "region"]), "/0/columns", FORM, "twice"),
        ("joint", joint((["North"], 0.2)), "/0/shares/0/cell", FORM, "1 entries for 2"),
        ("joint", joint((["Noth", "yes"], 0.2)), "/0/shares/0/cell/0", LEVEL, "'North'"),
        ("joint", joint((["North", "yes"], 2)), "/0/shares/0/share", FORM, "0.02, not 2"),
        (
            "joint",
            joint((["North", "yes"], 0.2), (["North", "yes"], 0.1)),
            "/0/shares/1/cell",
            FORM,
            "North × yes and North × yes overlap",  # noqa: RUF001 - as the report writes it
        ),
        (
            "joint",
            joint(
                (["yes", {"min": 18, "max": 30}], 0.2),
                (["yes", {"min": 30, "max": 40}], 0.1),
                columns=["owns", "age"],
            ),
            "/0/shares/1/cell",
            FORM,
            "overlap",
        ),
        (
            "joint",
            joint((["yes", "old"], 0.2), columns=["owns", "age"]),
            "/0/shares/0/cell/1",
            FORM,
            "'min' and 'max'",
        ),
        ("joint", joint((["North", "yes"], 0.7), (["East", "no"], 0.6)), "/0", SUM, "1.3"),
        ("joint", joint(*[(["North", "yes"], 0.0)] * 401), "/0/shares", FORM, "up to 400"),
        ("categorical", {"rating": {"9": 0.2}}, "/rating/9", OUT, "1 to 5"),
        ("categorical", {"rating": {"2.5": 0.2}}, "/rating/2.5", FORM, "not a whole number"),
        ("categorical", {"rating": {"2": 0.2, "2.0": 0.1}}, "/rating/2.0", FORM, "given twice"),
        ("categorical", {"rating": {"1": 0.7, "2": 0.6}}, "/rating", SUM, "1.3"),
        ("categorical", {"rating": {str(n): 0.1 for n in range(1, 6)}}, "/rating", SUM, "0.5"),
        ("multiple_response", {"Which": {"Acme": 0.5}}, "/Which", COLUMN, brand_survey.SET),
        (
            "multiple_response",
            {brand_survey.SET: {"Acne": 0.5}},
            f"/{brand_survey.SET}/Acne",
            LEVEL,
            "Did you mean 'Acme'",
        ),
        ("multiple_response", {brand_survey.SET: {}}, f"/{brand_survey.SET}", FORM, "at least one"),
        (
            "multiple_response",
            {brand_survey.SET: {"Acme": 60}},
            f"/{brand_survey.SET}/Acme",
            FORM,
            "0.6, not 60",
        ),
        ("groups", [{"where": {"owns": "yes"}}], "/0", FORM, "conditions that hold among"),
        ("groups", [{"means": {"age": 40}}], "/0", FORM, "'where'"),
        ("groups", [{"where": {}, "means": {"age": 40}}], "/0/where", FORM, "column and level"),
        (
            "groups",
            [{"where": {"owns": "maybe"}, "means": {"age": 40}}],
            "/0/where/owns",
            LEVEL,
            "'yes'",
        ),
        (
            "groups",
            [{"where": {"owns": ["yes", "maybe"]}, "means": {"age": 40}}],
            "/0/where/owns",
            LEVEL,
            "no level 'maybe'",
        ),
        (
            "groups",
            [{"where": {"age": {"min": 90, "max": 99}}, "means": {"rating": 3}}],
            "/0/where/age",
            OUT,
            "18 to 80",
        ),
        (
            "groups",
            [{"where": {"owns": "yes"}, "numeric": {"age": {"min": 18, "max": 30}}}],
            "/0/numeric",
            FORM,
            "no conditions 'numeric'",
        ),
        (
            "groups",
            [{"where": {"owns": "yes"}, "means": {"rating": 7}}],
            "/0/means/rating",
            OUT,
            "below 5",
        ),
        (
            "groups",
            [{"where": {"owns": "yes"}, "means": {"age": 40}}] * 51,
            "",
            FORM,
            "up to 50",
        ),
    ],
)
def test_a_fault_is_named_where_it_is(
    faults: Faults, member: str, asked: object, pointer: str, code: str, message: str
) -> None:
    ((where, why, detail),) = faults(**{member: asked})
    assert (where, why) == (f"/{member}{pointer}", code)
    assert message in detail


def test_a_mean_outside_of_a_range_condition_is_refused(faults: Faults) -> None:
    ((pointer, code, detail),) = faults(means={"age": 60}, numeric={"age": {"min": 20, "max": 40}})
    assert (pointer, code) == ("/means/age", OUT)
    assert "it is 60, but all rows are to lie in 20 to 40" in detail


@pytest.mark.parametrize(
    ("shares", "north"),
    [({"North": 0.2}, 0.3), ({"North": 0.2, "South": 0.4, "East": 0.4}, 0.3)],
)
def test_combinations_that_exceed_a_share_are_refused(
    faults: Faults, shares: dict[str, float], north: float
) -> None:
    cells = joint((["North", "yes"], north))
    ((pointer, code, detail),) = faults(joint=cells, categorical={"region": shares})
    assert (pointer, code) == ("/joint", SUM)
    assert "give 0.3 of the rows to 'North'" in detail
    assert "is to have 0.2" in detail


def test_combinations_that_leave_too_little_for_a_share_are_refused(faults: Faults) -> None:
    cells = joint((["South", "yes"], 0.3), (["East", "yes"], 0.3))
    ((pointer, code, detail),) = faults(joint=cells, categorical={"region": {"North": 0.5}})
    assert (pointer, code) == ("/joint", SUM)
    assert "is to have 0.5" in detail


def test_combinations_of_bands_are_compared_with_bands(faults: Faults) -> None:
    cells = joint((["yes", {"min": 20, "max": 30}], 0.5), columns=["owns", "age"])
    (fault,) = faults(joint=cells, bands={"age": [band(18, 34, 0.3), band(35, 80, 0.7)]})
    assert fault[:2] == ("/joint", SUM)


def test_every_fault_is_listed_at_once(faults: Faults) -> None:
    found = faults(means={"spend": 500, "zzz": 1}, bands={"age": 5}, joint=[5], groups=[{}])
    assert [pointer for pointer, _, _ in found] == [
        "/means/spend",
        "/means/zzz",
        "/bands/age",
        "/joint/0",
        "/groups/0",
    ]
