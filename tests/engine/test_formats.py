import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import errors, formats
from tests.studies import old_workbooks

SAS_REST = b"\xb3\x14\x11\xcf\xbd\x92\x08\0\x09\xc71\x8c\x18\x1f\x10\x11"


@pytest.mark.parametrize(
    "head",
    [
        b"sex,age\n1,2\n",
        b"q1,q2\n1,2\n",
        b"hours;rooms\n1;2\n",
        b"s\tq\n\x01\x01\n",
        b"SSS,VERSION 1.1\n1,2\n",
        b"ASCII SPSS PORT FILE,b\n1,2\n",
        b"HEADER RECORD*******LIBRARY,b\n1,2\n",
        b"<sssa>,b\n1,2\n",
        b"stata_dta,b\n<stata_dta>,2\n",
        b"a,b\n1,2\n",
        b"\xef\xbb\xbfa;b\n1;2\n",
        "a\tb\n1\t2\n".encode("utf-16"),
        "a\tb\n1\t2\n".encode("utf-16-le"),
        "a,b\n1,2\n".encode("utf-16-be"),
        "größe,farbe\n1,weiß\n".encode("cp1252"),
    ],
)
def test_text_is_read_as_csv(head: bytes) -> None:
    assert formats.detect(io.BytesIO(head)) is formats.Format.CSV


def test_parquet_is_recognised_by_its_magic_number() -> None:
    assert formats.detect(io.BytesIO(b"PAR1\x15\x04\x00\x00")) is formats.Format.PARQUET


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"PK\x03\x04\x14\0", "ends too early"),
        (b"PK\x05\x06" + bytes(18), "empty zip"),
        (b"\x1c" + bytes(7) + b"ENCRYPTEDSAV" + bytes(20), "password"),
        (bytes(12) + b"\xc2\xea\x81c" + SAS_REST, "catalog of SAS formats"),
        (b"**COMPRESSED** **COMPRESSED** **COMPRESSED**", "PROC CPORT"),
        (b"SSS\nVERSION 1.1\nDATE", "triple-S definition of before XML"),
        (b'<?xml version="1.0"?><ss></ss>', "web page"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b'[{"age": 31}, {"age": 44}]', "JSON.*json_normalize"),
        (b"\xef\xbb\xbf [\n  [1, 2]]", "JSON"),
        (b'{"age": 31}\n{"age": 44}\n', "JSON"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf\n <HTML>", "web page"),
        (b"\x01\x02\0\0\0\x03\0\0\0\xff", "binary"),
    ],
)
def test_any_other_kind_is_named_and_refused(head: bytes, message: str) -> None:
    with pytest.raises(errors.StudyError, match=message):
        formats.detect(io.BytesIO(head))


def archive(*names: str) -> io.BytesIO:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in names:
            file.writestr(name, "x" * 100)
    return content


def test_a_workbook_is_distinguished_from_other_archives_wherever_its_parts_are() -> None:
    padding = [f"docProps/{place}.xml" for place in range(200)]  # beyond the first bytes
    file = archive("[Content_Types].xml", *padding, "xl/workbook.xml")
    assert formats.detect(file) is formats.Format.XLSX
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("xl/workbook.bin", "binary Excel"),
        ("word/document.xml", "Word"),
        ("content.xml", "OpenDocument"),
        ("study.csv", "zip archive"),
    ],
)
def test_another_archive_is_named_and_refused(name: str, message: str) -> None:
    with pytest.raises(errors.StudyError, match=message):
        formats.detect(archive(name))


def test_an_archive_of_too_many_parts_is_refused_unread() -> None:
    with pytest.raises(errors.StudyError, match="too many parts"):
        formats.detect(archive(*map(str, range(formats.MAX_PARTS + 1))))


@pytest.mark.parametrize("stream", ["Workbook", "Book"])
def test_an_old_workbook_is_recognised_by_its_stream(stream: str) -> None:
    file = io.BytesIO(old_workbooks.compound(stream, bytes(3 * formats.CHUNK_BYTES)))
    assert formats.detect(file) is formats.Format.XLS
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ("EncryptedPackage", "an Office file with a password"),
        ("WordDocument", "Word"),
        ("PowerPoint Document", "PowerPoint"),
        ("Contents", "an old Office file"),
    ],
)
def test_another_compound_file_is_named_and_refused(stream: str, message: str) -> None:
    with pytest.raises(errors.StudyError, match=message):
        formats.detect(io.BytesIO(old_workbooks.compound(stream, b"Workbook")))


@pytest.mark.parametrize("head", [b"[Q1],[Q2]\n1,2\n", b"{a},b\n1,2\n", b'"[{",b\n1,2\n'])
def test_names_in_brackets_are_no_json(head: bytes) -> None:
    assert formats.detect(io.BytesIO(head)) is formats.Format.CSV


@pytest.mark.parametrize("folder", ["", "office/"])
def test_the_parts_of_a_workbook_may_be_in_any_folder(folder: str) -> None:
    assert formats.detect(archive(f"{folder}workbook.xml")) is formats.Format.XLSX


@pytest.mark.parametrize(("magic", "kind"), [(b"$FL2", "sav"), (b"$FL3", "zsav")])
def test_spss_files_are_recognised_by_their_magic_number(magic: bytes, kind: str) -> None:
    assert formats.detect(io.BytesIO(magic + b"@(#) SPSS DATA FILE")) == kind


SSS = b'<?xml version="1.0"?>\n<!-- a > b --><!DOCTYPE sss [<!ELEMENT a (b)>]>\n<sss version="2.0">'


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"<stata_dta><header><release>118", "dta"),
        (b"s\x02\x01\0\x06\0\x05\0\0\0" + bytes(90), "dta"),  # version 12
        (b"h\x01\x01\0\0\x06\0\x05\0\0" + bytes(90), "dta"),  # version 3
        (bytes(12) + b"\xc2\xea\x81`" + SAS_REST + bytes(90), "sas7bdat"),
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 30, "xpt"),
        (b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!" + b"0" * 30, "xpt"),
        (b"0" * 456 + b"SPSSPORTA8/20240101", "por"),
        (b"\r\n".join([b"0" * 80] * 5 + [b"0" * 56 + b"SPSSPORTA8/"]), "por"),
        (b"\n".join([b"0" * 20] * 5 + [b"0" * 56 + b"SPSSPORTA8/"]), "por"),  # cut lines
        (SSS, "triple-s-definition"),
        (SSS.decode().encode("utf-16"), "triple-s-definition"),
        (b"\xef\xbb\xbf" + SSS, "triple-s-definition"),
    ],
)
def test_files_of_other_programs_are_recognised_by_their_first_bytes(
    head: bytes, kind: str
) -> None:
    assert formats.detect(io.BytesIO(head)) == kind


def test_an_archive_with_a_triple_s_definition_is_one_of_its_studies() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("study.asc", "1\n")
        file.writestr("anything", SSS)
    assert formats.detect(content) is formats.Format.TRIPLE_S


def directory_field(content: bytes, at: int, value: bytes) -> bytes:
    """Return an archive with other bytes at a place of its end record."""
    start = content.rindex(b"PK\x05\x06") + at
    return content[:start] + value + content[start + len(value) :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: directory_field(content, 16, b"\xff\xff\xff\0"),  # where its names begin
        lambda content: content.replace("ä".encode(), b"\xff\xff"),
    ],
)
def test_an_archive_with_a_damaged_directory_is_refused(damage: Callable[[bytes], bytes]) -> None:
    content = damage(archive("ä.xml").getvalue())
    with pytest.raises(errors.StudyError, match="zip archive"):
        formats.detect(io.BytesIO(content))


def test_what_unpacks_without_bounds_is_not_unpacked_to_find_a_definition() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("study.xml", SSS)
    with pytest.raises(errors.StudyError, match="zip archive"):
        formats.detect(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_format_or_an_upload_error(head: bytes) -> None:
    try:
        assert formats.detect(io.BytesIO(head)) in formats.Format
    except errors.StudyError as error:
        assert error.detail.endswith("use that file.")
