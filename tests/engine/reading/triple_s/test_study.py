import datetime as dt
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from simulacra.engine import errors, formats, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.options import FileOptions
from simulacra.engine.reading import source
from tests.studies import triple_s_files
from tests.studies.triple_s_files import Asked

LETTERS = "abcXYZ äöŽ,.;'\"<&0123456789"


def read(path: Path, content: bytes, **how: Any) -> RawStudy:  # noqa: ANN401 - options of any kind
    path.write_bytes(content)
    return source.read(path, limits.DEFAULT, FileOptions(**how))


def written(asked: list[Asked], version: str = "2.0", **layout: bool) -> bytes:
    is_csv = layout.get("is_csv", False)
    return triple_s_files.archive(
        study_xml=triple_s_files.definition(asked, version, is_csv=is_csv),
        **{"study_csv" if is_csv else "study_asc": triple_s_files.data(asked, **layout)},
    )


def actions_of(study: RawStudy) -> list[str]:
    return [f"{action.action} {action.column} {action.count}" for action in study.actions]


@st.composite
def questions(draw: st.DrawFn, rows: int, name: str, version: str, letters: str) -> Asked:
    kinds = ["single", "multiple", "quantity", "character", "logical"]
    kind = draw(st.sampled_from([*kinds, "literal", "date", "time"] if version >= "2" else kinds))
    codes = draw(st.lists(st.integers(1, 120), min_size=2, max_size=6, unique=True))
    labels: dict[Any, str] = {code: f"Answer {code} & more" for code in codes}
    spread = draw(st.none() | st.just(len(codes))) if kind == "multiple" else None
    cells: dict[str, st.SearchStrategy[Any]] = {
        "single": st.sampled_from(codes),
        "literal": st.sampled_from([f"c{code}" for code in codes]),
        "multiple": st.frozensets(st.sampled_from(codes)),
        "quantity": st.decimals(-999, 9_999, places=2),
        "character": st.text(letters, min_size=1, max_size=9).map(str.strip).filter(bool),
        "logical": st.booleans(),
        "date": st.dates(dt.date(1900, 1, 1)),
        "time": st.times().map(lambda at: at.replace(microsecond=0)),
    }
    answers = draw(st.lists(st.none() | cells[kind], min_size=rows, max_size=rows))
    if kind == "literal":
        labels = {f"c{code}": label for code, label in labels.items()}
        return Asked(name, "single", answers, labels, more=' format="literal"')
    labels = labels if kind in ("single", "multiple") else {}
    return Asked(name, kind, answers, labels, spread)


@st.composite
def studies(draw: st.DrawFn) -> tuple[list[Asked], str, bool, bool]:
    version = draw(st.sampled_from(["1.1", "1.2", "2.0", "3.0"]))
    rows = draw(st.integers(1, 6))
    count = draw(st.integers(1, 6))
    is_trimmed = draw(st.booleans())  # whose places could be bytes, by the length of their lines
    letters = LETTERS.encode("ascii", "ignore").decode() if is_trimmed else LETTERS
    asked = [draw(questions(rows, f"Q{place}", version, letters)) for place in range(count)]
    return asked, version, version >= "2" and draw(st.booleans()), is_trimmed


def expected(one: Asked, rows: list[int]) -> dict[str, list[Any]]:
    cells = [one.cells[row] for row in rows]
    if one.kind == "multiple":
        return {
            f"{one.name}_{code}": [None if cell is None else code in cell for cell in cells]
            for code in one.labels
        }
    if one.kind == "single":
        cells = [None if cell is None else one.labels[cell] for cell in cells]
    if one.kind == "quantity":
        cells = [None if cell is None else float(cell) for cell in cells]
    return {one.name: cells}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(studies())
def test_what_is_written_is_read(tmp_path: Path, made: tuple[list[Asked], str, bool, bool]) -> None:
    asked, version, is_csv, is_trimmed = made
    rows = [
        row
        for row in range(len(asked[0].cells))
        if any(one.cells[row] is not None for one in asked)
    ]
    assume(rows)
    study = read(
        tmp_path / "study.zip", written(asked, version, is_csv=is_csv, is_trimmed=is_trimmed)
    )
    found = study.table.to_pydict()
    wanted = {name: cells for one in asked for name, cells in expected(one, rows).items()}
    assert found == wanted
    sets = [one for one in asked if one.kind == "multiple"]
    assert [one.name for one in study.sets] == [one.name for one in sets]


def test_labels_and_sets_reach_the_schema(tmp_path: Path) -> None:
    study = read(tmp_path / "study.zip", triple_s_files.survey())
    cleaned = clean.clean(study, limits.DEFAULT).schema
    columns = {column.name: column for column in cleaned.columns}
    assert columns["Q1"].levels == ("low", "mid", "high")
    assert columns["Q1"].label == "About Q1"
    assert columns["Q2_2"].label == "About Q2 - blue"
    assert columns["Q2_2"].multiple_response == cleaned.sets[0].name
    assert (cleaned.sets[0].kind, cleaned.sets[0].counted) == ("dichotomy", "true")
    assert (str(columns["Q3"].type), str(columns["Q4"].type)) == ("integer", "boolean")


def test_a_definition_finds_its_data_beside_it(tmp_path: Path) -> None:
    asked = [Asked("Q1", "quantity", [1, 2]), Asked("Q2", "quantity", [5, 6])]
    (tmp_path / "study.asc").write_text(triple_s_files.data(asked))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "Wave.dat").write_text(
        triple_s_files.data([Asked("Q1", "quantity", [7, 8]), asked[1]])
    )
    text = triple_s_files.definition(asked, "1.2")
    named = triple_s_files.definition(asked, "2.0", record=r' href="C:\data\WAVE.DAT"')
    assert read(tmp_path / "study.sss", text.encode()).table["Q1"].to_pylist() == [1, 2]
    assert read(tmp_path / "study.sss", named.encode()).table["Q1"].to_pylist() == [7, 8]
    with pytest.raises(errors.StudyError, match=r"without its data, expected as 'lone\.asc'"):
        read(tmp_path / "lone.sss", text.encode())


def test_a_path_in_the_definition_leads_nowhere_else(tmp_path: Path) -> None:
    asked = [Asked("Q1", "quantity", [1, 2])]
    (tmp_path / "secret.asc").write_text(triple_s_files.data(asked))
    (tmp_path / "in").mkdir()
    text = triple_s_files.definition(asked, "2.0", record=' href="../secret.asc"')
    with pytest.raises(errors.StudyError, match=r"without its data, expected as 'secret\.asc'"):
        read(tmp_path / "in" / "study.sss", text.encode())


@pytest.mark.parametrize("name", [".env", "data.asc"])
def test_neither_a_hidden_file_nor_a_link_out_of_the_folder_has_the_data(
    tmp_path: Path, name: str
) -> None:
    asked = [Asked("Q1", "quantity", [1, 2])]
    folder, secret = tmp_path / "in", tmp_path / "secret.asc"
    folder.mkdir()
    secret.write_text(triple_s_files.data(asked))
    if name.startswith("."):
        secret.rename(folder / name)
    else:
        (folder / name).symlink_to(secret)
    text = triple_s_files.definition(asked, "2.0", record=f' href="{name}"')
    with pytest.raises(errors.StudyError, match="without its data"):
        read(folder / "study.sss", text.encode())


def test_links_to_both_files_of_a_folder_are_followed(tmp_path: Path) -> None:
    asked = [Asked("Q1", "quantity", [1, 2])]
    (tmp_path / "kept.asc").write_text(triple_s_files.data(asked))
    (tmp_path / "kept.sss").write_text(triple_s_files.definition(asked, "1.2"))
    (tmp_path / "in").mkdir()
    for suffix in ("asc", "sss"):
        (tmp_path / "in" / f"study.{suffix}").symlink_to(tmp_path / f"kept.{suffix}")
    found = source.read(tmp_path / "in" / "study.sss", limits.DEFAULT, FileOptions())
    assert found.table["Q1"].to_pylist() == [1, 2]


LONE = (
    '<?xml version="1.0"?><sss version="{}"><survey><record ident="A"{}>{}</record></survey></sss>'
)


def of_text(tmp_path: Path, variables: str, data: str | bytes, *, record: str = "",
            version: str = "2.0", **how: Any) -> RawStudy:  # fmt: skip  # noqa: ANN401
    text = LONE.format(version, record, variables)
    return read(tmp_path / "a.zip", triple_s_files.archive(a_sss=text, a_asc=data), **how)


MULTIPLE = (
    '<variable ident="1" type="multiple"><name>m</name><label>M</label><position start="1" '
    'finish="4"/>{}<values><value code="1">a</value><value code="2">b</value>'
    '<value code="9">c</value></values></variable>'
)


@pytest.mark.parametrize(
    ("spread", "data", "chosen"),
    [
        ('<spread subfields="2" width="1"/>', "13  ", {1}),
        ('<spread subfields="2" width="1"/>', "20", {2}),
        ('<spread subfields="2" width="2"/>', " 1 9", {1, 9}),
        ('<spread subfields="2" width="2"/>', "0100", {1}),
        ('<spread subfields="2"/>', "0902", {2, 9}),
        ('<spread subfields="2" width="2"/>', "0000", set()),
        ('<spread subfields="2" width="2"/>', "    ", None),
        ('<spread subfields="2" width="2"/>', "0x02", None),
        ("", "0100", {2}),
        ("", " 1", {2}),
        ("", "0000", set()),
        ("", "0200", None),
    ],
)
def test_answers_of_a_multiple(
    tmp_path: Path, spread: str, data: str, chosen: set[int] | None
) -> None:
    serial = (
        '<variable ident="2" type="quantity"><name>n</name><position start="6" finish="6"/>'
        "</variable>"
    )
    study = of_text(tmp_path, MULTIPLE.format(spread) + serial, f"{data:<5}1\n")
    row = study.table.to_pylist()[0]
    found = {code: row[f"m_{code}"] for code in (1, 2, 9)}
    assert found == {code: None if chosen is None else code in chosen for code in found}
    assert ("blanked m 1" in actions_of(study)) is (data in ("0x02", "0200"))


def field(name: str, place: int, kind: str, rest: str = "", to: int | None = None) -> str:
    finish = f' finish="{to}"' if to else ""
    return (
        f'<variable ident="{place}" type="{kind}"><name>{name}</name><label>{name}</label>'
        f'<position start="{place}"{finish}/>{rest}</variable>'
    )


def test_fields_of_a_csv_file(tmp_path: Path) -> None:
    """A header that is not declared, semicolons, and a field for each answer of a multiple."""
    options = '<values><value code="1">a</value><value code="12">b</value></values>'
    variables = (
        field("id", 1, "quantity")
        + field("m", 2, "multiple", '<spread subfields="2"/>' + options, to=3)
        + field("k", 4, "multiple", '<spread subfields="2" width="2"/>' + options)
        + field("b", 5, "multiple", options)
    )
    data = "id;m;m2;k;b\n1;1;12;112;100000000001\n2;;1;;1\n3;0;0;00;000000000000\n"
    study = of_text(tmp_path, variables, data, record=' format="csv"')
    table = study.table
    assert table["id"].to_pylist() == [1, 2, 3]
    assert table["m_1"].to_pylist() == [True, True, False]
    assert table["m_12"].to_pylist() == [True, False, False]
    assert table["k_1"].to_pylist() == [True, None, False]
    assert table["k_12"].to_pylist() == [True, None, False]
    assert table["b_1"].to_pylist() == [True, False, False]
    assert table["b_12"].to_pylist() == [True, True, False]
    assert "skipped None 1" in actions_of(study)
    assert "read b 1" in actions_of(study)  # the zeros that a program left out


HOURS = '<values><range from="0" to="40"/><value code="99">no reply</value></values>'


def test_a_quantity_with_a_special_value(tmp_path: Path) -> None:
    variables = field("h", 1, "quantity", HOURS, to=2) + field("n", 3, "quantity", to=5)
    lines = "".join(f"{hour:02}{hour:3}\n" for hour in range(40))
    data = f"{lines}99  7\n55  8\n 5  x\n"
    study = of_text(tmp_path, variables, data)
    assert study.table["h"].to_pylist()[-3:] == [None, 55, 5]
    assert {"blanked h 1", "noticed h 1", "blanked n 1"} <= set(actions_of(study))
    assert study.overrides == {"missing": {"h": ["99"]}}
    as_numbers = of_text(tmp_path, variables, data, missing={"h": ()})
    assert as_numbers.table["h"].to_pylist()[-3] == 99


SCORED = (
    '<values><value code="1" score="5">good</value><value code="2" score="3">fair</value>'
    '<value code="3" score="1">bad</value></values>'
)


def test_scores_state_an_order_and_zero_is_no_code(tmp_path: Path) -> None:
    variables = field("q", 1, "single", SCORED) + field("n", 2, "quantity")
    study = of_text(tmp_path, variables, "11\n22\n03\n34\n")
    column = study.table["q"]
    assert column.type.ordered
    assert column.to_pylist() == ["good", "fair", None, "bad"]
    assert "blanked q 1" in actions_of(study)


def test_texts_of_several_languages_and_modes(tmp_path: Path) -> None:
    label = (
        "<variable ident='1' type='single'><name>q</name><label>"
        "<text xml:lang='fr'>Quel<br/>\u00e2ge</text><text xml:lang='en' mode='interview'>How old"
        "</text><text xml:lang='en' mode='analysis'>Age</text></label><position start='1'/>"
        "<values><value code='1'>young<text mode='interview'>very young</text></value>"
        "<value code='2'>old</value></values></variable>"
    )
    study = of_text(tmp_path, label, "1\n2\n", version='2.0" languages="en fr')
    assert study.variables["q"].label == "Age"
    assert study.table["q"].to_pylist() == ["young", "old"]


def test_lines_of_another_length_are_counted(tmp_path: Path) -> None:
    variables = field("a", 1, "quantity", to=2) + field("b", 3, "character", to=5)
    study = of_text(tmp_path, variables, "12abc\n13a\n14abcdef\n")
    assert study.table.to_pydict() == {"a": [12, 13, 14], "b": ["abc", "a", "abc"]}
    assert actions_of(study)[:2] == ["read None 1", "read None 1"]


def test_places_are_counted_in_bytes_where_the_lines_show_it(tmp_path: Path) -> None:
    variables = field("b", 1, "character", to=4) + field("n", 5, "quantity")
    data = "".join(
        city + " " * (4 - len(city.encode())) + "7\n" for city in ("Ulm", "K\u00f6l", "\u00d6d")
    )
    study = of_text(tmp_path, variables, data)
    assert study.table.to_pydict() == {"b": ["Ulm", "K\u00f6l", "\u00d6d"], "n": [7, 7, 7]}


@pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-1", "utf-8"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    asked = [Asked("Q1", "character", ["K\u00f6ln", "\u00c5rhus"]), Asked("Q2", "quantity", [1, 2])]
    text = triple_s_files.definition(asked, "2.0", encoding=encoding)
    data = triple_s_files.data(asked)
    content = {"a_sss": text.encode(encoding), "a_asc": data.encode(encoding)}
    study = read(tmp_path / "a.zip", triple_s_files.archive(**content))
    assert study.table["Q1"].to_pylist() == ["K\u00f6ln", "\u00c5rhus"]
    assert study.actions == ()


def test_a_definition_in_another_encoding_than_it_states(tmp_path: Path) -> None:
    variables = field("q", 1, "single", "<values><value code='1'>\u00fc</value></values>")
    text = LONE.format("1.1", "", variables).encode("cp1252")
    study = read(tmp_path / "a.zip", triple_s_files.archive(a_sss=text, a_asc="1\n"))
    assert study.table["q"].to_pylist() == ["\u00fc"]
    assert actions_of(study) == ["read None 1"]


QUANTITY = field("q", 1, "quantity")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<sss version='2.0'><survey></sss>", "well-formed XML; look at its line 1"),
        ("<sss version='2.0'><hierarchy/></sss>", "several surveys"),
        (LONE.format("2.0", "", field("q", 0, "quantity")), "start of 'q'"),
        (LONE.format("2.0", "", field("q", 5, "quantity", to=4)), "finish of 'q'"),
        (LONE.format("2.0", "", field("q", 1, "colour")), "type 'colour'"),
        (LONE.format("2.0", "", field("q", 1, "multiple")), "0 options"),
        (LONE.format("2.0", "", field("q", 1, "multiple",
            "<values><range from='1' to='1e9'/></values>")), "1,000,000,000 options"),
        (LONE.format("2.0", "", field("q", 1, "quantity",
            "<values><value code='x'>y</value></values>")), "a number is needed"),
        (LONE.format("2.0", "", QUANTITY + QUANTITY), "several variables of the name 'q'"),
        (LONE.format("2.0", " format='csv'", field("q", 7, "quantity")), "data in field 7"),
        (LONE.format("2.0", "", ""), "0 columns"),
        ("<!DOCTYPE sss [<!ENTITY a 'b'>]>" + LONE.format("2.0", "", QUANTITY)[21:], "entities"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(errors.StudyError, match=message):
        read(tmp_path / "a.zip", triple_s_files.archive(a_sss=text, a_asc="1\n2\n"))


def test_nothing_outside_the_definition_is_read(tmp_path: Path) -> None:
    doctype = '<!DOCTYPE sss PUBLIC "-//triple-s//DTD v2.0//EN" "file:///etc/passwd">'
    text = doctype + LONE.format("2.0", "", QUANTITY)[21:]
    study = read(tmp_path / "a.zip", triple_s_files.archive(a_sss=text, a_asc="1\n2\n"))
    assert study.table["q"].to_pylist() == [1, 2]


def test_archives_that_are_no_study_or_too_large(tmp_path: Path) -> None:
    text = LONE.format("2.0", "", QUANTITY)
    for files, message in (
        ({"a_sss": text, "b_sss": text, "a_asc": "1\n"}, "2 triple-S definitions"),
        ({"a_sss": text}, "without its data"),
        ({"a_sss": text, "b_asc": "1\n", "c_asc": "2\n"}, "without its data"),
    ):
        with pytest.raises(errors.StudyError, match=message):
            read(tmp_path / "a.zip", triple_s_files.archive(**files))
    large = triple_s_files.archive(a_sss=text, a_asc="1\n" * 5_000)
    (tmp_path / "b.zip").write_bytes(large)
    for bounds, message in (
        (limits.StudyBounds(max_rows=4_999), "5,000 rows"),
        (limits.StudyBounds(max_cell_bytes=30_000), "data file .* 10,000 bytes"),
        (limits.StudyBounds(max_cell_bytes=100_000), "more than the 100,000 bytes"),
        (limits.StudyBounds(max_columns=0), "1 columns"),
    ):
        with pytest.raises(errors.StudyError, match=message):
            source.read(tmp_path / "b.zip", bounds)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    content = triple_s_files.archive(a_sss=LONE.format("2.0", "", QUANTITY), a_asc="1\n" * 500)
    at = content.index(b"a.asc") + 6
    (tmp_path / "a.zip").write_bytes(content[:at] + b"\xff\xff\xff" + content[at + 3 :])
    with pytest.raises(errors.StudyError, match="archive is damaged"):
        source.read(tmp_path / "a.zip", limits.DEFAULT)


def test_codes_that_are_no_numbers_are_texts(tmp_path: Path) -> None:
    labels = "<values><value code='n'>north</value><value code='1'>south</value></values>"
    study = of_text(tmp_path, field("q", 1, "single", labels), "n\n1\nx\n")
    assert study.table["q"].to_pylist() == ["north", "south", "x"]


def test_times_are_times(tmp_path: Path) -> None:
    study = of_text(tmp_path, field("t", 1, "time", to=6) + field("d", 7, "date", to=14),
                    "23595920240229\n24000020230229\n      20240301\n")  # fmt: skip
    assert study.table["t"].type == pa.time64("us")
    assert study.table["t"].to_pylist() == [dt.time(23, 59, 59), None]
    assert study.table["d"].to_pylist() == [dt.date(2024, 2, 29), dt.date(2024, 3, 1)]


def test_the_format_is_told_from_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(triple_s_files.survey())
    with (tmp_path / "a.csv").open("rb") as file:
        assert formats.detect(file) is formats.Format.TRIPLE_S


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(studies(), st.randoms(use_true_random=False), st.booleans())
def test_damaged_files_are_read_or_refused(
    tmp_path: Path,
    made: tuple[list[Asked], str, bool, bool],
    chance: random.Random,
    is_definition: bool,  # noqa: FBT001 - drawn by the test
) -> None:
    """Nothing else happens, whatever bytes are wrong."""
    asked, version, is_csv, is_trimmed = made
    text = triple_s_files.definition(asked, version, is_csv=is_csv).encode()
    data = triple_s_files.data(asked, is_csv=is_csv, is_trimmed=is_trimmed).encode()
    hurt = bytearray(text if is_definition else data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(90 if is_definition else 0, max(len(hurt), 91))
        hurt[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(0, 3))
    content = {"a_sss": bytes(hurt), "a_asc": data} if is_definition else {
        "a_sss": text, "a_asc": bytes(hurt)}  # fmt: skip
    try:
        study = read(tmp_path / "study.zip", triple_s_files.archive(**content))
    except errors.StudyError as error:
        assert error.detail.endswith(".")
    else:
        study.table.validate(full=True)
