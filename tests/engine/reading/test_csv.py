import contextlib
import csv as writer
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from simulacra.engine import errors, limits, options
from simulacra.engine.reading import csv, dialects, encodings

WriteFile = Callable[[bytes | str], Path]


def read(path: Path) -> pa.Table:
    return csv.read(path, limits.DEFAULT).table


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_ends(
    write_file: WriteFile, delimiter: str, encoding: str, end: str
) -> None:
    lines = ["größe", "farbe"], ["1,5" if delimiter != "," else "1", "weiß"], ["2", ""]
    text = end.join(delimiter.join(line) for line in lines) + end
    table = read(write_file(text.encode(encoding)))
    assert table.column_names == ["größe", "farbe"]
    assert table["farbe"].to_pylist() == ["weiß", None]


def test_windows_text_is_read() -> None:
    assert encodings.to_utf8("süß,x\n".encode("cp1252"))[0].decode() == "süß,x\n"


@pytest.mark.parametrize("before", ["\n", "\n\n", "\r\n"])
def test_empty_lines_above_the_header_are_skipped(write_file: WriteFile, before: str) -> None:
    table = read(write_file(f"{before}a,b\n1,2\n"))
    assert table.to_pylist() == [{"a": "1", "b": "2"}]


def test_quotes_hold_delimiters_lines_and_quotes(write_file: WriteFile) -> None:
    table = read(write_file('"a\nb","c,d"\n"x\ny","say ""hi"""\n1,2\n'))
    assert table.column_names == ["a\nb", "c,d"]
    assert table.column(0).to_pylist() == ["x\ny", "1"]
    assert table.column(1).to_pylist() == ['say "hi"', "2"]


def test_none_is_an_answer(write_file: WriteFile) -> None:
    assert read(write_file("a,b\nNone,1\n"))["a"].to_pylist() == ["None"]


def test_nameless_columns_and_namesakes_get_names(write_file: WriteFile) -> None:
    table = read(write_file("a,,a,a_2\n1,2,3,4\n"))
    assert len(set(table.column_names)) == 4
    assert table.column_names[1] == "column_2"


def test_a_line_longer_than_a_block_is_read(write_file: WriteFile) -> None:
    long = "x" * 3_000_000
    table = read(write_file(f"a,b\n1,{long}\n2,y\n"))
    assert table["b"].to_pylist() == [long, "y"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\n1\n2\n", "one column"),
        ("a,b\n", "no rows"),
        ("a,b", "no rows"),
        ("a,b\n1,2\n3,4,SECRET\n5,6\n7\n", "^Line 3 has 3 cells"),
        ('a,b\n1,"SECRET\n2,3\n4,5\n', "(quotation|line)"),
        (b"\xff\xfea\0,\0b\0\n\0\x00", "damaged"),
    ],
)
def test_a_faulty_file_is_refused_without_quoting_it(
    write_file: WriteFile, content: bytes | str, message: str
) -> None:
    with pytest.raises(errors.StudyError, match=message) as caught:
        read(write_file(content))
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_hundred_thousand_columns_are_refused_from_the_header(write_file: WriteFile) -> None:
    header = ",".join(f"c{i}" for i in range(100_000))
    path = write_file(header + "\n" + "1," * 99_999 + "1\n")
    with pytest.raises(errors.StudyError, match="100,000 columns"):
        read(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_table_or_an_upload_error(write_file: WriteFile, content: bytes) -> None:
    with contextlib.suppress(errors.StudyError):
        assert read(write_file(content)).num_columns >= 2


WORDS = st.text(alphabet="abc äß€'\"\n", max_size=6).map(lambda text: "v" + text)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6),
    delimiter=st.sampled_from(list(dialects.COMMON)),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_comes_back_in_every_dialect(
    write_file: WriteFile, rows: list[tuple[str, str]], delimiter: str, encoding: str, end: str
) -> None:
    file = io.StringIO()
    out = writer.writer(file, delimiter=delimiter, lineterminator=end)
    out.writerows([("größe", f"with{delimiter}in"), *rows])
    table = read(write_file(file.getvalue().encode(encoding)))
    assert table.column_names == ["größe", f"with{delimiter}in"]
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


def test_the_separator_that_excel_declares_is_taken(write_file: WriteFile) -> None:
    study = csv.read(write_file("sep=|\na|b\n1,5|2;5\n"), limits.DEFAULT)
    assert study.table.to_pylist() == [{"a": "1,5", "b": "2;5"}]


def test_titles_above_the_header_are_skipped(write_file: WriteFile) -> None:
    study = csv.read(write_file("Results of 2017\n\na;b;c\n1;2;3\n4;5;6\n7;8;9\n"), limits.DEFAULT)
    assert study.table.column_names == ["a", "b", "c"]
    assert study.table.num_rows == 3
    assert [action.action for action in study.actions] == ["read", "skipped"]


def test_assumptions_are_reported(write_file: WriteFile) -> None:
    study = csv.read(write_file("größe;b\n1;2\n".encode("cp1252")), limits.DEFAULT)
    message = " ".join(action.reason for action in study.actions)
    assert "Windows-1252" in message
    assert "semicolon" in message


RAGGED = "name,city,income,comment\n" + "".join(
    f"n{row},c{row % 5},{row},{'fine, really' if row % 3 else 'ok'}\n" for row in range(60)
)


@pytest.mark.parametrize(
    ("content", "line", "cells"),
    [
        (RAGGED, 3, 5),  # most rows are one longer, so the first name seems to be missing
        ("sep=,\n" + RAGGED, 4, 5),
        ('name,city,income,comment\n\n"a\nb",c,1,x\n' + "n,c,1,x,y\n" * 9 + "n,c,1,x\n" * 20, 5, 5),
        ("name,city,income,comment\n" + "n,c,1,x,y,z\n" * 30, 2, 6),  # no row fits
        ("name,city,income,comment\n" + "n,c\n" * 30, 2, 2),
    ],
)
def test_uneven_rows_are_told_with_line_cells_and_header(
    write_file: WriteFile, content: str, line: int, cells: int
) -> None:
    with pytest.raises(errors.StudyError) as caught:
        csv.read(write_file(content), limits.DEFAULT)
    told = str(caught.value)
    assert told.startswith(f"Line {line} has {cells} cells, but the header has 4 columns ")
    assert "('name', 'city', 'income', ...)" in told
    assert "contain a comma in quotation marks" in told
    assert "sep=" in told
    assert "really" not in told


@pytest.mark.parametrize(("row", "which"), [("1,n,c,5\n", "first"), ("n,c,5,\n", "last")])
def test_a_header_that_is_one_short_is_reported(
    write_file: WriteFile, row: str, which: str
) -> None:
    study = csv.read(write_file("name,city,income\n" + row * 30), limits.DEFAULT)
    (action,) = study.actions
    assert f"one name short of the rows; the {which} column" in action.reason


def test_lines_above_the_table_that_are_no_header_are_skipped(write_file: WriteFile) -> None:
    above = "Exported,2024-01-31,by,Jo\nSurvey,Wave 2\n"
    table = read(write_file(above + "name,city,income,age,sex,team\n" + "n,c,1,2,x,y\n" * 30))
    assert table.column_names == ["name", "city", "income", "age", "sex", "team"]


def test_a_header_without_rows_is_told_with_its_first_names(write_file: WriteFile) -> None:
    names = ",".join(f"q{number}" for number in range(25))
    with pytest.raises(
        errors.StudyError, match=r"header of 25 columns \('q0', 'q1', 'q2', \.\.\.\)"
    ):
        csv.read(write_file(names + "\n"), limits.DEFAULT)


def test_next_to_no_uneven_lines_are_left_out_and_counted(write_file: WriteFile) -> None:
    path = write_file("a,b\n" + "1,x\n" * 200 + "2,SECRET,3\n" + "4,y\n" * 50)
    study = csv.read(path, limits.DEFAULT)
    assert study.table.num_rows == 250
    (action,) = study.actions
    assert (action.action, action.count) == ("skipped", 1)
    assert "SECRET" not in action.reason


def written(rows: list[list[str]], **dialect: Any) -> str:  # noqa: ANN401 - as csv.writer
    file = io.StringIO()
    writer.writer(file, lineterminator="\n", **dialect).writerows(rows)
    return file.getvalue()


NAMES = ["id", "age", "segment", "comment"]
COMMENTS = ["fine", "more, please", "it's; ok", 'say "hi"', "a^b|c~d", "", "50 % off: yes", "x y"]


def survey(rows: int = 60, seed: int = 1) -> list[list[str]]:
    rng = random.Random(seed)
    return [[f"C{n}", str(rng.randint(18, 90)), rng.choice(["Low", "High"]), rng.choice(COMMENTS)]
            for n in range(rows)]  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    delimiter=st.sampled_from([*dialects.COMMON, *dialects.OTHERS]),
    quote=st.sampled_from(['"', "'"]),
    quoting=st.sampled_from([writer.QUOTE_MINIMAL, writer.QUOTE_ALL]),
    escapes=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_survey_comes_back_in_every_dialect(
    write_file: WriteFile,
    delimiter: str,
    quote: str,
    quoting: Literal[0, 1],
    escapes: bool,  # noqa: FBT001 - a parameter of the law
    seed: int,
) -> None:
    dialect: dict[str, Any] = {"delimiter": delimiter, "quotechar": quote, "quoting": quoting}
    if escapes and delimiter != "\\" and (quote == '"' or quoting == writer.QUOTE_ALL):
        dialect |= {"escapechar": "\\", "doublequote": False}
    rows = survey(seed=seed)
    assume(sum("'" in row[-1] for row in rows) > 1)  # else little speaks for such a mark
    study = csv.read(write_file(written([NAMES, *rows], **dialect)), limits.DEFAULT)
    assert study.table.column_names == NAMES
    assert [[cell or "" for cell in row.values()] for row in study.table.to_pylist()] == rows
    again = options.Options.of(**json.loads(json.dumps(dict(study.overrides)))).file
    assert csv.read(write_file(written([NAMES, *rows], **dialect)), limits.DEFAULT, again) == study


def test_a_colon_in_times_is_no_delimiter(write_file: WriteFile) -> None:
    lines = [f"{n},10:{n:02}:00,11:{n:02}:30" for n in range(60)]
    table = read(write_file("\n".join([",start,end", *lines])))
    assert table.column_names == ["column_1", "start", "end"]


def test_decimal_commas_are_no_delimiters(write_file: WriteFile) -> None:
    lines = [f"{n}^{n},5^{n},25" for n in range(60)]
    assert read(write_file("\n".join(["a^b^c", *lines]))).column_names == ["a", "b", "c"]


def test_a_path_that_ends_with_a_backslash_is_no_escape(write_file: WriteFile) -> None:
    table = read(write_file('a,b\n"C:\\x\\",1\n"D:\\",2\n'))
    assert table["a"].to_pylist() == ["C:\\x\\", "D:\\"]


def test_short_lines_lack_their_last_cells_and_are_counted(write_file: WriteFile) -> None:
    rows = [[*row, f"{at}"] for at, row in enumerate(survey())]
    short = [row[: 3 + at % 3] for at, row in enumerate(rows)]
    study = csv.read(write_file(written([[*NAMES, "n"], *short])), limits.DEFAULT)
    assert [[cell or "" for cell in row.values()] for row in study.table.to_pylist()] == [
        [*row, "", ""][:5] for row in short
    ]
    (action,) = study.actions
    assert (action.action, action.count) == ("read", sum(len(row) < 5 for row in short))


def test_lines_that_end_with_more_empty_cells_are_cut(write_file: WriteFile) -> None:
    rows = survey()
    lines = [[*row, *[""] * (at % 3)] for at, row in enumerate(rows)]
    study = csv.read(write_file(written([NAMES, *lines])), limits.DEFAULT)
    assert study.table["id"].to_pylist() == [row[0] for row in rows]
    (action,) = study.actions
    assert "more empty cells" in action.reason


@pytest.mark.parametrize(
    "lines",
    [
        [row if at % 2 else [row[0], *row[2:]] for at, row in enumerate(survey())],  # one is lost
        [["1", "2", "3", "4", "5"] if at % 9 == 0 else row for at, row in enumerate(survey())],
    ],
    ids=["a cell is missing in the middle", "a cell too many"],
)
def test_lines_that_do_not_fit_the_columns_are_refused(
    write_file: WriteFile, lines: list[list[str]]
) -> None:
    with pytest.raises(errors.StudyError, match="rows in all do not fit"):
        read(write_file(written([NAMES, *lines])))


def test_lines_that_are_broken_in_two_are_refused(write_file: WriteFile) -> None:
    lines = [f"{n},fi{chr(10) if n % 3 == 0 else ''}ne,30" for n in range(60)]
    with pytest.raises(errors.StudyError, match="Line 2 has 2 cells"):
        read(write_file("\n".join(["id,comment,age", *lines])))


def test_another_table_below_an_empty_line_is_left_out(write_file: WriteFile) -> None:
    text = written([NAMES, *survey()]) + "\nSegment,Count\nLow,29\nHigh,31\n"
    study = csv.read(write_file(text), limits.DEFAULT)
    assert study.table.num_rows - study.table["id"].null_count == 60
    assert any("3 rows of another table" in action.reason for action in study.actions)


def test_the_quotation_mark_can_be_stated(write_file: WriteFile) -> None:
    path = write_file("a;b\n" + "1;'x;y'\n" + "2;z\n" * 20)
    how = options.FileOptions(delimiter=";'")
    assert csv.read(path, limits.DEFAULT, how).table["b"][0].as_py() == "x;y"


@pytest.mark.parametrize("cell", ['="{}"', '"=""{}"""'])
def test_formulas_of_excel_hold_texts(write_file: WriteFile, cell: str) -> None:
    lines = [f"{cell.format(zip_code)},x" for zip_code in ("01067", "10115", "")]
    study = csv.read(write_file("\n".join(["zip,b", *lines, ",x", ""])), limits.DEFAULT)
    assert study.table["zip"].to_pylist() == ["01067", "10115", None, None]
    assert [action.column for action in study.actions] == ["zip"]
    mixed = read(write_file("zip,b\n" + '="1",x\n2,y\n'))
    assert mixed["zip"].to_pylist() == ['="1"', "2"]
