import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.columns import frames
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import Schema


def test_a_schema_survives_json(mixed_model: simulacra.Model) -> None:
    written = json.dumps(mixed_model.schema.to_json(), allow_nan=False)
    assert Schema.from_json(json.loads(written)) == mixed_model.schema


def test_a_column_publishes_what_applies_to_it(mixed_model: simulacra.Model) -> None:
    columns = {column["name"]: column for column in mixed_model.schema.to_json()["schema"]}
    assert columns["plan"]["levels"] == ["Basic", "Plus", "Pro"]
    assert sum(columns["plan"]["shares"]) == pytest.approx(1, abs=1e-5)
    assert "min" not in columns["plan"]
    assert "levels" not in columns["spend"]
    assert columns["spend"]["decimals"] == 2
    assert "decimals" not in columns["satisfaction"]


def test_a_column_is_looked_up_by_name(schema: Schema) -> None:
    assert schema["age"].type is INTEGER
    assert "age" in schema
    assert "nothing" not in schema
    with pytest.raises(KeyError):
        schema["nothing"]


def test_it_is_a_collection_of_columns(schema: Schema) -> None:
    assert [*schema] == [*schema.columns]
    assert len(schema) == len(schema.columns)
    assert all(column in schema and column.name in schema for column in schema)
    assert dataclasses.replace(schema["age"], label="another") not in schema
    assert schema.head(2).names == schema.names[:2]
    assert bool(dataclasses.replace(schema, columns=()))


def test_a_name_that_it_does_not_have_is_explained(schema: Schema) -> None:
    with pytest.raises(KeyError, match="Did you mean 'segment'"):
        schema["segmnt"]


def test_what_is_shown_of_a_wide_schema_is_bounded(schema: Schema) -> None:
    column = schema["segment"]
    wide = dataclasses.replace(
        schema,
        columns=tuple(
            dataclasses.replace(column, name=f"q{at}", label=f"Brand {at}") for at in range(1000)
        ),
    )
    assert repr(wide) == f"<Schema: 1,000 columns, {schema.row_count:,} respondents>"
    assert "and 940 more columns: find() looks them up" in str(wide)
    assert "Brand 59" in str(wide)
    assert len(str(wide)) < 12_000
    found = wide.find("brand")
    assert len(found) == 1000
    assert "and 940 more" in repr(found)


def test_rows_are_data_frames_by_name_or_by_label(mixed_model: simulacra.Model) -> None:
    out = mixed_model.generate(20, seed=1)
    frame = out.to_pandas()
    assert [*frame.columns] == mixed_model.schema.names
    assert str(frame["joined"].dtype).startswith("datetime64")
    assert out.to_polars().shape == frame.shape
    assert mixed_model.to_pandas().shape[0] == mixed_model.schema.row_count
    asked = frames.labelled(out.table, {"plan": "Which?", "owns": "Which?", "spend": "How much?"})
    assert asked.column_names[:2] == ["Which? (plan)", "Which? (owns)"]
    assert asked.column_names[mixed_model.schema.names.index("spend")] == "How much?"
    rows = frames.Rows(out.table.slice(0, 3), {"spend": "How much?"})
    assert "How much?" in rows.to_pandas(labels=True)
    assert "How much?" in rows.to_polars(labels=True).columns
    assert str(rows).splitlines()[0].startswith("plan ")
    assert out.head(3).values == rows.values


def test_its_columns_are_a_table(mixed_model: simulacra.Model) -> None:
    schema = mixed_model.schema
    frame = schema.to_pandas()
    assert [*frame["name"]] == schema.names
    assert [*frame["type"]] == [str(column.type) for column in schema]
    assert schema.to_polars().row(0, named=True)["levels"] == ["Basic", "Plus", "Pro"]
    assert frame.set_index("name").loc["joined", "min"] == schema["joined"].min


def test_looking_columns_up_does_not_change_a_schema(schema: Schema) -> None:
    fresh = dataclasses.replace(schema)
    assert schema["age"].name == "age"
    assert (fresh, hash(fresh), repr(fresh)) == (schema, hash(schema), repr(schema))
    others = [column for column in schema.columns if column.name != "age"]
    assert "age" not in dataclasses.replace(schema, columns=tuple(others))


@pytest.mark.parametrize("column", ["visits", "spend", "joined", "seen"])
def test_published_numbers_are_in_order_and_can_be_asked_for(
    mixed_model: simulacra.Model, column: str
) -> None:
    described = mixed_model.schema[column]
    assert described.min is not None
    assert described.max is not None
    ends = [
        described.type.to_number(value)
        for value in (described.min, *described.quantiles, described.max)
    ]
    assert ends == sorted(ends)
    out = mixed_model.generate(
        20, seed=1, numeric={column: {"min": described.min, "max": described.max}}
    )
    assert out.rows_generated == 20


@given(st.dates())
def test_days_are_counted_from_1970(day: object) -> None:
    text = str(day)
    counted = DATE.to_number(text)
    assert DATETIME.to_number(text) == counted * 86_400 * 1e6
