import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import errors, formats


@pytest.mark.parametrize(
    "head",
    [
        b"a,b\n1,2\n",
        b"\xef\xbb\xbfa;b\n1;2\n",
        "a\tb\n1\t2\n".encode("utf-16"),
        "a\tb\n1\t2\n".encode("utf-16-le"),
        "a,b\n1,2\n".encode("utf-16-be"),
        "größe,farbe\n1,weiß\n".encode("cp1252"),
    ],
)
def test_text_is_read_as_csv(head: bytes) -> None:
    assert formats.detect(head) is formats.Format.CSV


def test_parquet_is_told_by_its_magic() -> None:
    assert formats.detect(b"PAR1\x15\x04\x00\x00") is formats.Format.PARQUET


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"PK\x03\x04\x14\0", "Excel"),
        (b"$FL2@(#) SPSS", "SPSS"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"\xef\xbb\xbf\n <HTML>", "web page"),
        (b"\x01\x02\0\0\0\x03\0\0\0\xff", "binary"),
    ],
)
def test_any_other_kind_is_named_and_refused(head: bytes, said: str) -> None:
    with pytest.raises(errors.UploadError, match=said):
        formats.detect(head)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_format_or_an_upload_error(head: bytes) -> None:
    try:
        assert formats.detect(head) in formats.Format
    except errors.UploadError as error:
        assert formats.EXPORT in error.detail
