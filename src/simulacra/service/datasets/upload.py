"""The multipart body of an upload."""

import contextlib
from collections.abc import AsyncIterator
from typing import BinaryIO

import pydantic
from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from simulacra.engine import errors, options
from simulacra.service.datasets.schemas import UploadFields
from simulacra.service.http import content, problems

FILE_FIELDS = ("seed_file", "file")
MAX_PARTS = 12
MAX_FIELD_BYTES = 256 * 1024  # two thousand columns can be named


@contextlib.asynccontextmanager
async def read(request: Request) -> AsyncIterator[tuple[BinaryIO, UploadFields]]:
    """Receive the form and yield the seed file, at its beginning, and the checked fields.

    The file is spooled to disk as it arrives, in a file without a name that is gone with it.

    Raises:
        problems.Problem: another content type, no file or more than one, or an invalid field.
    """
    content.require(request, content.MULTIPART)
    async with request.form(
        max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=MAX_FIELD_BYTES
    ) as form:
        yield _file(form).file, _fields(form)


def _file(form: FormData) -> UploadFile:
    found = [
        part for name in FILE_FIELDS for part in form.getlist(name) if isinstance(part, UploadFile)
    ]
    if len(found) == 1:
        return found[0]
    detail = (
        f"The form has {len(found)} files; send one file in the field 'seed_file'."
        if found
        else "The form has no file; send the study in the field 'seed_file', with a file name."
    )
    raise problems.invalid([problems.Fault("seed_file", detail, is_parameter=True)])


def _fields(form: FormData) -> UploadFields:
    given = {name: value for name, value in form.multi_items() if name not in FILE_FIELDS}
    try:
        fields = UploadFields.model_validate(given)
    except pydantic.ValidationError as error:
        faults = [
            problems.Fault(str(fault["loc"][0]), fault["msg"], is_parameter=True)
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise problems.invalid(faults) from None
    _check_options(fields)
    return fields


def _check_options(fields: UploadFields) -> None:
    """Refuse what no file can make right; whether the columns exist is known when it is read."""
    where = "column_types"
    try:
        options.Options.of(fields.column_types)
        where = "drop_columns"
        options.Options.of(fields.column_types, fields.keep_columns, fields.drop_columns)
    except errors.UploadError as error:
        fault = problems.Fault(where, error.detail, is_parameter=True)
        raise problems.invalid([fault]) from None
