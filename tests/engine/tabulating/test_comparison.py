import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.margins.margins import Margins
from simulacra.engine.tabulating.comparing import compare
from simulacra.engine.tabulating.comparison import BASES, REFITS, ComparedFigure, Comparison

SCENARIO = {"segment": {"Premium": 0.55}}


@pytest.fixture(scope="module")
def out(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(5_000, seed=1, categorical=SCENARIO)


@pytest.fixture(scope="module")
def doubted(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(5_000, seed=1, categorical=SCENARIO, margins="quick")


def figure(found: Comparison, column: str, level: str | None) -> ComparedFigure:
    (one,) = [each for each in found.figures if (each.column, each.level) == (column, level)]
    return one


def test_figures_are_those_of_study_and_rows(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    found = simulacra.compare(meal_kit_model, out)
    study, rows = meal_kit_model.study.to_pandas(), out.table.to_pandas()
    spend = figure(found, "monthly_spend", None)
    assert spend.first.figure == pytest.approx(study["monthly_spend"].mean())
    assert spend.second.figure == pytest.approx(rows["monthly_spend"].mean())
    online = figure(found, "channel", "Online")
    shares = [(table["channel"] == "Online").mean() for table in (study, rows)]
    assert (online.first.figure, online.second.figure) == pytest.approx(shares, abs=1e-6)
    assert online.change.figure == pytest.approx(shares[1] - shares[0], abs=2e-6)


def test_the_most_surprising_change_comes_first_and_what_was_asked_for_last(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    found = simulacra.compare(meal_kit_model, out)
    free = [each for each in found.figures if not each.is_conditioned]
    assert found.figures[: len(free)] == tuple(free)
    assert {each.column for each in found.figures[len(free) :]} == {"segment"}
    surprises = [each.surprise or 0 for each in free]
    assert surprises == sorted(surprises, reverse=True)
    # Premium buyers spend 45 % more in the population, and want the brand more.
    assert {"monthly_spend", "purchase_intent"} <= {each.column for each in found.changes}
    assert "region" not in {each.column for each in found.changes}


def test_margins_are_used_where_the_rows_have_them(
    meal_kit_model: simulacra.Model, doubted: simulacra.Generation
) -> None:
    found = simulacra.compare(meal_kit_model, doubted)
    assert doubted.report.margins is not None
    known = {(it.column, it.level, it.kind): it for it in doubted.report.margins.figures}
    for each in found.figures:
        assert each.interval == (BASES if each.is_conditioned else REFITS)
        if not each.is_conditioned:
            margin = known[each.column, each.level, each.figure]
            assert dataclasses.astuple(each.change) == dataclasses.astuple(margin.change)
    assert "margins of error from refitted models" in str(found)
    assert "All other intervals come from effective bases" in str(found)


def test_margins_are_of_the_change_from_the_study_alone(
    out: simulacra.Generation, doubted: simulacra.Generation
) -> None:
    assert {each.interval for each in simulacra.compare(out, doubted).figures} == {BASES}


def test_margins_that_failed_give_way_to_effective_bases(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    failed = dataclasses.replace(out.report, margins=Margins(0.95, 0, ()))
    found = simulacra.compare(meal_kit_model, dataclasses.replace(out, report=failed))
    assert {each.interval for each in found.figures} == {BASES}


def test_margins_that_were_published_are_the_same_margins(
    meal_kit_model: simulacra.Model, doubted: simulacra.Generation
) -> None:
    margins = doubted.report.margins
    assert margins is not None
    document = json.loads(json.dumps(margins.to_json()))
    document["figures"][0]["another"] = 1  # of a later version
    read = Margins.from_json(document)
    assert read == margins
    again = compare(meal_kit_model.sample, doubted.sample, None, read)
    assert again == simulacra.compare(meal_kit_model, doubted)


def test_a_published_comparison_has_no_figure_of_few(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    respondents = meal_kit_model.sample
    rows, spend = dict(respondents.rows), respondents.schema.names.index("monthly_spend")
    rows[spend] = np.where(np.arange(800) < 4, rows[spend], np.nan)
    few = dataclasses.replace(respondents, rows=rows)
    shown = {
        is_published: {
            each.column for each in compare(few, out.sample, is_published=is_published).figures
        }
        for is_published in (False, True)
    }
    assert shown[False] - shown[True] == {"monthly_spend"}
    assert shown[True]


def test_rows_do_not_differ_from_themselves(out: simulacra.Generation) -> None:
    found = simulacra.compare(out, out)
    assert not any(each.is_changed for each in found.figures)
    assert all(each.change.figure == 0 for each in found.figures)
    assert found.names == ("first rows", "second rows")


def test_columns_of_one_kind_in_both_are_compared(
    mixed_model: simulacra.Model, meal_kit_model: simulacra.Model
) -> None:
    rows = mixed_model.generate(500, seed=1)
    columns = {each.column for each in simulacra.compare(mixed_model, rows).figures}
    assert columns == set(mixed_model.schema.names)
    owns = simulacra.compare(mixed_model, rows, columns="owns").figures
    assert [each.level for each in owns] == ["true"]  # the other share says the same
    assert {each.column for each in simulacra.compare(meal_kit_model, rows).figures} == set()


@pytest.mark.parametrize("margins", [False, "quick"])
def test_a_mean_date_is_a_date_and_its_change_is_in_days(
    mixed_model: simulacra.Model, *, margins: bool | str
) -> None:
    late = {"joined": mixed_model.schema["joined"].quantiles[3]}
    rows = mixed_model.generate(500, seed=1, means=late, margins=margins)
    found = simulacra.compare(mixed_model, rows, columns=["joined", "seen"])
    joined, seen = figure(found, "joined", None), figure(found, "seen", None)
    for each, table in ((joined.first, mixed_model.study), (joined.second, rows.table)):
        days = table["joined"].to_numpy().astype("datetime64[D]").astype(float)
        expected = np.datetime64(round(float(np.nanmean(days))), "D")
        assert each.figure == str(expected)
        assert str(each.low) <= str(each.figure) <= str(each.high)
    moved = np.datetime64(str(joined.second.figure)) - np.datetime64(str(joined.first.figure))
    assert joined.change.figure == pytest.approx(moved.astype(float), abs=1)
    seconds = np.datetime64(str(seen.second.figure)) - np.datetime64(str(seen.first.figure))
    assert seen.change.figure == pytest.approx(seconds.astype(float), abs=2)
    assert seen.interval == (REFITS if margins else BASES)
    (line,) = [line for line in found.table.to_pylist() if line["column"] == "joined"]
    assert (line["first"], line["first_moment"]) == (None, joined.first.figure)
    assert " days" in str(found)
    assert " s" in str(found)


def test_a_comparison_is_text_table_and_json(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    found = simulacra.compare(meal_kit_model, out, columns=["segment", "monthly_spend"])
    assert json.loads(json.dumps(found.to_json()))["names"] == ["study", "rows"]
    table = found.table
    assert table.num_rows == len(found.figures) == 4
    assert table["first"].null_count == table["change_low"].null_count == 0
    assert np.all(np.array(table["first_low"]) <= np.array(table["first"]))
    first = str(found).splitlines()[1]
    assert first.startswith("monthly_spend (mean)")
    assert first.endswith("changed")


def test_a_comparison_that_was_published_is_the_same_comparison(
    meal_kit_model: simulacra.Model, doubted: simulacra.Generation
) -> None:
    found = simulacra.compare(meal_kit_model, doubted)
    document = json.loads(json.dumps(found.to_json()))
    for part in (document, document["figures"][0], document["figures"][0]["change"]):
        part["another"] = 1  # of a later version
    again = Comparison.from_json(document)
    assert again == found
    assert str(again) == str(found)
    assert again.table.equals(found.table)
    document["figures"] = document["figures"][:3]  # as the service lists only so many
    assert f"and {len(found.figures) - 3} more" in str(Comparison.from_json(document))


def test_rows_are_compared_with_a_model_or_with_rows(out: simulacra.Generation) -> None:
    with pytest.raises(TypeError, match="first is a Table; rows that the library made"):
        out.compare(out.table)


def test_options_of_a_set_have_the_margins_of_their_columns() -> None:
    rng = np.random.default_rng(3)
    kind = rng.choice(["a", "b"], 300)
    chosen = {
        f"knows_{it}": np.where(rng.random(300) < np.where(kind == "a", 0.7, 0.3), "Yes", "No")
        for it in "xyz"
    }
    model = simulacra.fit(pa.table({"kind": kind, **chosen}), sets={"Knows": [*chosen]})
    out = model.generate(500, seed=1, categorical={"kind": {"a": 0.9}}, margins="quick")
    found = out.compare(model, columns=["Knows", "knows_x"])
    options = [each for each in found.figures if each.column == "Knows"]
    assert len(options) == 3
    assert {each.interval for each in options} == {REFITS}
    (alone,) = [each for each in found.figures if (each.column, each.level) == ("knows_x", "Yes")]
    (in_set,) = [each for each in options if each.level == "knows_x"]
    assert in_set.change == alone.change
