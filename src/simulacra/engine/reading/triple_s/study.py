"""Reading a triple-S study: its definition and its data, from an archive or beside each other."""

import zipfile
from pathlib import Path, PurePosixPath

from simulacra.engine import errors, formats, limits
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import coded
from simulacra.engine.reading.triple_s import columns, definition, fields
from simulacra.engine.reading.triple_s.definition import Definition

MAX_DEFINITION_BYTES = 16 * 1024**2
DATA_SUFFIXES = (".asc", ".csv", ".dat", ".txt")
CELL_BYTES = 40
"""Bytes of a cell while it is read: a Python text and a reference to it."""

DATA_SHARE = 0.25
"""The largest share of the memory bound that the data file may take, of which copies are made."""


def read(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the study in a zip archive of a definition and its data.

    Raises:
        errors.StudyError: the archive is damaged, holds not one definition and its data, or unpacks
            to more than the bounds allow; or the two do not fit each other.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            parts = {part.filename: part for part in packed.infolist() if _is_part(part)}
            heads = {name: packed.open(part).read(formats.HEAD_BYTES)
                     for name, part in parts.items()}  # fmt: skip
            defining = [name for name, head in heads.items() if formats.is_triple_s(head)]
            if len(defining) != 1:
                raise errors.StudyError(
                    f"The archive has {len(defining)} triple-S definitions; put one in it, with "
                    "its data."
                )
            _check_size(parts[defining[0]].file_size, MAX_DEFINITION_BYTES, "definition")
            content = definition.parse(packed.read(defining[0]))
            name = _data_name(content, defining[0], [one for one in parts if one != defining[0]])
            most = int(DATA_SHARE * bounds.max_cell_bytes)
            _check_size(parts[name].file_size, most, "data file")
            data = packed.read(name)
    except formats.DAMAGE_ERRORS:
        raise errors.StudyError(
            "The archive is damaged or has a password. Put the triple-S definition and its data "
            "into a new one."
        ) from None
    return _study(content, data, bounds, how)


def read_beside(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the study of a definition whose data are in the same folder.

    Raises:
        errors.StudyError: the data are not there, or more than the bounds allow; or the two do not
            fit each other.
    """
    _check_size(path.stat().st_size, MAX_DEFINITION_BYTES, "definition")
    content = definition.parse(path.read_bytes())
    beside = [one.name for one in path.parent.iterdir() if _is_beside(one, path) and one != path]
    data = path.parent / _data_name(content, path.name, beside, is_alone=False)
    _check_size(data.stat().st_size, int(DATA_SHARE * bounds.max_cell_bytes), "data file")
    return _study(content, data.read_bytes(), bounds, how)


def _is_beside(file: Path, path: Path) -> bool:
    """Tell whether a file of a folder may be the data of a definition there.

    Whoever wrote the definition names them: no hidden file, and no link that leads elsewhere.
    """
    folders = (path.parent.resolve(), path.resolve().parent)
    return not file.name.startswith(".") and file.is_file() and file.resolve().parent in folders


def _is_part(part: zipfile.ZipInfo) -> bool:
    """Tell a file from a folder, and from what a Mac adds to an archive."""
    name = PurePosixPath(part.filename)
    return not (part.is_dir() or name.name.startswith(".") or "__MACOSX" in name.parts)


def _check_size(size: int, most: int, what: str) -> None:
    if size > most:
        raise errors.StudyError(
            f"The {what} of the triple-S study has {size:,} bytes; up to {most:,} are read."
        )


def _data_name(
    content: Definition, definition_name: str, names: list[str], *, is_alone: bool = True
) -> str:
    """Return which file has the data.

    It is the one that the definition names, or that has its name with the ending of a data file;
    in an archive, also the only one of such an ending.
    """
    stem = PurePosixPath(definition_name).stem.casefold()
    candidates = [name for name in names if PurePosixPath(name).suffix.lower() in DATA_SUFFIXES]
    named = [name for name in names if content.data_name is not None
             and PurePosixPath(name).name.casefold() == content.data_name.casefold()]  # fmt: skip
    namesakes = [name for name in candidates if PurePosixPath(name).stem.casefold() == stem]
    by_format = [name for name in namesakes if name.lower().endswith(".csv") == content.is_csv]
    for found in (named, by_format, namesakes, candidates if is_alone else []):
        if len(found) == 1:
            return found[0]
    expected = repr(content.data_name) if content.data_name else (
        f"{PurePosixPath(definition_name).stem + ('.csv' if content.is_csv else '.asc')!r}"
    )  # fmt: skip
    raise errors.StudyError(
        f"The file is a triple-S definition without its data, expected as {expected}. Put both in "
        "a zip archive and use that file."
    )


def _study(
    content: Definition, data: bytes, bounds: limits.StudyBounds, how: FileOptions
) -> RawStudy:
    width = sum(
        len(each.options) if each.kind is definition.Kind.MULTIPLE else 1
        for each in content.questions
    )
    if not 0 < width <= bounds.max_columns:
        raise errors.StudyError(
            f"The triple-S definition has {width:,} columns, with one for each option of a "
            f"multiple; between 1 and {bounds.max_columns:,} can be modelled."
        )
    found = fields.read(data, content, bounds)
    read: dict[str, coded.CodedColumn] = {}
    sets: list[MultipleResponseSet] = []
    for question, texts in zip(content.questions, found.texts, strict=True):
        if len(texts[0]) * width * CELL_BYTES > bounds.max_cell_bytes:
            raise errors.StudyError(
                f"The study has {len(texts[0]):,} rows of {width:,} columns, more than the "
                f"{bounds.max_cell_bytes:,} bytes that are read. Leave out what is not needed."
            )
        new, response_set = columns.of(question, texts, how.missing.get(question.name))
        if not read.keys().isdisjoint(new):
            raise errors.StudyError(
                f"The triple-S definition has several variables of the name {question.name!r}; "
                "give each a name of its own."
            )
        read |= new
        sets += [] if response_set is None else [response_set]
    actions = [*_said(content), *found.actions]
    return coded.study(read, tuple(sets), actions, how.missing, declared={})


def _said(content: Definition) -> list[CleaningAction]:
    actions = []
    if content.guessed_encoding is not None:
        reason = (
            "the text of the definition does not fit its own encoding and was taken as "
            f"{content.guessed_encoding}"
        )
        actions.append(CleaningAction(None, "read", reason, 1))
    actions += [
        CleaningAction(
            each.name,
            "noticed",
            "the definition says that it is a weight; state it as the weight to weight by it",
            1,
        )
        for each in content.questions
        if each.is_weight
    ]
    return actions
