"""Frames of pandas that Arrow does not take as they are."""

import datetime as dt

import pandas as pd
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.reading import frames, source


def test_a_column_that_mixes_values_is_read_as_texts() -> None:
    frame = pd.DataFrame({"x": [1, "a", 2.0, None, float("nan"), dt.date(2024, 1, 31)], "n": 1})
    study = frames.read(frame)
    assert study.table["x"].to_pylist() == ["1", "a", "2", None, None, "2024-01-31"]
    (action,) = study.actions
    assert (action.column, action.action) == ("x", "typed")
    assert action.reason == "its values are of several types (date, float, int, str); read as texts"


def test_columns_of_one_name_are_numbered() -> None:
    frame = pd.DataFrame([[1, 2, "a"]] * 3, columns=["a", "a", "b"], index=[5, 6, 7])
    assert source.read(frame, limits.DEFAULT).table.column_names == ["a", "a", "b"]
    named = frames.read(frame.rename_axis("row"))
    assert named.table.column_names == ["row", "a", "a", "b"]


def test_sparse_columns_and_sets_are_read() -> None:
    frame = pd.DataFrame({"s": pd.arrays.SparseArray([0, 0, 1])})
    assert frames.read(frame).table["s"].to_pylist() == [0, 0, 1]


def test_a_column_of_something_else_is_named_without_its_values() -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [object(), 7_777]})
    with pytest.raises(
        errors.StudyError, match=r"'x' cannot be read: .* types int, object\."
    ) as it:
        frames.read(frame)
    assert "7777" not in str(it.value)


def test_another_exporter_that_fails_is_told_so() -> None:
    class Broken:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise ValueError("secret")

    with pytest.raises(errors.StudyError, match="cannot be turned into a table") as it:
        frames.read(Broken())
    assert "secret" not in str(it.value)
