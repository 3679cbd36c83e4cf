"""A saved model: a zip of plain arrays and a JSON manifest with their digests; never a pickle."""

import dataclasses
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simulacra.engine import errors
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.model.conditional import Link
from simulacra.engine.model.forest import Forest
from simulacra.engine.model.kernels import LEAF
from simulacra.engine.model.repetition import Echo
from simulacra.engine.model.ridge import Index
from simulacra.engine.rules import Rules

VERSION = 2
MANIFEST, DIGEST = "manifest.json", "manifest.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes
ARRAYS = tuple(field.name for field in dataclasses.fields(Forest))
INDEX_ARRAYS = tuple(field.name for field in dataclasses.fields(Index))

DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, LookupError, ValueError, TypeError),
    *(AttributeError, EOFError, NotImplementedError, RuntimeError, OSError, OverflowError),
)
"""What reading a damaged zip, JSON or array raises."""

Array = np.ndarray


def save(path: Path, schema: Schema, values: Floats, rules: Rules, links: Sequence[Link]) -> None:
    """Write a model to one file."""
    forests = [forest for link in links for forest in _forests(link)]
    echoes = [link.echo.same for link in links if link.echo]
    indices = [index for link in links for index in link.indices]
    arrays: dict[str, Array] = {"seed": values, "same": np.array(echoes, dtype=bool)}
    for name in INDEX_ARRAYS:
        arrays[name] = np.concatenate([np.zeros(0), *(getattr(one, name) for one in indices)])
    for name in ARRAYS:
        arrays[name] = np.concatenate([getattr(forest, name) for forest in forests])
    packed = {name: _pack(array) for name, array in arrays.items()}
    manifest = {
        "version": VERSION,
        "schema": schema.to_json(),
        "rules": rules.to_json(),
        "links": [_describe(link) for link in links],
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in packed.items()},
    }
    written = json.dumps(manifest, sort_keys=True).encode()
    entries = {MANIFEST: written, DIGEST: hashlib.sha256(written).hexdigest().encode()}
    entries |= {f"{name}.npy": data for name, data in packed.items()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(zipfile.ZipInfo(name, EPOCH), data)


def load(path: Path) -> tuple[Schema, Floats, Rules, list[Link]]:
    """Return what `save` wrote.

    Raises:
        errors.ArtifactError: the file is damaged, or of another version.
        OSError: it cannot be opened.
    """
    raw = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(raw) as file:
            return _read(file)
    except DAMAGE as error:
        raise errors.ArtifactError(
            f"The saved model is damaged ({type(error).__name__})."
        ) from None


def _read(file: zipfile.ZipFile) -> tuple[Schema, Floats, Rules, list[Link]]:
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in file.infolist()):
        raise ValueError("models are stored, not compressed")  # and so cannot unpack enormously
    written = file.read(MANIFEST)
    _verify(written, file.read(DIGEST).decode())
    manifest = json.loads(written)
    if manifest["version"] != VERSION:
        raise errors.ArtifactError(
            f"The model was saved in format {manifest['version']}; this version reads {VERSION}."
        )
    arrays = {}
    for name in ("seed", "same", *INDEX_ARRAYS, *ARRAYS):
        data = file.read(f"{name}.npy")
        _verify(data, manifest["sha256"][name])
        arrays[name] = np.load(io.BytesIO(data), allow_pickle=False)
    schema, values = Schema.from_json(manifest["schema"]), arrays.pop("seed")
    if values.dtype != np.float64 or values.ndim != 2 or values.shape[1] != len(schema.columns):
        raise ValueError("the seed rows do not fit the schema")
    links = _links(manifest, arrays)
    _check(schema, values, links)
    return schema, values, Rules.from_json(manifest["rules"], schema), links


def _verify(data: bytes, digest: str) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise errors.ArtifactError("The saved model is damaged: a digest does not match.")


def _pack(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _forests(link: Link) -> list[Forest]:
    return [link.forest, link.echo.forest] if link.echo else [link.forest]


def _describe(link: Link) -> dict[str, Any]:
    return {
        "column": link.column,
        "predecessors": list(link.predecessors),
        "places": {str(position): places.tolist() for position, places in link.places.items()},
        "sizes": [
            {name: len(getattr(forest, name)) for name in ARRAYS} for forest in _forests(link)
        ],
        "indices": [
            {name: len(getattr(index, name)) for name in INDEX_ARRAYS} for index in link.indices
        ],
        "echo": link.echo.source if link.echo else None,
    }


class _Parts:
    """Arrays from which the parts of a model are cut, one after the other."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays
        self._taken = dict.fromkeys(arrays, 0)

    def next(self, sizes: dict[str, int]) -> dict[str, Array]:
        """Return the next stretch of each array that is named."""
        parts = {}
        for name, size in sizes.items():
            stop = self._taken[name] + size
            parts[name] = self._arrays[name][self._taken[name] : stop]
            self._taken[name] = stop
        return parts


def _links(manifest: dict[str, Any], arrays: dict[str, Array]) -> list[Link]:
    parts = _Parts(arrays)
    links = []
    repeated = iter(arrays["same"])
    for described in manifest["links"]:
        own, *habit = [Forest(**parts.next(sizes)) for sizes in described["sizes"]]
        source = described["echo"]
        echo = None if source is None else Echo(source, next(repeated), *habit)
        indices = tuple(Index(**parts.next(sizes)) for sizes in described["indices"])
        places = {
            int(key): np.asarray(value, dtype=np.int32)
            for key, value in described["places"].items()
        }
        predecessors = tuple(described["predecessors"])
        links.append(Link(described["column"], predecessors, places, own, indices, echo))
    return links


def _check(schema: Schema, values: Floats, links: Sequence[Link]) -> None:
    """Refuse what would send a reader out of bounds or round in circles."""
    if sorted(link.column for link in links) != list(range(len(schema.columns))):
        raise ValueError("there is not one link for each column")
    if not _are_values_of(schema, values):
        raise ValueError("the seed rows hold what the schema does not know")
    drawn: set[int] = set()
    for link in links:
        if not drawn.issuperset(link.predecessors):
            raise ValueError("a link looks at columns that come later")
        if not _are_placed(schema, link):
            raise ValueError("a link does not know the places of all levels")
        if link.echo and not _is_echo(link.echo, link, len(values)):
            raise ValueError("a link repeats what it does not look at")
        for index in link.indices:
            _check_index(index, len(link.predecessors))
        for forest in _forests(link):
            _check_forest(forest, len(link.predecessors) + len(link.indices), len(values))
        drawn.add(link.column)


def _are_values_of(schema: Schema, values: Floats) -> bool:
    """Tell whether seed values are levels that there are, finite numbers, or missing."""
    for column, given in zip(schema.columns, values.T, strict=True):
        known = given[~np.isnan(given)]
        if not np.isfinite(known).all():
            return False
        if column.type.is_categorical and not (
            _within(known, 0, len(column.levels)) and np.array_equal(known, np.floor(known))
        ):
            return False
    return True


def _check_index(index: Index, predecessors: int) -> None:
    arrays = [getattr(index, name) for name in INDEX_ARRAYS]
    if any(array.dtype != np.float64 or array.ndim != 1 for array in arrays):
        raise ValueError("an index is made of something else than rows of numbers")
    if len(index.weights) != predecessors or not np.isfinite(np.concatenate(arrays)).all():
        raise ValueError("an index does not weigh the predecessors")


def _check_forest(forest: Forest, features: int, rows: int) -> None:
    arrays = [getattr(forest, name) for name in ARRAYS]
    if any(array.dtype != np.int32 or array.ndim != 1 for array in arrays):
        raise ValueError("a forest is made of something else than rows of 32-bit integers")
    nodes = np.arange(len(forest.feature))
    inner = forest.feature != LEAF
    is_sound = (
        _within(forest.feature[inner], 0, features)
        and _within(forest.donors, 0, rows)
        and _within(forest.roots, 0, len(nodes))
        and bool(np.all(forest.left[inner] > nodes[inner]))  # so that every walk ends
        and _within(forest.left[inner] + 1, 0, len(nodes))
        and _within(forest.start[~inner], 0, len(forest.donors))
        and bool(np.all(forest.count[~inner] > 0))
        and _within((forest.start + forest.count)[~inner], 0, len(forest.donors) + 1)
    )
    if not is_sound:
        raise ValueError("a forest points outside itself")


def _is_echo(echo: Echo, link: Link, rows: int) -> bool:
    return (
        echo.source in link.predecessors and echo.same.dtype == bool and echo.same.shape == (rows,)
    )


def _are_placed(schema: Schema, link: Link) -> bool:
    """Tell whether the levels of every categorical predecessor have their places."""
    sizes = {
        position: len(schema.columns[position].levels) + 1
        for position in link.predecessors
        if schema.columns[position].type.is_categorical
    }
    return {position: places.shape for position, places in link.places.items()} == {
        position: (size,) for position, size in sizes.items()
    } and all(_within(link.places[position], 0, size) for position, size in sizes.items())


def _within(numbers: Array, first: int, end: int) -> bool:
    return bool(np.all((numbers >= first) & (numbers < end)))
