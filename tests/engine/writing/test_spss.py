"""SPSS files, read by programs that are not ours: pyreadstat, and PSPP if it is there."""

import datetime as dt
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import Code, Coding
from simulacra.engine.columns import registry
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column, MultipleResponseSet
from simulacra.engine.reading import source
from simulacra.engine.writing import files
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.system_file import names

FORMATS = ["sav", "zsav"]
ORIGIN = dt.datetime(1582, 10, 14)  # noqa: DTZ001 - SPSS knows no zones


def column(name: str, kind: Any = NUMBER, **facts: Any) -> Column:  # noqa: ANN401
    label = facts.pop("label", f"What about {name}?")
    return Column(name, facts.pop("source_name", name), label, kind, 0.0, **facts)


def written(
    path: Path, table: pa.Table, codebook: Codebook | None = None
) -> tuple[dict[str, list[Any]], Any]:
    """Write a table, and return what pyreadstat reads."""
    files.write(table, path, codebook=codebook)
    cells, meta = pyreadstat.read_sav(
        path, output_format="dict", user_missing=True, disable_datetime_conversion=True
    )
    return cells, meta


# Any table


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=30
).map(str.strip)
MOMENTS = st.datetimes(dt.datetime(1600, 1, 1), dt.datetime(2400, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "whole": (pa.int64(), st.integers(-(2**53), 2**53)),
    "number": (pa.float64(), st.floats(-1e29, 1e29)),
    "text": (pa.string(), TEXTS | TEXTS.map(lambda text: text * 40)),
    "choice": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates(dt.date(1600, 1, 1), dt.date(2400, 1, 1))),
    "moment": (pa.timestamp("us"), MOMENTS),
    "time": (pa.time64("us"), st.times().map(lambda time: time.replace(microsecond=0))),
    "duration": (
        pa.duration("s"),
        st.integers(-(10**9), 10**9).map(lambda it: dt.timedelta(0, it)),
    ),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    kinds = draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=6))
    rows = draw(st.integers(0, 20))
    named = draw(st.lists(st.text(max_size=70), min_size=len(kinds), max_size=len(kinds),
                          unique=True))  # fmt: skip
    columns = []
    for kind in kinds:
        arrow, values = KINDS[kind]
        cells = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns.append(pa.array(cells, arrow))
    return pa.table(columns, names=named)


def as_spss(cell: Any) -> Any:  # noqa: ANN401
    """Return a cell as SPSS has it: texts, and numbers of seconds."""
    if isinstance(cell, bool | int):
        return float(cell)
    if isinstance(cell, dt.datetime):
        return (cell - ORIGIN).total_seconds()
    if isinstance(cell, dt.date):
        return (dt.datetime.combine(cell, dt.time()) - ORIGIN).total_seconds()
    if isinstance(cell, dt.time):
        return float((cell.hour * 60 + cell.minute) * 60 + cell.second)
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    return cell


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables(), form=st.sampled_from(FORMATS))
def test_any_table_is_read_alike(tmp_path: Path, table: pa.Table, form: str) -> None:
    cells, meta = written(tmp_path / f"rows.{form}", table)
    assert meta.column_names == names.valid(table.column_names)
    assert meta.number_rows == table.num_rows
    for name, expected in zip(meta.column_names, table.columns, strict=True):
        if pa.types.is_string(expected.type):  # a blank text is a missing one, in SPSS too
            assert cells[name] == [cell or "" for cell in expected.to_pylist()]
        else:
            assert cells[name] == [as_spss(cell) for cell in expected.to_pylist()]


LEVELS = st.lists(st.text("abcäöü 1", min_size=1, max_size=20).map(str.strip).filter(bool),
                  min_size=2, max_size=5, unique=True)  # fmt: skip


@st.composite
def coded_columns(draw: st.DrawFn) -> tuple[Column, Coding | None, list[str | None]]:
    levels = draw(LEVELS)
    kind = draw(st.sampled_from([NOMINAL, ORDINAL]))
    count = len(levels)
    numbers = st.lists(st.integers(-999, 999).map(float), min_size=count, max_size=count,
                       unique=True)  # fmt: skip
    texts = st.lists(st.text("xyzé", min_size=1, max_size=12), min_size=count, max_size=count,
                     unique=True)  # fmt: skip
    coding = None
    if draw(st.booleans()):
        is_text = draw(st.booleans())
        codes: list[Code] = [*draw(texts)] if is_text else [*draw(numbers)]
        labels = dict(zip(codes, levels, strict=True)) if draw(st.booleans()) else {}
        coding = Coding(tuple(codes), labels, is_text=is_text)
    cells = draw(st.lists(st.none() | st.sampled_from(levels), min_size=9, max_size=9))
    return column("q", kind, levels=tuple(levels)), coding, cells


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=coded_columns(), form=st.sampled_from(FORMATS))
def test_any_levels_are_read_alike(
    tmp_path: Path, drawn: tuple[Column, Coding | None, list[str | None]], form: str
) -> None:
    described, coding, expected = drawn
    table = pa.table({"q": pa.array(expected, pa.string())})
    codebook = Codebook({"q": Entry(described, coding)})
    cells, meta = written(tmp_path / f"rows.{form}", table, codebook)
    labels = meta.variable_value_labels.get("q", {})
    shown = [None if code in (None, "") else labels.get(code, code) for code in cells["q"]]
    assert shown == expected
    assert meta.variable_measure["q"] == str(described.type)
    if coding is not None and expected[0] is not None:
        assert cells["q"][0] == coding.codes[described.levels.index(expected[0])]


# What researchers see


def test_a_column_is_what_it_was_in_the_file_of_the_study(tmp_path: Path) -> None:
    levels = ("Yes", "No", "Other")
    table = pa.table({"q.1": ["Yes", "Other", None], "spend": [1.5, 99.0, None], "age": [3, 9, 5]})
    codings = {
        "q.1": Coding(
            (1.0, 2.0, 10.0),
            {1.0: "Yes ", 2.0: "No", 9.0: "Refused"},
            ((8.0, 9.0), (-1.0, -1.0)),
            "nominal",
            "F1.0",
        ),
        "spend": Coding(
            (),
            {98.0: "Unsure", 99.0: "Refused"},
            ((98.0, 98.0), (99.0, 99.0)),
            "scale",
            "DOLLAR8.2",
        ),
        "age": Coding((), {}, ((-math.inf, -1.0),), "ordinal", "F1.0"),
    }
    described = {
        "q.1": column("q.1", NOMINAL, levels=levels, source_name="q#1"),
        "spend": column("spend", decimals=1),
        "age": column("age", registry.named("integer"), label="age"),
    }
    codebook = Codebook({name: Entry(described[name], codings[name]) for name in described})
    cells, meta = written(tmp_path / "rows.sav", table, codebook)
    assert cells == {"q.1": [1.0, 10.0, None], "spend": [1.5, 99.0, None], "age": [3.0, 9.0, 5.0]}
    assert meta.column_names_to_labels == {
        "q.1": "What about q.1?", "spend": "What about spend?", "age": None
    }  # fmt: skip
    assert meta.variable_value_labels == {
        "q.1": {1.0: "Yes", 2.0: "No", 9.0: "Refused", 10.0: "Other"},
        "spend": {98.0: "Unsure"},  # 99 is an amount of these rows, and so is no refusal in them
    }
    assert meta.missing_ranges["q.1"] == [{"lo": 8.0, "hi": 9.0}, {"lo": -1.0, "hi": -1.0}]
    assert meta.missing_ranges["spend"] == [{"lo": 98.0, "hi": 98.0}]
    assert meta.missing_ranges["age"][0]["hi"] == -1
    assert meta.variable_measure == {"q.1": "nominal", "spend": "scale", "age": "ordinal"}
    assert meta.original_variable_types == {"q.1": "F2.0", "spend": "DOLLAR8.2", "age": "F1.0"}
    assert b"q.1:SourceName('q#1'\n)" in (tmp_path / "rows.sav").read_bytes()


@pytest.mark.parametrize(
    ("cells", "facts", "stated", "expected"),
    [
        (pa.array([1, 2]), {}, "", "F8.0"),
        (pa.array([123_456_789]), {}, "", "F9.0"),
        (pa.array([0.25]), {"decimals": 3}, "", "F8.3"),
        (pa.array([-123_456.5]), {"decimals": 2}, "", "F10.2"),
        (pa.array([1e-20]), {"decimals": 25}, "", "F18.16"),
        (pa.array([1.5]), {"decimals": 2}, "COMMA6.1", "COMMA6.1"),
        (pa.array([1.5]), {"decimals": 2}, "F99.2", "F8.2"),
        (pa.array([1234]), {}, "F2.0", "F4.0"),
        (pa.array([1]), {}, "%9.0g", "F8.0"),
        (pa.array([dt.date(2024, 5, 1)]), {}, "", "DATE11"),
        (pa.array([dt.date(2024, 5, 1)]), {"grid": "month"}, "", "MOYR8"),
        (pa.array([dt.date(2024, 5, 1)]), {}, "EDATE10", "EDATE10"),
        (pa.array([dt.date(2024, 5, 1)]), {}, "F8.2", "DATE11"),
        (pa.array([dt.datetime(2024, 5, 1, 12)]), {}, "", "DATETIME20"),  # noqa: DTZ001
        (pa.array([dt.time(12, 30)]), {}, "", "TIME8"),
        (pa.array([dt.timedelta(0, 90)]), {"decimals": 0}, "", "DTIME13"),
        (pa.array([dt.timedelta(0, 90.5)]), {"decimals": 1}, "", "DTIME15.1"),
        (pa.array([dt.timedelta(0, 90)]), {}, "TIME8", "TIME8"),
    ],
)
def test_display_formats_fit_the_values(
    tmp_path: Path, cells: pa.Array, facts: dict[str, Any], stated: str, expected: str
) -> None:
    entry = Entry(column("q", **facts), Coding(display_format=stated))
    _, meta = written(tmp_path / "rows.sav", pa.table({"q": cells}), Codebook({"q": entry}))
    assert meta.original_variable_types["q"] == expected


def test_texts_of_any_length(tmp_path: Path) -> None:
    lengths = [1, 8, 9, 255, 256, 252 * 3, 3_000, 32_767]
    table = pa.table({f"t{it}": ["x" * (it - 1) + "y", None] for it in lengths} | {"end": [1, 2]})
    cells, meta = written(tmp_path / "rows.zsav", table)
    for it in lengths:
        assert cells[f"t{it}"] == ["x" * (it - 1) + "y", ""]
        assert meta.original_variable_types[f"t{it}"] == f"A{it}"
    assert cells["end"] == [1, 2]
    cut, _ = written(tmp_path / "rows.sav", pa.table({"long": ["ä" * 20_000]}))
    assert cut["long"] == ["ä" * 16_383]


def test_codes_that_are_texts(tmp_path: Path) -> None:
    coding = Coding(
        ("n", "a long code", None), {"n": "North", "z": "Unused"}, (("zz", "zz"),), is_text=True,
        display_format="A20",
    )  # fmt: skip
    entry = Entry(column("q", NOMINAL, levels=("North", "a long code", "Not selected")), coding)
    table = pa.table({"q": ["North", "a long code", "Not selected", None]})
    cells, meta = written(tmp_path / "rows.sav", table, Codebook({"q": entry}))
    assert cells["q"] == ["n", "a long code", "", ""]
    assert meta.variable_value_labels["q"] == {"n": "North", "z": "Unused"}
    assert meta.missing_ranges["q"] == [{"lo": "zz", "hi": "zz"}]
    assert meta.original_variable_types["q"] == "A20"


def test_long_labels_are_cut_and_stay_as_attributes(tmp_path: Path) -> None:
    question, answer = "Wie zufrieden sind Sie mit öffentlichen Ämtern? " * 8, "ß" * 90
    entry = Entry(column("q", NOMINAL, levels=(answer, "b"), label=question))
    table = pa.table({"q": [answer, "b"]})
    _, meta = written(tmp_path / "rows.sav", table, Codebook({"q": entry}))
    label = meta.column_names_to_labels["q"]
    assert question.startswith(label[:-1])
    assert label.endswith("…")
    assert 250 <= len(label.encode()) <= 255
    assert meta.variable_value_labels["q"][1.0] == "ß" * 58 + "…"
    assert f"Label('{question.strip()}'\n)".encode() in (tmp_path / "rows.sav").read_bytes()


def test_title_notes_and_weight(tmp_path: Path) -> None:
    note = "condition   target\nsegment = " + "größer " * 40
    codebook = Codebook(weight="w", title="Ü" * 38, card=[("Made", "by hand")], figures=note)
    _, meta = written(tmp_path / "r.sav", pa.table({"t": ["x" * 300], "w": [0.5]}), codebook)
    assert meta.file_label == "Ü" * 30 + "…"
    assert {"Made: by hand", "condition   target"} <= {line.strip() for line in meta.notes}
    assert " ".join(meta.notes).split() == " ".join(codebook.notes).split()
    assert all(len(line.encode()) <= 80 for line in meta.notes)
    weight = int.from_bytes((tmp_path / "r.sav").read_bytes()[76:80], "little")
    assert weight == 1 + 32 + 6  # elements of two segments of the text before it


def sets(*found: tuple[str, str, tuple[str, ...], str | None]) -> list[MultipleResponseSet]:
    return [
        MultipleResponseSet(name, f"Which {name}? Größe", kind, columns, counted)
        for name, kind, columns, counted in found
    ]


def test_multiple_response_sets(tmp_path: Path) -> None:
    long = "options_of_a_question_with_a_long_name_"
    table = pa.table(
        {
            "t": ["x" * 600],
            f"{long}1": [True],
            f"{long}2": [False],
            "first": ["tea"],
            "second": ["milk"],
            "Größe1": ["ja"],
            "Größe2": ["nein"],
        }
    )
    described = {
        **{
            f"{long}{it}": column(f"{long}{it}", BOOLEAN, levels=("false", "true")) for it in (1, 2)
        },
        "first": column("first", NOMINAL, levels=("milk", "tea")),
        "second": column("second", NOMINAL, levels=("milk", "water")),
        **{f"Größe{it}": column(f"Größe{it}", NOMINAL, levels=("ja", "nein")) for it in (1, 2)},
    }
    entries = {name: Entry(it) for name, it in described.items()}
    for name in ("Größe1", "Größe2"):
        entries[name] = Entry(described[name], Coding(("j", "n"), is_text=True))
    codebook = Codebook(
        entries,
        sets(
            ("Drinks", "category", ("first", "second"), None),
            ("chosen options", "dichotomy", (f"{long}1", f"{long}2"), "true"),
            ("texts", "dichotomy", ("Größe1", "Größe2"), "ja"),
            ("mixed", "dichotomy", (f"{long}1", "Größe1"), None),
        ),
    )
    cells, meta = written(tmp_path / "rows.sav", table, codebook)
    assert cells["first"] == [2.0]
    assert meta.mr_sets == {
        "Drinks": {
            "type": "C",
            "is_dichotomy": False,
            "counted_value": None,
            "label": "Which Drinks? Größe",
            "variable_list": ["first", "second"],
        },
        "chosen.options": {
            "type": "D",
            "is_dichotomy": True,
            "counted_value": 1,
            "label": "Which chosen options? Größe",
            "variable_list": [f"{long}1", f"{long}2"],
        },
        "texts": {
            "type": "D",
            "is_dichotomy": True,
            "counted_value": None,  # ReadStat takes whole numbers alone
            "label": "Which texts? Größe",
            "variable_list": ["Größe1", "Größe2"],
        },
    }
    assert b"$texts=D1 j " in (tmp_path / "rows.sav").read_bytes()
    assert "The multiple-response set mixed is left out" in meta.notes[0]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    columns=st.lists(st.text(min_size=1, max_size=70), min_size=2, max_size=6, unique=True),
    labels=st.lists(st.text("aäß€ \n()=$", max_size=80), min_size=1, max_size=3),
    data=st.data(),
)
def test_any_sets_are_read_alike(
    tmp_path: Path, columns: list[str], labels: list[str], data: st.DataObject
) -> None:
    members = st.lists(st.sampled_from(columns), min_size=2, unique=True)
    found = [
        MultipleResponseSet(label, label, kind, tuple(data.draw(members)),
                            "true" if kind == "dichotomy" else None)
        for label in labels
        if (kind := data.draw(st.sampled_from(["dichotomy", "category"])))
    ]  # fmt: skip
    entries = {name: Entry(column(name, BOOLEAN, levels=("false", "true"))) for name in columns}
    table = pa.table([[True, False]] * len(columns), names=columns)
    _, meta = written(tmp_path / "rows.sav", table, Codebook(entries, found))
    new = dict(zip(columns, meta.column_names, strict=True))
    assert [*meta.mr_sets] == names.valid([one.name for one in found], most=63)
    for one, known in zip(found, meta.mr_sets.values(), strict=True):
        assert known["variable_list"] == [new[name] for name in one.columns]
        assert known["label"].strip() == one.label.replace("\n", " ").strip()
        assert known["counted_value"] == (1 if one.counted else None)


# From study to study


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study as fieldwork delivers it: codes, labels, missing codes, sets, dates, texts."""
    rng = np.random.default_rng(7)
    rows = 500
    owns = rng.random((rows, 3)) < [0.6, 0.4, 0.3]
    answers = ("never", "sometimes", "always")
    table = pa.table(
        {
            "gender": np.array(["Male", "Female"])[rng.integers(0, 2, rows)],
            "agreement": np.array(answers)[rng.integers(0, 3, rows)],
            "age": rng.integers(18, 80, rows),
            "spend": rng.gamma(3, 12, rows).round(2),
            "region": np.array(["n", "s"])[rng.integers(0, 2, rows)],
            "seen": pa.array(
                [dt.date(2024, 1, 1) + dt.timedelta(int(it)) for it in rng.integers(0, 200, rows)]
            ),
            **{f"own_{it}": owns[:, it] for it in range(3)},
        }
    )
    codings = {
        "gender": Coding((2.0, 1.0), {2.0: "Male", 1.0: "Female", 3.0: "Diverse"}),
        "agreement": Coding((5.0, 4.0, 3.0), dict(zip((5.0, 4.0, 3.0), answers, strict=True)),
                            ((9.0, 9.0),)),
        "age": Coding((), {99.0: "Refused"}, ((99.0, 99.0),), "scale", "F2.0"),
        "region": Coding(("n", "s"), {"n": "North", "s": "South"}, is_text=True),
        "seen": Coding(display_format="EDATE10"),
    }  # fmt: skip
    described = {
        "gender": column("gender", NOMINAL, levels=("Male", "Female")),
        "agreement": column("agreement", ORDINAL, levels=answers),
        "age": column("age", registry.named("integer")),
        "region": column("region", NOMINAL, levels=("n", "s")),
        "seen": column("seen", registry.named("date")),
        **{f"own_{it}": column(f"own_{it}", BOOLEAN, levels=("false", "true")) for it in range(3)},
    }
    entries = {name: Entry(it, codings.get(name)) for name, it in described.items()}
    owned = MultipleResponseSet("Owned", "What do you own?", "dichotomy",
                                ("own_0", "own_1", "own_2"), "true")  # fmt: skip
    path = tmp_path_factory.mktemp("study") / "study.sav"
    files.write(table, path, codebook=Codebook(entries, [owned]))
    return path


@pytest.mark.parametrize("form", FORMATS)
def test_rows_come_back_as_the_study_was(study_file: Path, tmp_path: Path, form: str) -> None:
    saved = tmp_path / "study.model"
    simulacra.fit(study_file).save(saved)
    model = simulacra.load(saved)
    out = model.generate(700, seed=1, categorical={"gender": {"Male": 0.7}})
    out.write(tmp_path / f"rows.{form}")
    again = clean.clean(source.read(tmp_path / f"rows.{form}", limits.DEFAULT), limits.DEFAULT)
    kept = ("name", "label", "type", "levels", "decimals", "multiple_response")
    for before, after in zip(model.schema.columns, again.schema.columns, strict=True):
        assert [getattr(before, it) for it in kept] == [getattr(after, it) for it in kept]
    assert model.schema.sets == again.schema.sets
    for position, it in enumerate(again.schema.columns):
        assert it.decode(again.values[:, position]).equals(
            out.table[it.name].combine_chunks().cast(it.decode(again.values[:1, position]).type)
        )
    first, second = (
        pyreadstat.read_sav(path, metadataonly=True)[1]
        for path in (study_file, tmp_path / f"rows.{form}")
    )
    for fact in ("column_names_to_labels", "variable_value_labels", "missing_ranges", "mr_sets",
                 "variable_measure", "original_variable_types"):  # fmt: skip
        assert getattr(first, fact) == getattr(second, fact), fact
    assert "no row is a respondent" in str(second.file_label)
    assert any("gender = Male" in line for line in second.notes)


def test_a_support_weight_is_on_and_other_layouts_have_the_names_of_the_file(
    tmp_path: Path,
) -> None:
    channels = ["Shop; Web", "Web", "Shop", ""] * 60
    numbers = [it % 7 for it in range(240)]
    study = pa.table({"Which channels?": channels, "by": ["x", "y"] * 120, "n": numbers})
    model = simulacra.fit(study, separators={"Which channels?": "; "})
    out = model.generate(50, seed=1, support_weight=True)
    out.write(tmp_path / "schema.sav")
    _, meta = pyreadstat.read_sav(tmp_path / "schema.sav", metadataonly=True)
    names_of = ["Which.channels.Shop", "Which.channels.Web", "@by", "n", "support_weight"]
    assert meta.column_names == names_of
    assert list(meta.mr_sets) == ["Which.channels"]
    assert (tmp_path / "schema.sav").read_bytes()[76] == len(names_of)
    out.write(tmp_path / "file.sav", layout="file")
    cells, meta = pyreadstat.read_sav(tmp_path / "file.sav", output_format="dict")
    assert meta.column_names == ["Which.channels", "@by", "n", "support_weight"]
    assert meta.mr_sets == {}
    assert set(cells["Which.channels"]) <= {"Shop; Web", "Web", "Shop", ""}
    assert b"Which.channels:SourceName('Which channels?'\n)" in (tmp_path / "file.sav").read_bytes()


@pytest.mark.skipif(shutil.which("pspp") is None, reason="PSPP is not installed here")
@pytest.mark.parametrize("form", FORMATS)
def test_pspp_reads_all_of_it(tmp_path: Path, form: str, study_file: Path) -> None:
    model = simulacra.fit(study_file)
    model.generate(40, seed=1, support_weight=True).write(tmp_path / f"rows.{form}")
    syntax = tmp_path / "show.sps"
    syntax.write_text(
        f"GET FILE='{tmp_path}/rows.{form}'.\nMRSETS /DISPLAY NAME=ALL.\nDISPLAY DICTIONARY.\n"
        "SHOW WEIGHT.\nDISPLAY ATTRIBUTES.\nDISPLAY DOCUMENTS.\nLIST.\n"
    )
    done = subprocess.run(
        ["pspp", "-o", "-", "-O", "format=csv", str(syntax)], capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    shown = done.stdout
    assert done.returncode == 0, shown + done.stderr
    assert not re.search(r"\b(warning|error):", shown + done.stderr, re.IGNORECASE)
    assert '$Owned,What do you own?,Dichotomies,1,"own_0\nown_1\nown_2"' in shown
    assert "WEIGHT is support_weight" in shown + done.stderr
    assert "no row is a respondent" in shown
    for line in ("Diverse", "EDATE10", "North", "What about agreement?"):
        assert line in shown
