import asyncio
from collections.abc import Sequence

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from simulacra.service import errors
from simulacra.service.endpoints import upload
from simulacra.service.http import problems, translation

FILE = ("seed_file", "study.csv", "a,b\n1,2\n")
Part = tuple[str, str | None, str]


def form(*parts: Part) -> bytes:
    """Return a multipart body with the boundary `b`."""
    made = ""
    for name, file_name, value in parts:
        suffix = f'; filename="{file_name}"' if file_name else ""
        made += f'--b\r\nContent-Disposition: form-data; name="{name}"{suffix}\r\n\r\n{value}\r\n'
    return f"{made}--b--\r\n".encode()


def read(
    body: bytes, content_type: str = "multipart/form-data; boundary=b"
) -> tuple[bytes, str | None]:
    """Return the seed file and the display name of a form."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def ask() -> tuple[bytes, str | None]:
        headers = [(b"content-type", content_type.encode())]
        request = Request({"type": "http", "headers": headers}, receive)
        async with upload.read(request) as (file, fields):
            return file.read(), fields.display_name

    return asyncio.run(ask())


def refusal(*arguments: bytes | str) -> problems.Problem:
    with pytest.raises((problems.Problem, errors.ServiceError)) as caught:
        read(*arguments)  # type: ignore[arg-type]  # as `read` takes them
    return translation.problem_of(caught.value)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({"content-length": "30"}, 60), ({"content-length": "999"}, 200), ({}, 200)],
    ids=["told", "too long", "chunked"],
)
def test_room_is_needed_for_the_form_and_its_sealed_copy(
    headers: dict[str, str], expected: int
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "headers": raw})
    assert upload.disk_bytes(request, max_upload_bytes=100) == expected


def test_a_form_is_read() -> None:
    assert read(form(FILE, ("display_name", None, " Wave 1 "))) == (b"a,b\n1,2\n", "Wave 1")


@pytest.mark.parametrize("name", ["display_name", "sheet", "wait_seconds", "keep_columns"])
def test_of_a_repeated_field_no_value_is_dropped(name: str) -> None:
    refused = refusal(form(FILE, (name, None, "1"), (name, None, "2")))
    assert refused.entry.code == "simio_invalid_field"
    assert [fault.where for fault in refused.faults] == [name]
    assert "2 times" in refused.detail


@pytest.mark.parametrize("values", ["[NaN]", "[1e999]", '{"age": [-Infinity]}', "[null]"])
def test_an_answer_is_a_text_or_a_finite_number(values: str) -> None:
    refused = refusal(form(FILE, ("missing_values", None, values)))
    assert refused.entry.code == "simio_invalid_field"
    assert {fault.where for fault in refused.faults} == {"missing_values"}
    assert not any(name in refused.detail for name in ("float", "union[", "dict[", "function"))


@pytest.mark.parametrize("parts", [[], [FILE], [("file", "study.csv", "a,b\n")]])
@pytest.mark.parametrize("name", upload.FILE_FIELDS)
def test_a_file_sent_as_text_is_not_ignored(parts: Sequence[Part], name: str) -> None:
    refused = refusal(form(*parts, (name, None, "a,b\n1,2\n")))
    assert [fault.where for fault in refused.faults] == [name]
    assert "file name" in refused.detail


@given(st.data())
def test_a_form_cut_anywhere_says_that_it_ended_early(data: st.DataObject) -> None:
    whole = form(("display_name", None, "x"), FILE)
    cut = data.draw(st.integers(0, len(whole) - len("--\r\n")))
    refused = refusal(whole[:cut])
    assert refused.entry.code == "simio_malformed_body"
    assert "before its closing boundary" in refused.detail


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "latin-1", "klingon", ""])
def test_a_charset_that_would_garble_the_fields_is_refused(charset: str) -> None:
    refused = refusal(form(FILE), f"multipart/form-data; boundary=b; charset={charset}")
    assert refused.entry.code == "simio_unsupported_content_type"
    assert "UTF-8" in refused.detail


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii"])
def test_a_charset_that_changes_nothing_is_accepted(charset: str) -> None:
    assert read(form(FILE), f"multipart/form-data; boundary=b; charset={charset}")[0]
