"""The multipart body of an upload."""

import codecs
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any, BinaryIO

import pydantic
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from simulacra.engine import errors as engine_errors
from simulacra.service import errors
from simulacra.service.datasets import overrides
from simulacra.service.datasets.schemas import UploadFields
from simulacra.service.errors import study
from simulacra.service.http import content, problems, wording

FILE_FIELDS = ("seed_file", "file")
MAX_PARTS = 20
MAX_FIELD_BYTES = 256 * 1024  # two thousand columns can be named


@contextlib.asynccontextmanager
async def read(request: Request) -> AsyncIterator[tuple[BinaryIO, UploadFields]]:
    """Receive the form and yield the seed file, at its beginning, and the checked fields.

    The file is spooled to disk as it arrives, in a file without a name that is gone with it.

    Raises:
        problems.Problem: another content type, or a form that is malformed or cut short.
        errors.InvalidFieldsError: no file or more than one, or an invalid field.
    """
    async with received(request) as form:
        given = {name: value for name, value in form.multi_items() if name not in FILE_FIELDS}
        yield file_of(form).file, fields_of(given)


@contextlib.asynccontextmanager
async def received(request: Request) -> AsyncIterator[FormData]:
    """Receive a form, each field of which it has once; see `read`.

    Raises:
        problems.Problem: another content type, or a form that is malformed or cut short.
        errors.InvalidFieldsError: a field that stands twice, or a file that is none.
    """
    content.require(request, content.MULTIPART)
    _check_charset(request)
    form = await _receive(request)
    try:
        _check_parts(form)
        yield form
    finally:
        await form.close()


def disk_bytes(request: Request, max_upload_bytes: int) -> int:
    """Return how much of the temporary folder an upload takes: the form, and its sealed copy."""
    length = request.headers.get("content-length", "")
    return 2 * (min(int(length), max_upload_bytes) if length.isdecimal() else max_upload_bytes)


class _Parser(MultiPartParser):
    """The framework's parser, which does not mind that a body ends before its form does."""

    has_ended = False

    def on_end(self) -> None:
        self.has_ended = True

    async def parse(self) -> FormData:
        form = await super().parse()
        if not self.has_ended:
            for file in self._files_to_close_on_error:
                file.close()
            raise MultiPartException("it ends before its closing boundary")
        return form


def _check_charset(request: Request) -> None:
    """Refuse a charset of the form: it would garble the names of the fields."""
    _, parameters = parse_options_header(request.headers["content-type"])
    given = parameters.get(b"charset", b"utf-8").decode("latin-1")
    with contextlib.suppress(LookupError):
        if codecs.lookup(given).name in ("utf-8", "ascii"):
            return
    raise problems.Problem(
        "simio_unsupported_content_type",
        f"The form has the charset {given!r}; its fields are read as UTF-8. Leave the charset out: "
        "it says nothing about the seed file, whose encoding is found out.",
    )


async def _receive(request: Request) -> FormData:
    async with contextlib.aclosing(request.stream()) as stream:
        parser = _Parser(
            request.headers,
            stream,
            max_files=MAX_PARTS,
            max_fields=MAX_PARTS,
            max_part_size=MAX_FIELD_BYTES,
        )
        try:
            return await parser.parse()
        except MultiPartException as error:  # its texts quote nothing of the body
            detail = f"The form cannot be read: {error.message.rstrip('.')}."
            raise problems.Problem("simio_malformed_body", detail) from None


def _check_parts(form: FormData) -> None:
    """Refuse repeated fields, of which all values but one would be ignored silently."""
    counts = Counter(name for name, _ in form.multi_items() if name not in FILE_FIELDS)
    faults = [
        errors.Fault(
            name, f"The form has this field {count} times; send it once.", is_parameter=True
        )
        for name, count in counts.items()
        if count > 1
    ]
    faults += [
        errors.Fault(name, "Send this field as a file, with a file name.", is_parameter=True)
        for name in FILE_FIELDS
        if any(isinstance(part, str) for part in form.getlist(name))
    ]
    if faults:
        raise errors.InvalidFieldsError(faults)


def file_of(form: FormData) -> UploadFile:
    """Return the seed file of a form.

    Raises:
        errors.InvalidFieldsError: it has no file, or more than one.
    """
    files = [
        part for name in FILE_FIELDS for part in form.getlist(name) if isinstance(part, UploadFile)
    ]
    if len(files) == 1:
        return files[0]
    detail = (
        f"The form has {len(files)} files; send one file in the field 'seed_file'."
        if files
        else "The form has no file; send the study in the field 'seed_file', with a file name."
    )
    raise errors.InvalidFieldsError([errors.Fault("seed_file", detail, is_parameter=True)])


def fields_of(given: Mapping[str, Any]) -> UploadFields:
    """Return what a form says about a seed file, checked.

    Raises:
        errors.InvalidFieldsError: names the fields, and what is wrong with them.
    """
    try:
        fields = UploadFields.model_validate(given)
    except pydantic.ValidationError as error:
        faults = [
            errors.Fault(str(fault["loc"][0]), _told(dict(fault)), is_parameter=True)
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise errors.InvalidFieldsError(faults) from None
    _check_options(fields)
    return fields


def _check_options(fields: UploadFields) -> None:
    """Refuse what no file can make right; whether the columns exist is known when it is read."""
    try:
        overrides.of(fields.options())
    except engine_errors.OptionError as error:
        raise errors.InvalidFieldsError(study.translate(error).faults) from None


OF_VALIDATORS = re.compile(r"function-|(dict|list|union)\[|constrained-|\[key\]$|(float|str)$")
"""Parts of a place that name a validator of pydantic's, and not where the value stands."""


def _told(fault: dict[str, Any]) -> str:
    """Return what is wrong with a field, and where within it, if it is JSON."""
    told = wording.sentence(fault)
    within = [str(part) for part in fault["loc"][1:] if not OF_VALIDATORS.match(str(part))]
    return f"{' / '.join(map(repr, within))}: {told}" if within else told
