import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import Column
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.engine.tabulating.sample import Sample
from simulacra.engine.tabulating.tabulation import tabulate
from tests.engine.tabulating.test_variables import QUESTION
from tests.studies import stratified

ROWS, BANNER = ["region", "monthly_spend"], ["segment", "channel"]
SCENARIO = {"segment": {"Premium": 0.55}}


@pytest.fixture(scope="module")
def out(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(
        20_000, seed=1, categorical=SCENARIO, numeric={"age": {"min": 25, "max": 44}}
    )


def twice(out: simulacra.Generation) -> simulacra.Generation:
    return dataclasses.replace(out, table=pa.concat_tables([out.table, out.table]))


def letters(table: Crosstab) -> list[str]:
    return [str(found) for found in table.table["letters"].to_pylist()]


def test_figures_are_those_of_the_rows(out: simulacra.Generation) -> None:
    cells = out.crosstab(ROWS, BANNER).table.to_pylist()
    rows = out.table.to_pandas()
    for cell in cells:
        group = rows if cell["banner"] is None else rows[rows[cell["banner"]] == cell["column"]]
        assert cell["base"] == len(group)
        own = group[cell["row"]]
        figure = own.mean() if cell["figure"] == "mean" else (own == cell["level"]).mean()
        assert cell["value"] == pytest.approx(figure, abs=1e-6)


def test_shares_of_a_column_sum_to_one(meal_kit_model: simulacra.Model) -> None:
    (block,) = meal_kit_model.crosstab("region", banner="segment").blocks
    for index in range(4):
        total = sum(float(line.cells[index].value or 0) for line in block.lines)
        assert total == pytest.approx(1, abs=1e-5)


def test_the_effective_base_of_made_rows_is_below_the_respondents_in_the_group(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    study = meal_kit_model.study.to_pandas()
    inside = study[(study["age"] >= 25) & (study["age"] <= 44)]
    for cell in out.crosstab("purchase_intent", BANNER).table.to_pylist():
        is_member = True if cell["banner"] is None else inside[cell["banner"]] == cell["column"]
        assert 0 < cell["effective_base"] < np.sum(is_member * np.ones(len(inside)))


def test_all_respondents_of_a_conditioned_level_count_alike(out: simulacra.Generation) -> None:
    # 71 respondents are Premium and in the range; 11,000 rows were made of them.
    cells = {cell["column"]: cell for cell in out.crosstab("region", "segment").table.to_pylist()}
    assert cells["Premium"]["base"] == 11_000
    expected = 1 / (1 / 71 + 1 / 11_000)
    assert cells["Premium"]["effective_base"] == pytest.approx(expected, abs=0.05)


def test_twice_the_rows_add_no_letter(out: simulacra.Generation) -> None:
    once, doubled = (each.crosstab(ROWS, BANNER) for each in (out, twice(out)))
    assert letters(once) == letters(doubled)
    assert any(letters(once))
    bases = [np.array(each.table["effective_base"].to_pylist()) for each in (once, doubled)]
    assert (bases[1] < bases[0] * 1.02).all()


def test_a_weighted_study_counts_by_its_weights() -> None:
    rng = np.random.default_rng(1)
    study = stratified.sample(stratified.population(20_000, rng), 500, rng)
    table = simulacra.fit(study, weight="wgt").crosstab("channel", "region")
    weights = study["wgt"].to_numpy()
    region, channel = (np.array(study[name].to_pylist()) for name in ("region", "channel"))
    for cell in table.table.to_pylist():
        inside = (region == cell["column"]) | (cell["banner"] is None)
        own = weights[inside]
        share = own[channel[inside] == cell["level"]].sum() / own.sum()
        assert cell["value"] == pytest.approx(share, abs=1e-6)
        assert cell["base"] == inside.sum()
        assert cell["effective_base"] == pytest.approx(own.sum() ** 2 / (own**2).sum(), abs=0.05)


def test_rows_may_count_by_a_column(meal_kit_model: simulacra.Model) -> None:
    table = meal_kit_model.crosstab("segment", weight="monthly_spend")
    study = meal_kit_model.study.to_pandas()
    spend = study.groupby("segment")["monthly_spend"].sum() / study["monthly_spend"].sum()
    for cell in table.table.to_pylist():
        assert cell["value"] == pytest.approx(spend[cell["level"]], abs=1e-6)
        assert cell["effective_base"] < cell["base"] == 800


def test_missing_values_are_not_in_the_base(mixed_model: simulacra.Model) -> None:
    owners = mixed_model.study["visits"]
    table = mixed_model.crosstab("visits", "owns").table.to_pylist()
    by_column = {cell["column"]: cell for cell in table}
    assert by_column["Total"]["base"] == len(owners) - owners.null_count
    assert (by_column["false"]["base"], by_column["false"]["value"]) == (0, None)
    assert "-" in str(mixed_model.crosstab("visits", "owns")).split()


def test_a_variable_is_not_compared_with_itself(meal_kit_model: simulacra.Model) -> None:
    assert meal_kit_model.crosstab("segment", "segment").compared == 0


def test_a_table_is_text_and_json(out: simulacra.Generation) -> None:
    table = out.crosstab(["segment", *ROWS], banner=BANNER)
    text = str(table)
    for part in (
        "Base (rows)",
        "Effective base",
        "z test",
        "95%",
        "The scenario is about 'segment'",
    ):
        assert part in text
    assert json.loads(json.dumps(table.to_json()))["unit"] == "rows"
    assert all(len(line) <= 110 for line in text.splitlines())


def test_the_library_tabulates_studies_and_rows(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    for source in (meal_kit_model, out):
        assert simulacra.crosstab(source, ROWS, BANNER) == source.crosstab(ROWS, banner=BANNER)


def test_columns_and_banner_are_the_same(out: simulacra.Generation) -> None:
    with pytest.raises(ValueError, match="not both"):
        out.crosstab("region", "segment", banner="channel")


def test_the_support_weight_sums_to_the_effective_base(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    weighted = meal_kit_model.generate(
        20_000,
        seed=1,
        categorical=SCENARIO,
        numeric={"age": {"min": 25, "max": 44}},
        support_weight=True,
    )
    assert weighted.table.drop_columns(["support_weight"]).equals(out.table)
    weight = weighted.table["support_weight"].to_numpy()
    assert len(set(weight.tolist())) == 1  # no share that was asked for changes
    (block,) = weighted.crosstab("region").blocks
    assert weight.sum() == pytest.approx(block.effective_bases[0], abs=0.05)
    size = weighted.report.support.effective_sample_size
    assert 0.98 * size < weight.sum() < size


def test_few_rows_weigh_no_more_than_their_number(meal_kit_model: simulacra.Model) -> None:
    few = meal_kit_model.generate(100, seed=1, support_weight=True)
    weight = few.table["support_weight"].to_numpy()
    assert weight.sum() == pytest.approx(1 / (1 / 100 + 1 / 800))


def test_a_study_may_have_a_support_weight_of_its_own() -> None:
    rng = np.random.default_rng(1)
    table = pa.table({"support_weight": rng.integers(1, 9, 60), "owns": rng.random(60) < 0.5})
    model = simulacra.fit(table)
    with pytest.raises(ValueError, match="of its own"):
        model.generate(10, support_weight=True)


def test_rows_of_a_weighted_study_stand_on_its_effective_sample_size() -> None:
    rng = np.random.default_rng(1)
    study = stratified.sample(stratified.population(20_000, rng), 500, rng)
    out = simulacra.fit(study, weight="wgt").generate(20_000, seed=1)
    weights = study["wgt"].to_numpy()
    effective = weights.sum() ** 2 / (weights**2).sum()
    (cell, _) = out.crosstab("channel").table.to_pylist()
    assert effective < 450
    assert cell["effective_base"] == pytest.approx(1 / (1 / effective + 1 / 20_000), abs=0.05)


def test_options_of_a_question_are_rows_on_the_base_of_those_asked() -> None:
    nan = np.nan
    values = {
        0: np.array([1.0, 0, 0, nan]),
        1: np.array([1.0, 1, 0, nan]),
        2: np.array([nan, 0, 0, nan]),
    }
    table = tabulate(Sample(QUESTION, values), "Q")
    (block,) = table.blocks
    assert (block.bases, block.effective_bases) == ((3,), (3.0,))
    shares = {line.level: line.cells[0].value for line in block.lines}
    assert shares == {"Tea": pytest.approx(1 / 3), "q2": pytest.approx(2 / 3), "q3": 0}


def test_options_of_a_question_are_columns_on_their_own_bases() -> None:
    rng = np.random.default_rng(1)
    chosen = (rng.random((3, 400)) < 0.5).astype(float)
    sample = Sample(QUESTION, dict(enumerate(chosen)))
    table = tabulate(sample, "q3", "Q")
    (block,) = table.blocks
    assert block.bases == (400, *map(int, chosen.sum(axis=1)))
    assert table.compared == 0  # who chose the option has it by definition
    assert "overlap" in str(table)


def test_overlapping_columns_have_letters_by_chance_in_five_percent_of_pairs() -> None:
    # What the row shows is independent of the options. The studies are independent, so that the
    # mean of their rates has a standard error: a test whose true rate is 5 % fails once in 1,000
    # times. Without the overlap it is 0.3 %, as 60 % of respondents choose each option.
    rng, rates = np.random.default_rng(2), []
    columns = (*QUESTION.columns, Column("age", "age", "age", INTEGER, 0.0, min=0, max=99))
    schema = dataclasses.replace(QUESTION, columns=columns)
    for _ in range(400):
        values = dict(enumerate((rng.random((3, 300)) < 0.6).astype(float)))
        values[3] = rng.normal(50, 9, 300)
        table = tabulate(Sample(schema, values, rng.gamma(4, size=300)), "age", "Q")
        assert table.compared == 3
        rates.append(sum(map(len, letters(table))) / 3)
    assert abs(np.mean(rates) - 0.05) < 3.1 * np.std(rates, ddof=1) / np.sqrt(len(rates))


def test_a_mean_date_is_a_date(mixed_model: simulacra.Model) -> None:
    table = mixed_model.crosstab(["joined", "seen", "spend"], "plan")
    total, spend = table.table.to_pylist()[0], table.table.to_pylist()[-1]
    days = mixed_model.study["joined"].to_numpy().astype("datetime64[D]").astype(float)
    assert total["moment"] == str(np.datetime64(round(float(np.nanmean(days))), "D"))
    assert (total["value"], spend["moment"]) == (None, None)
    assert total["moment"] in str(table)
    assert json.loads(json.dumps(table.to_json()))["blocks"][0]["figure"] == "mean"


def test_a_table_that_was_published_is_the_same_table(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    for table in (meal_kit_model.crosstab(ROWS, BANNER), out.crosstab(ROWS, weight="age")):
        document = json.loads(json.dumps(table.to_json()))
        block = document["blocks"][0]
        for part in (document, document["columns"][0], block, block["lines"][0]):
            part["another"] = 1  # of a later version
        block["lines"][0]["cells"][0]["another"] = 1
        again = Crosstab.from_json(document)
        assert again == table
        assert str(again) == str(table)
        assert again.table.equals(table.table)
