import numpy as np
import pyarrow as pa
import pytest

from benchmarks import judging, tables, truth
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

classifier = pytest.importorskip("benchmarks.classifier", reason="needs the group bench")

Judged = tuple[Schema, Floats, Floats]


@pytest.fixture(scope="module")
def judged() -> Judged:
    """A schema, and two samples of 3,000 spenders."""
    samples = [pa.table(truth.spenders(3_000, np.random.default_rng(seed))) for seed in (1, 2)]
    schema = tables.raw_schema(pa.concat_tables(samples))
    return schema, tables.encode(schema, samples[0]), tables.encode(schema, samples[1])


def test_two_samples_of_a_population_cannot_be_told_apart(judged: Judged) -> None:
    schema, rows, test = judged
    shuffled = judging.independent(rows, np.random.default_rng(0))
    assert classifier.two_sample(schema, rows, test) > 0.9
    assert classifier.two_sample(schema, rows, shuffled) < 0.7


def test_rows_predict_as_well_as_the_relations_that_they_keep(judged: Judged) -> None:
    schema, rows, test = judged
    shuffled = judging.independent(rows, np.random.default_rng(0))
    assert classifier.prediction(schema, "owner", rows, test) > 0.7
    assert classifier.prediction(schema, "owner", shuffled, test) == pytest.approx(0.5, abs=0.06)


def test_the_error_of_a_number_is_one_of_logarithms(judged: Judged) -> None:
    """A number that says nothing is predicted by its mean: the error is its spread."""
    schema, rows, test = judged
    income = schema.names.index("income")
    spread = np.nanstd(np.log(test[:, income]))
    shuffled = judging.independent(rows, np.random.default_rng(0))
    assert classifier.prediction(schema, "income", rows, test) < 0.95 * spread
    assert classifier.prediction(schema, "income", shuffled, test) == pytest.approx(spread, rel=0.1)


def test_who_did_not_answer_is_left_out(judged: Judged) -> None:
    schema, rows, test = judged
    income = schema.names.index("income")
    assert np.isnan(rows[:, income]).any()
    known = [part[~np.isnan(part[:, income])] for part in (rows, test)]
    error = classifier.prediction(schema, "income", rows, test)
    assert error == pytest.approx(classifier.prediction(schema, "income", *known), rel=0.05)
