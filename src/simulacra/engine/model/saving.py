"""A saved model: a zip of plain arrays and a JSON manifest with their digests; never a pickle.

The names in the manifest are those of format 2, so that models of version 0.1.0 can be read: a
"link" is a conditional model, its "places" are ranks of levels, an "echo" is a repetition, "seed"
and "same" are the respondents' values and who of them repeats. What 0.1.0 did not know ("tallies",
"odds", "absence", "strengths", "quality", "privacy", "validation" and "codings") may be absent. A
model of a weighted study says that it is of format 3, since an earlier version would leave out its
"survey_weights".
"""

import contextlib
import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simulacra.engine import errors, privacy_levels, processors
from simulacra.engine.codebook import Coding
from simulacra.engine.columns.schema import Schema
from simulacra.engine.model import conditional, soundness, visits
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.model.forest import Forest
from simulacra.engine.model.repetition import Repetition
from simulacra.engine.model.ridge import RidgeIndex
from simulacra.engine.model.soundness import FOREST_ARRAYS, INDEX_ARRAYS
from simulacra.engine.model.tallies import Tally
from simulacra.engine.rules.ruleset import Rules

VERSION, WEIGHTED = 2, 3
MANIFEST, DIGEST = "manifest.json", "manifest.sha256"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same model gives the same bytes

DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, LookupError, ValueError, TypeError),
    *(AttributeError, EOFError, NotImplementedError, RuntimeError, OSError, OverflowError),
)
"""What reading a damaged zip, JSON or array raises."""

Array = np.ndarray


class Saved(NamedTuple):
    """What is in a file.

    Attributes:
        pool: the respondents.
        models: along the visit sequence.
        quality: what was found when the model's rows were compared with the study, as plain JSON.
        validation: of the study, as plain JSON; None if it was not validated.
        codings: how the file of the study holds columns, by name.
    """

    pool: DonorPool
    models: list[ConditionalModel]
    quality: dict[str, Any] | None
    validation: dict[str, Any] | None
    codings: dict[str, Coding]


def save(
    path: Path,
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    quality: dict[str, Any] | None = None,
    validation: dict[str, Any] | None = None,
    codings: Mapping[str, Coding] | None = None,
) -> None:
    """Write a model to one file.

    Args:
        path: of the file.
        pool: the respondents.
        models: along the visit sequence.
        quality: see `Saved`.
        validation: likewise.
        codings: likewise.

    Raises:
        OSError: the file cannot be written.
    """
    arrays: dict[str, Array] = {"seed": pool.values, "strengths": pool.strengths}
    described: dict[str, Any] = {
        "schema": pool.schema.to_json(),
        "rules": pool.rules.to_json(),
        "quality": quality,
        "privacy": pool.privacy,
    }
    if validation is not None:
        described["validation"] = validation
    if codings:
        described["codings"] = {name: coding.to_json() for name, coding in codings.items()}
    if pool.survey_weights is not None:
        described["version"], arrays["survey_weights"] = WEIGHTED, pool.survey_weights
    _write(path, described, arrays, models)


def save_fitted(path: Path, conditioned: Sequence[int], models: Sequence[ConditionalModel]) -> None:
    """Write what was fitted for scenarios on some columns beyond the models of the study.

    Args:
        path: of the file.
        conditioned: the positions of those columns, in the order they are drawn.
        models: that were fitted for them.

    Raises:
        OSError: the file cannot be written.
    """
    _write(path, {"conditioned": list(conditioned)}, {}, models)


def save_refits(
    path: Path, conditioned: Sequence[int], refits: Sequence[Sequence[ConditionalModel]]
) -> None:
    """Write models of resampled respondents, without their donors.

    Args:
        path: of the file.
        conditioned: the positions of the columns that a scenario is about.
        refits: the models of each, along the visit sequence of such a scenario.

    Raises:
        OSError: the file cannot be written.
    """
    hollow = [conditional.hollow(model) for models in refits for model in models]
    _write(path, {"conditioned": list(conditioned)}, {}, hollow)


def _write(
    path: Path,
    described: dict[str, Any],
    arrays: dict[str, Array],
    models: Sequence[ConditionalModel],
) -> None:
    """Write conditional models, and arrays and a description besides."""
    forests = [forest for model in models for forest in _forests(model)]
    repeats = [model.repetition.repeats for model in models if model.repetition]
    indices = [index for model in models for index in model.indices]
    odds = [model.odds for model in models if model.odds is not None]
    arrays["same"] = np.array(repeats, dtype=bool)
    arrays["odds"] = np.concatenate([np.zeros(0), *odds])
    for name in INDEX_ARRAYS:
        arrays[name] = np.concatenate([np.zeros(0), *(getattr(index, name) for index in indices)])
    for name in FOREST_ARRAYS:
        arrays[name] = np.concatenate([getattr(forest, name) for forest in forests])
    packed = {name: _pack(array) for name, array in arrays.items()}
    manifest = (
        {"version": VERSION}
        | described
        | {
            "links": [_describe(model) for model in models],
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in packed.items()},
        }
    )
    written = json.dumps(manifest, sort_keys=True).encode()
    entries = {MANIFEST: written, DIGEST: hashlib.sha256(written).hexdigest().encode()}
    entries |= {f"{name}.npy": data for name, data in packed.items()}
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(zipfile.ZipInfo(name, EPOCH), data)


def load(path: Path) -> Saved:
    """Return what `save` wrote.

    Raises:
        errors.SavedModelError: the file is damaged, or of another version.
        OSError: it cannot be opened.
    """
    with _opened(path) as (manifest, arrays):
        schema, values = Schema.from_json(manifest["schema"]), arrays.pop("seed")
        strengths, weights = arrays.pop("strengths", None), arrays.pop("survey_weights", None)
        models = _models(manifest, arrays)
        soundness.check(schema, values, models)
        soundness.check_strengths(strengths, len(schema.columns))
        soundness.check_weights(weights, len(values), is_weighted=schema.weight is not None)
        rules = Rules.from_json(manifest["rules"], schema)
        privacy_level = manifest.get("privacy", privacy_levels.STANDARD)
        soundness.check_privacy(privacy_level)
        pool = DonorPool.of(schema, values, rules, strengths, privacy_level, weights)
        soundness.check_odds(pool, models)
        described = manifest.get("codings", {})
        codings = {name: Coding.from_json(coding) for name, coding in described.items()}
        soundness.check_codings(codings, schema)
        return Saved(pool, models, manifest.get("quality"), manifest.get("validation"), codings)


def load_fitted(
    path: Path, pool: DonorPool, models: Sequence[ConditionalModel]
) -> tuple[tuple[int, ...], list[ConditionalModel]]:
    """Return what `save_fitted` wrote, completed by the models of the study.

    Args:
        path: of the file.
        pool: the respondents.
        models: of the study, along its visit sequence.

    Returns:
        The positions of the conditioned columns, and the models along their visit sequence.

    Raises:
        errors.SavedModelError: the file is damaged, of another version or of another study.
        OSError: it cannot be opened.
    """
    with _opened(path) as (manifest, arrays):
        conditioned = [int(position) for position in manifest["conditioned"]]
        fitted = {model.column: model for model in _models(manifest, arrays)}
        by_column = {model.column: model for model in models} | fitted
        sequence = visits.conditioned_first(conditioned, [model.column for model in models])
        completed = [by_column[column] for column in sequence]
        soundness.check(pool.schema, pool.values, completed)
        soundness.check_odds(pool, completed)
        return tuple(conditioned), completed


def load_refits(
    path: Path, pool_of: Callable[[int], DonorPool], sequence: Sequence[int], most: int
) -> tuple[tuple[int, ...], list[tuple[DonorPool, list[ConditionalModel]]]]:
    """Return what `save_refits` wrote, with the donors again.

    Args:
        path: of the file.
        pool_of: gives the resampled respondents of a refit by its index.
        sequence: positions of all columns, along the visit sequence of the study.
        most: refits that are wanted; there may be fewer.

    Returns:
        The positions of the conditioned columns, and of each refit the resampled respondents and
        the models along the visit sequence.

    Raises:
        errors.SavedModelError: the file is damaged, of another version or of another study.
        OSError: it cannot be opened.
    """
    with _opened(path) as (manifest, arrays):
        conditioned = [int(position) for position in manifest["conditioned"]]
        columns, along = len(sequence), visits.conditioned_first(conditioned, sequence)
        hollow = _models(manifest | {"links": manifest["links"][: most * columns]}, arrays)
        refits = []
        for index, first in enumerate(range(0, len(hollow), columns)):
            pool, models = pool_of(index), hollow[first : first + columns]
            if [model.column for model in models] != along:
                raise ValueError("a refit does not follow the visit sequence")
            refits.append((pool, _filled(pool, models)))
        return tuple(conditioned), refits


def _filled(pool: DonorPool, hollow: Sequence[ConditionalModel]) -> list[ConditionalModel]:
    """Return models with their donors, after a check of all that leads to them."""
    soundness.check(pool.schema, pool.values, hollow, are_hollow=True)
    models = list(processors.share(lambda model: conditional.filled(pool, model), hollow))
    soundness.check(pool.schema, pool.values, models)
    return models


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the manifest and the arrays of a file; whatever is wrong with it is one error."""
    raw = io.BytesIO(path.read_bytes())
    try:
        with zipfile.ZipFile(raw) as file:
            yield _read(file)
    except DAMAGE as error:
        raise errors.SavedModelError(
            f"The saved model is damaged ({type(error).__name__})."
        ) from None


def _read(file: zipfile.ZipFile) -> tuple[dict[str, Any], dict[str, Any]]:
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in file.infolist()):
        raise ValueError("models are stored, not compressed")  # and so cannot unpack enormously
    written = file.read(MANIFEST)
    _verify(written, file.read(DIGEST).decode())
    manifest = json.loads(written)
    if manifest["version"] not in {VERSION, WEIGHTED}:
        raise errors.SavedModelError(
            f"The model was saved in format {manifest['version']}; this version reads {VERSION} "
            f"and {WEIGHTED}. Make a new model of the study."
        )
    arrays: dict[str, Any] = {"odds": np.zeros(0)}
    for name in manifest["sha256"]:
        data = file.read(f"{name}.npy")
        _verify(data, manifest["sha256"][name])
        arrays[name] = np.load(io.BytesIO(data), allow_pickle=False)
    return manifest, arrays


def _verify(data: bytes, digest: str) -> None:
    if hashlib.sha256(data).hexdigest() != digest:
        raise errors.SavedModelError("The saved model is damaged: a digest does not match.")


def _pack(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _forests(model: ConditionalModel) -> list[Forest]:
    others = [model.repetition.forest if model.repetition else None, model.absence]
    return [model.forest, *(forest for forest in others if forest is not None)]


def _describe(model: ConditionalModel) -> dict[str, Any]:
    return {
        "column": model.column,
        "predecessors": list(model.predecessors),
        "places": {str(position): ranks.tolist() for position, ranks in model.level_ranks.items()},
        "sizes": [
            {name: len(getattr(forest, name)) for name in FOREST_ARRAYS}
            for forest in _forests(model)
        ],
        "tallies": [[list(tally.questions), tally.code] for tally in model.tallies],
        "indices": [
            {name: len(getattr(index, name)) for name in INDEX_ARRAYS} for index in model.indices
        ],
        "echo": model.repetition.source if model.repetition else None,
        "absence": model.absence is not None,
        "odds": None if model.odds is None else len(model.odds),
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


def _models(manifest: dict[str, Any], arrays: dict[str, Array]) -> list[ConditionalModel]:
    parts, repeats = _Parts(arrays), iter(arrays["same"])
    models = []
    for described in manifest["links"]:
        own, *others = [Forest(**parts.next(sizes)) for sizes in described["sizes"]]
        source = described["echo"]
        habit = None if source is None else Repetition(source, next(repeats), others.pop(0))
        absence = others.pop() if described.get("absence") else None
        indices = tuple(RidgeIndex(**parts.next(sizes)) for sizes in described["indices"])
        level_ranks = {
            int(position): np.asarray(ranks, dtype=np.int32)
            for position, ranks in described["places"].items()
        }
        tallies = tuple(
            Tally(tuple(questions), code) for questions, code in described.get("tallies", ())
        )
        number = described.get("odds")
        models.append(
            ConditionalModel(
                column=described["column"],
                predecessors=tuple(described["predecessors"]),
                level_ranks=level_ranks,
                forest=own,
                tallies=tallies,
                indices=indices,
                repetition=habit,
                absence=absence,
                odds=None if number is None else parts.next({"odds": number})["odds"],
            )
        )
    return models
