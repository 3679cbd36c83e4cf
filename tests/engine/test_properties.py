"""Laws that hold for any scenario: the same answer again, from the saved model, in every format."""

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine import errors
from tests.studies import rule_survey

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 120
SEEDS = st.integers(0, 2**63 - 1)
LEVELS = st.sampled_from([*rule_survey.REGIONS, "Nowhere"])
SHARES = st.floats(0, 1).map(lambda share: round(share, 2))
BOUNDS = st.integers(-20, 140)


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Scenarios that are sound, partial, infeasible or plainly wrong."""
    categorical, numeric = {}, {}
    if draw(st.booleans()):
        categorical["region"] = draw(st.dictionaries(LEVELS, SHARES, min_size=1, max_size=4))
    if draw(st.booleans()):
        yes = draw(SHARES)
        categorical["owns"] = {"Yes": yes, "No": 1 - yes}
    if draw(st.booleans()):
        low, high = sorted((draw(BOUNDS), draw(BOUNDS)))
        numeric["age"] = {"min": low, "max": high}
    return {"categorical": categorical, "numeric": numeric}


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    return simulacra.fit(rule_survey.survey(1_000))


@pytest.fixture(scope="module")
def loaded(model: simulacra.Model, tmp_path_factory: pytest.TempPathFactory) -> simulacra.Model:
    path = tmp_path_factory.mktemp("saved") / "study.model"
    model.save(path)
    return simulacra.load(path)


def answer(model: simulacra.Model, seed: int, scenario: dict[str, Any]) -> tuple[str, object]:
    """Return the rows, or how they were refused."""
    try:
        return "rows", model.generate(ROWS, seed=seed, **scenario).table
    except errors.EngineError as error:
        return type(error).__name__, str(error)


@given(SEEDS, scenarios())
@settings(max_examples=25)
def test_the_saved_model_gives_the_same_answer_again(
    model: simulacra.Model, loaded: simulacra.Model, seed: int, scenario: dict[str, Any]
) -> None:
    first = answer(model, seed, scenario)
    assert answer(model, seed, scenario) == first
    assert answer(loaded, seed, scenario) == first


@given(SEEDS, scenarios())
@settings(max_examples=25)
def test_generated_rows_meet_the_scenario(
    model: simulacra.Model, seed: int, scenario: dict[str, Any]
) -> None:
    kind, rows = answer(model, seed, scenario)
    if kind != "rows":
        assert kind in {"ConditionError", "InfeasibleError"}
        return
    assert isinstance(rows, pa.Table)
    assert 0 < rows.num_rows <= ROWS
    for column, shares in scenario["categorical"].items():
        values = rows[column].to_pylist()
        for level, share in shares.items():
            assert abs(values.count(level) - share * rows.num_rows) <= 1 + 0.002 * ROWS
    for column, bounds in scenario["numeric"].items():
        assert all(bounds["min"] <= value <= bounds["max"] for value in rows[column].to_pylist())


@given(SEEDS)
@settings(max_examples=10)
def test_every_format_holds_the_same_rows(
    model: simulacra.Model, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("rows")
    out = model.generate(ROWS, seed=seed)
    for suffix in ("parquet", "arrow", "csv"):
        out.write(folder / f"rows.{suffix}")
    rows = out.table.to_pylist()
    assert pyarrow.parquet.read_table(folder / "rows.parquet").to_pylist() == rows
    with pa.ipc.open_file(folder / "rows.arrow") as file:
        assert file.read_all().to_pylist() == rows
    schema = {name: out.table.schema.field(name).type for name in out.table.column_names}
    schema = {n: t.value_type if pa.types.is_dictionary(t) else t for n, t in schema.items()}
    options = pyarrow.csv.ConvertOptions(column_types=schema, strings_can_be_null=True)
    assert pyarrow.csv.read_csv(folder / "rows.csv", convert_options=options).to_pylist() == rows
