import datetime as dt
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy
from simulacra.engine.options import FileOptions
from simulacra.engine.reading import moments, source, valuelabels
from tests.studies import statistical_files

LABELS: dict[str, Any] = {
    "agreement": {1.0: "never", 2.0: "sometimes", 3.0: "always", 9.0: "refused"},
    "gender": {"m": "Male", "f": "Female"},
    "nps": {0.0: "Not at all", 10.0: "Extremely"},
    "age": {99.0: "Refused"},
}


@pytest.fixture(params=["sav", "zsav"])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A small SPSS file with what such files hold."""
    path = tmp_path / f"study.{request.param}"
    frame = pd.DataFrame(
        {
            "agreement": [1.0, 3.0, 9.0, 3.0, np.nan],
            "gender": ["m", "f", "f", "x", ""],
            "age": [31.0, 44.0, 99.0, 27.5, 60.0],
            "nps": [0.0, 10.0, 7.0, 5.0, 3.0],
            "day": [dt.date(2024, 2, 29), dt.date(1999, 1, 1), None, dt.date(2000, 1, 1), None],
            "said": ["süß", "größer", "", "x ", "y"],
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        compress=request.param == "zsav",
        column_labels={"agreement": "I agree", "age": "Age in years"},
        variable_value_labels=LABELS,
        missing_ranges={"agreement": [9.0]},
        variable_measure={"agreement": "ordinal", "nps": "nominal", "age": "scale"},
    )
    return path


def read(path: Path) -> RawStudy:
    return source.read(path, limits.DEFAULT)


def actions_of(study: RawStudy) -> list[str]:
    return [f"{action.action} {action.column} {action.count}" for action in study.actions]


def test_value_labels_become_levels_in_their_order(path: Path) -> None:
    study = read(path)
    column = study.table["agreement"]
    assert column.type.ordered
    assert column.to_pylist() == ["never", "always", None, "always", None]
    assert column.chunk(0).dictionary.to_pylist() == ["never", "sometimes", "always", "refused"]
    assert list(study.variables["agreement"].label_values) == [1, 2, 3, 9]
    assert study.variables["agreement"].label == "I agree"
    assert "blanked agreement 1" in actions_of(study)


@pytest.mark.parametrize("code", [float("nan"), float("inf")])
def test_a_label_of_a_blank_is_no_level(tmp_path: Path, code: float) -> None:
    path = tmp_path / "study.sav"
    labels = {"q": {1.0: "one", 2.0: "two", code: "none"}}
    pyreadstat.write_sav(pd.DataFrame({"q": [1.0, 2.0]}), path, variable_value_labels=labels)
    assert read(path).table["q"].chunk(0).dictionary.to_pylist() == ["one", "two"]


def test_labels_of_texts(path: Path) -> None:
    gender = read(path).table["gender"]
    assert gender.to_pylist() == ["Male", "Female", "Female", "x", None]
    assert gender.chunk(0).dictionary.to_pylist() == ["Female", "Male", "x"]


def test_a_number_with_a_label_for_no_answer(path: Path) -> None:
    study = read(path)
    assert study.table["age"].to_pylist() == [31, 44, None, 27.5, 60]
    assert "blanked age 1" in actions_of(study)


def test_a_scale_whose_ends_are_labelled(path: Path) -> None:
    nps = read(path).table["nps"]
    assert nps.to_pylist() == ["Not at all", "Extremely", "7", "5", "3"]
    assert nps.chunk(0).dictionary.to_pylist() == ["Not at all", "3", "5", "7", "Extremely"]


def test_dates_and_texts(path: Path) -> None:
    table = read(path).table
    assert table["day"].to_pylist()[:3] == [dt.date(2024, 2, 29), dt.date(1999, 1, 1), None]
    assert table["said"].to_pylist() == ["süß", "größer", None, "x", "y"]


def test_more_than_the_bounds_is_refused_from_the_header(path: Path) -> None:
    for bounds in (limits.StudyBounds(max_columns=3), limits.StudyBounds(max_rows=4)):
        with pytest.raises(errors.StudyError, match="6 columns and 5 rows"):
            source.read(path, bounds)
    with pytest.raises(errors.StudyError, match="unpacks to"):
        source.read(path, limits.StudyBounds(max_cell_bytes=500))


def test_a_file_that_unpacks_to_much_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zsav"
    frame = pd.DataFrame({f"x{place}": np.zeros(20_000) for place in range(50)})
    pyreadstat.write_sav(frame, bomb, compress=True)
    assert bomb.stat().st_size < 100_000
    with pytest.raises(errors.StudyError, match="unpacks to 40,000,000 bytes"):
        source.read(bomb, limits.StudyBounds(max_cell_bytes=30_000_000))


def test_a_truncated_file_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(errors.StudyError, match="damaged, has a password"):
        read(path)


@pytest.mark.parametrize(
    ("print_format", "kind"),
    [
        ("EDATE10", moments.Kind.DATE),
        ("QYR8", moments.Kind.DATE),
        ("DATETIME20", moments.Kind.DATETIME),
        ("TIME11.2", moments.Kind.CLOCK),
        ("DTIME14", moments.Kind.DURATION),
        ("F8.2", None),
        ("DOLLAR8", None),
    ],
)
def test_a_print_format_decides_whether_numbers_are_moments(
    print_format: str, kind: moments.Kind | None
) -> None:
    assert moments.kind(print_format) is kind


def test_dates_beyond_the_year_9999_are_missing() -> None:
    seconds = np.array([13630723200.0, 6306150067200.0, np.nan])
    array, (action,) = moments.convert("x", seconds, moments.Kind.DATETIME)
    assert array.to_pylist() == [dt.datetime(2014, 9, 22), None, None]  # noqa: DTZ001
    assert (action.action, action.count) == ("blanked", 1)


def coded(values: list[float], labels: dict[float, str], **more: bool) -> pa.Array:
    coding = valuelabels.ValueLabels.of(
        labels, more.get("is_ordinal", False), more.get("is_scale", False)
    )
    return valuelabels.apply("x", np.array(values), coding)[0]


def test_codes_with_the_same_label_stay_distinct() -> None:
    coding = valuelabels.ValueLabels.of({1: "Yes", 2: "Other", 3: "Other"}, False, False)  # noqa: FBT003
    array, codes, (action,) = valuelabels.apply("x", np.array([1.0, 2, 3]), coding)
    assert array.to_pylist() == ["Yes", "Other (2)", "Other (3)"]
    assert list(codes) == [1, 2, 3]
    assert (action.action, action.count) == ("relabelled", 2)


def test_slips_between_labels_are_missing_and_other_codes_stay() -> None:
    labels = {1.0: "agree", 2.0: "disagree"}
    values = [1.0, 2.0] * 40 + [1.5, -9.0, 4.0]
    assert coded(values, labels).to_pylist()[-3:] == [None, None, "4"]


def test_ordered_codes_without_labels_are_levels() -> None:
    array = coded([3.0, 1, 2], {}, is_ordinal=True)
    assert array.type.ordered
    assert array.dictionary.to_pylist() == ["1", "2", "3"]


def test_codes_without_labels_are_numbers() -> None:
    assert coded([3.0, 1, 2], {}).type == pa.float64()
    assert coded([3.0, 1, 2], {99: "refused"}).type == pa.float64()


SCALE = [1.0, 2, 3, 4, 5] * 20
HOURS = [float(hours) for hours in range(41)]


@pytest.mark.parametrize(
    ("values", "labels", "expected"),
    [
        (HOURS, {99: "\u7121\u56de\u7b54"}, [99]),
        (HOURS, {97: "other", 98: "DK", 99: "99. NA"}, [97, 98, 99]),
        (HOURS, {-1: "sans r\u00e9ponse"}, [-1]),
        (HOURS, {888888: "not asked"}, [888888]),
        (SCALE, {1: "very bad", 5: "very good", 9: "NS/NR"}, [9]),
        (SCALE, {1: "very bad", 5: "very good", 8: "vet ej", 9: "vill ej"}, [8, 9]),
        ([*SCALE, 6.0], {1: "bad", 7: "good", 8: "weet niet", 9: "geen antwoord"}, [8, 9]),
        (HOURS, {0: "none"}, []),
        (HOURS, {41: "41 or more"}, []),
        (HOURS, {100: "all the time"}, []),
        ([float(age) for age in range(18, 94)], {97: "97 or older"}, []),
        ([-5.0, -1, 0, 3, 4], {-2: "worse"}, []),
        ([0.0, 1, 2], {3: "Don't know"}, [3]),
    ],
)
def test_labelled_codes_off_the_scale_are_no_answers(
    values: list[float], labels: dict[float, str], expected: list[float]
) -> None:
    coding = valuelabels.ValueLabels.of(labels, is_ordinal=False, is_scale=True)
    assert coding.no_answers(np.array([*values, *labels])) == expected


@pytest.mark.parametrize(
    ("stated", "count"),
    [({}, 30), ({"hours": ("98",)}, 20), ({"hours": ()}, 0), ({"hours": ("DK",)}, 20)],
)
def test_a_caller_overrides_what_means_no_answer(
    tmp_path: Path, stated: dict[str, tuple[str, ...]], count: int
) -> None:
    cells = [*range(41)] * 2 + [98] * 20 + [99] * 10
    frame = pd.DataFrame({"hours": np.array(cells, dtype=float), "age": 1.0})
    path = tmp_path / "study.sav"
    pyreadstat.write_sav(
        *(frame, path),
        variable_value_labels={"hours": {98.0: "DK", 99.0: "NA"}},
        missing_ranges={"hours": [99.0]},
        variable_measure={"hours": "scale"},
    )
    table = source.read(path, limits.DEFAULT, FileOptions(missing=stated)).table
    assert table["hours"].null_count == count


NUMBERS = st.floats(-1e6, 1e6, width=32) | st.just(np.nan)
TEXTS = st.text(alphabet="abc äöß€", max_size=8)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(NUMBERS, TEXTS, st.sampled_from([1.0, 2.0, 3.0])), min_size=1),
    compress=st.booleans(),
)
def test_a_table_comes_back(
    tmp_path: Path, *, rows: list[tuple[float, str, float]], compress: bool
) -> None:
    frame = pd.DataFrame(rows, columns=["number", "text", "code"])
    labels: dict[str, Any] = {"code": {1.0: "one", 2.0: "two", 3.0: "three"}}
    path = tmp_path / "study.sav"
    pyreadstat.write_sav(frame, path, compress=compress, variable_value_labels=labels)
    table = read(path).table
    assert table["number"].to_pylist() == [None if np.isnan(row[0]) else row[0] for row in rows]
    assert table["text"].to_pylist() == [row[1].strip() or None for row in rows]
    assert table["code"].to_pylist() == [labels["code"][row[2]] for row in rows]


def test_a_clock_shows_times_of_day_or_durations() -> None:
    """SPSS has one format for both; the values tell, and the report says which they told."""
    hours = np.array([9.5, 14, 20, np.nan]) * 3_600
    times, (action,) = moments.convert("x", hours, moments.Kind.CLOCK)
    assert times.to_pylist() == [dt.time(9, 30), dt.time(14), dt.time(20), None]
    assert action.reason.startswith("times of day, not durations")
    short, (action,) = moments.convert("x", hours / 60, moments.Kind.CLOCK)
    assert short.to_pylist()[:2] == [dt.timedelta(seconds=570), dt.timedelta(seconds=840)]
    assert action.reason.startswith("durations, not times of day")
    days, actions = moments.convert("x", hours * 10, moments.Kind.DURATION)
    assert days.to_pylist()[0] == dt.timedelta(hours=95)
    assert not actions


DAYS = [dt.date(2024, 2, 29), dt.date(1999, 1, 1), None, dt.date(1959, 12, 31)]


def labelled(path: Path, content: bytes) -> RawStudy:
    path.write_bytes(content)
    study = read(path)
    assert study.table.num_rows == 30
    assert study.table["AGE"].to_pylist()[:5] == [31, 44, 27.5, None, 18]
    assert study.table["DAY"].to_pylist()[:4] == DAYS
    return study


@pytest.mark.parametrize("version", [8, 10, 12, 13, 15])
def test_stata_files_of_all_versions(tmp_path: Path, version: int) -> None:
    """Before version 14 text is in no stated encoding, and other programs write UTF-8."""
    study = labelled(tmp_path / "a", statistical_files.dta(tmp_path / "b", version))
    assert study.table["CITY"].to_pylist()[:3] == ["Köln", "Bonn", None]
    assert study.table["MOOD"].to_pylist()[:3] == ["good", "bad", None]
    assert study.variables["AGE"].label == "Age in years"
    (blanked,) = [action for action in study.actions if action.column == "MOOD"]
    assert (blanked.action, blanked.count) == ("blanked", 10)
    assert ".r ('refused')" in blanked.reason


def test_missing_values_that_a_caller_states_of_a_stata_file(tmp_path: Path) -> None:
    """Those with a letter are missing in any case, for they are no numbers."""
    statistical_files.dta(tmp_path / "a.dta")
    for stated, expected in (
        (("bad", "refused"), ["good", None, None]),
        (("1", ".r"), [None, "bad", None]),
        ((), ["good", "bad", None]),
    ):
        how = FileOptions(missing={"MOOD": stated})
        study = source.read(tmp_path / "a.dta", limits.DEFAULT, how)
        assert study.table["MOOD"].to_pylist()[:3] == expected


def test_numbers_of_four_bytes_are_those_that_were_typed(tmp_path: Path) -> None:
    weights = [5.1, 0.2, 1e-7, 123456.7, np.nan]
    frame = pd.DataFrame({"id": range(5), "w4": np.array(weights, np.float32), "w8": weights})
    frame.to_stata(tmp_path / "a.dta", write_index=False)
    table = read(tmp_path / "a.dta").table
    assert table["w4"].to_pylist() == table["w8"].to_pylist() == [*weights[:4], None]


def test_a_stata_file_in_windows_1252(tmp_path: Path) -> None:
    content = statistical_files.dta(tmp_path / "b", 13).replace("Köln".encode(), b"K\xf6ln\0")
    assert labelled(tmp_path / "a", content).table["CITY"].to_pylist()[0] == "Köln"


def test_a_sas_file(tmp_path: Path) -> None:
    study = labelled(tmp_path / "a", statistical_files.sas7bdat())
    assert study.table["CITY"].to_pylist()[:3] == ["Köln", "Bonn", None]
    assert study.table["MOOD"].to_pylist()[:3] == [1, 2, None]
    catalog, missing = study.actions
    assert "catalog of formats (MOODF)" in catalog.reason
    assert (missing.column, missing.count) == ("MOOD", 10)
    assert ".R" in missing.reason


@pytest.mark.parametrize("version", [5, 8])
def test_a_sas_transport_file(tmp_path: Path, version: Literal[5, 8]) -> None:
    study = labelled(tmp_path / "a", statistical_files.xpt(tmp_path / "b", version))
    assert study.table["CITY"].to_pylist()[:3] == ["Köln", "Bonn", None]


def test_a_portable_spss_file(tmp_path: Path) -> None:
    study = labelled(tmp_path / "a", statistical_files.por(tmp_path / "b"))
    assert study.table["CITY"].to_pylist()[:3] == ["Koeln", "Bonn", None]
    assert study.table["MOOD"].to_pylist()[:3] == ["good", "bad", None]
    assert study.variables["MOOD"].label == "Mood"


@pytest.mark.parametrize("program", ["dta", "xpt", "por", "sas7bdat"])
def test_bounds_and_damage_in_files_of_all_programs(tmp_path: Path, program: str) -> None:
    path = tmp_path / f"study.{program}"
    if program == "sas7bdat":
        path.write_bytes(statistical_files.sas7bdat())
    else:
        getattr(statistical_files, program)(path)
    for bounds, message in (
        (limits.StudyBounds(max_columns=3), "4 columns"),
        (limits.StudyBounds(max_rows=29), "30 rows"),
        (limits.StudyBounds(max_cell_bytes=3_000), "unpacks to|columns and 19 rows"),
    ):
        with pytest.raises(errors.StudyError, match=message):
            source.read(path, bounds)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(errors.StudyError, match="damaged"):
        source.read(path, limits.DEFAULT)


def test_a_stata_file_whose_names_are_displaced_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "study.dta"
    content = statistical_files.dta(path, version=10)
    path.write_bytes(content[:46] + b"\x80" * 20 + content[46:])
    with pytest.raises(errors.StudyError, match="damaged"):
        source.read(path, limits.DEFAULT)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data(), st.sampled_from(["dta", "xpt", "por", "sav"]))
def test_what_is_written_is_read(tmp_path: Path, data: st.DataObject, suffix: str) -> None:
    rows = data.draw(st.integers(2, 6))
    cells = {
        "NUMBER": st.floats(-1e9, 1e9, width=32) | st.integers(-999, 9999).map(float),
        "WORD": st.text("abc xyz", min_size=1, max_size=8).map(str.strip).filter(bool),
        "DAY": st.dates(dt.date(1901, 1, 1), dt.date(2100, 1, 1)),
    }
    drawn = {
        name: data.draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        for name, values in cells.items()
    }
    frame = pd.DataFrame({"ID": np.arange(1.0, rows + 1), **drawn})
    frame["NUMBER"] = frame["NUMBER"].astype(float)
    for name in ("WORD", "DAY"):
        frame[name] = pd.Series(drawn[name], dtype=object)
        if all(cell is None for cell in drawn[name]):  # which has no type
            del frame[name], drawn[name]
    if "WORD" in frame:
        frame["WORD"] = frame["WORD"].fillna("")
    writers: dict[str, Any] = {"dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport,
             "por": pyreadstat.write_por, "sav": pyreadstat.write_sav}  # fmt: skip
    writers[suffix](frame, tmp_path / "study")
    table = read(tmp_path / "study").table
    numbers = np.array(drawn.pop("NUMBER"), dtype=float)
    np.testing.assert_allclose(np.array(table["NUMBER"].to_pylist(), float), numbers, rtol=1e-9)
    assert {name: table[name].to_pylist() for name in drawn} == drawn
