import pyarrow as pa

from simulacra.engine.reading import rows

TABLE = pa.table({"a": ["x", None, "Source: us", None], "b": ["1", "2", None, None],
                  "c": ["1", None, None, None]})  # fmt: skip


def test_empty_rows_are_left_out_and_counted() -> None:
    table, (action,) = rows.without_empty(TABLE)
    assert table.num_rows == 3
    assert (action.action, action.count) == ("skipped", 1)


def test_notes_under_the_table_are_left_out() -> None:
    table, (action,) = rows.without_notes(TABLE.slice(0, 3))
    assert table["a"].to_pylist() == ["x", None]
    assert action.count == 1


def test_a_row_with_one_cell_in_the_middle_stays() -> None:
    reordered = TABLE.take([2, 0])
    assert rows.without_notes(reordered) == (reordered, [])
    narrow = TABLE.select(["a", "b"]).slice(0, 3)
    assert rows.without_notes(narrow) == (narrow, [])
