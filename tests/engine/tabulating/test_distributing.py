"""Distributions of the study and of rows, counted by hand beside."""

import json

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.report.distributions import Distribution
from simulacra.engine.tabulating.binning import Bins
from simulacra.engine.tabulating.distributing import MOST_PARTS, distributions
from simulacra.engine.tabulating.sample import Sample


@pytest.fixture(scope="module")
def out(mixed_model: simulacra.Model) -> simulacra.Generation:
    return mixed_model.generate(2_000, seed=1, categorical={"plan": {"Pro": 0.6}})


@pytest.fixture(scope="module")
def found(mixed_model: simulacra.Model, out: simulacra.Generation) -> dict[str, Distribution]:
    told = distributions(mixed_model.sample, out.sample)
    return {each.column: each for each in told}


def test_all_columns_are_told_and_read_back(
    mixed_model: simulacra.Model, found: dict[str, Distribution]
) -> None:
    assert [*found] == mixed_model.schema.names
    for each in found.values():
        document = json.loads(json.dumps({**each.to_json(), "of_a_later_version": 1}))
        assert Distribution.from_json(document) == each


def test_shares_are_those_of_the_tables(
    mixed_model: simulacra.Model, out: simulacra.Generation, found: dict[str, Distribution]
) -> None:
    study, rows = mixed_model.study.to_pandas(), out.table.to_pandas()
    for part in found["plan"].parts:
        expected = [(table["plan"] == part.name).mean() for table in (study, rows)]
        assert (part.study, part.rows) == pytest.approx(expected, abs=5e-5)
    assert found["plan"].is_conditioned
    assert not found["spend"].is_conditioned
    spend = found["spend"]
    assert (spend.study_base, spend.rows_base) == (study["spend"].count(), rows["spend"].count())
    assert spend.study_mean == pytest.approx(study["spend"].mean(), abs=1e-5)
    counted = study["spend"].dropna()
    for part in spend.parts:
        if " to under " in part.name:
            low, high = map(float, part.name.split(" to under "))
            assert part.study == pytest.approx(
                ((counted >= low) & (counted < high)).mean(), abs=5e-5
            )


def test_shares_of_levels_and_ranges_add_up(found: dict[str, Distribution]) -> None:
    for each in found.values():
        assert sum(part.rows or 0.0 for part in each.parts) == pytest.approx(1, abs=1e-3)
        shares = [part.study for part in each.parts]
        if None not in shares:
            assert sum(filter(None, shares)) == pytest.approx(1, abs=1e-3)


def test_ranges_have_names_that_people_read(found: dict[str, Distribution]) -> None:
    assert [part.name for part in found["satisfaction"].parts] == ["1", "2", "3", "4", "5"]
    assert "Q2 2020" in [part.name for part in found["joined"].parts]
    assert "3 Mar 2024" in [part.name for part in found["seen"].parts]


def test_no_range_tells_of_few_respondents(mixed_model: simulacra.Model) -> None:
    study = mixed_model.sample
    few = np.arange(40)
    sample = Sample(study.schema, {at: values[few] for at, values in study.rows.items()})
    for each in distributions(sample, study):
        for part in each.parts:
            assert part.study is None or part.study == 0 or part.study * each.study_base > 4.5, each


def test_a_question_of_few_respondents_is_left_out(mixed_model: simulacra.Model) -> None:
    study = mixed_model.sample
    sample = Sample(study.schema, {at: values[:4] for at, values in study.rows.items()})
    assert distributions(study, sample) == ()


def test_respondents_may_stand_for_the_rows(mixed_model: simulacra.Model) -> None:
    study = mixed_model.sample
    has_pro = study.rows[0] == mixed_model.schema["plan"].levels.index("Pro")
    weighted = Sample(study.schema, study.rows, np.where(has_pro, 3.0, 1.0))
    (plan,) = distributions(study, weighted, "plan")
    pro = next(part for part in plan.parts if part.name == "Pro")
    assert pro.study is not None
    assert pro.rows == pytest.approx(3 * pro.study / (1 + 2 * pro.study), abs=1e-3)


def test_a_set_is_one_question() -> None:
    rng = np.random.default_rng(3)
    chosen = {f"knows_{it}": np.where(rng.random(300) < 0.5, "Yes", "No") for it in "abc"}
    model = simulacra.fit(
        pa.table({**chosen, "age": rng.integers(18, 80, 300)}), sets={"Knows": [*chosen]}
    )
    rows = model.generate(500, seed=1)
    told = distributions(model.sample, rows.sample)
    assert [(each.column, each.kind) for each in told] == [("Knows", "options"), ("age", "bins")]
    assert len(told[0].parts) == 3
    with pytest.raises(errors.TableError):
        distributions(model.sample, rows.sample, "Nobody")


def test_of_many_levels_the_largest_are_told() -> None:
    rng = np.random.default_rng(3)
    many = rng.choice([f"town {at:02}" for at in range(40)], 3_000)
    model = simulacra.fit(pa.table({"town": many, "age": rng.integers(18, 80, 3_000)}))
    town = distributions(model.sample, model.generate(500, seed=1).sample, "town")[0]
    assert len(town.parts) == MOST_PARTS
    assert town.left_out == len(model.schema["town"].levels) - MOST_PARTS


def test_ranges_with_few_are_joined_until_none_is_left(mixed_model: simulacra.Model) -> None:
    column = mixed_model.schema["spend"]
    values = np.array([1.0] * 3 + [30.0] * 50 + [60.0] * 2 + [90.0] * 9)
    bins = Bins.of(column, [np.linspace(1, 100, 200)])
    counts = bins.joined([values]).count(values)
    assert counts.sum() == len(values)
    assert all(count == 0 or count >= 5 for count in counts)
