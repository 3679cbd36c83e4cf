import dataclasses
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine.model import artifact
from simulacra.engine.model.conditional import Link
from simulacra.engine.model.forest import Forest

Spoil = Callable[[Forest], Forest]


@pytest.fixture(scope="module")
def saved(meal_kit_model: simulacra.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "kit.model"
    meal_kit_model.save(path)
    return path


def _rows(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = simulacra.load(path).generate(20, seed=1).table.to_pylist()
    return rows


def test_the_same_model_gives_the_same_bytes(saved: Path) -> None:
    again = saved.with_suffix(".again")
    simulacra.load(saved).save(again)
    assert again.read_bytes() == saved.read_bytes()


def test_generating_changes_nothing_that_is_saved(
    meal_kit_model: simulacra.Model, saved: Path
) -> None:
    meal_kit_model.generate(10, seed=1, categorical={"segment": {"Premium": 0.5}})
    meal_kit_model.save(saved.with_suffix(".again"))
    assert saved.with_suffix(".again").read_bytes() == saved.read_bytes()


def test_nothing_in_the_file_is_a_pickle(saved: Path) -> None:
    with zipfile.ZipFile(saved) as file:
        for name in file.namelist():
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(file.read(name)), allow_pickle=False)
                assert array.dtype.kind in "ifb"
            else:
                assert name in ("manifest.json", "manifest.sha256")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_flipped_byte_is_noticed_or_harmless(saved: Path, place: float, flip: int) -> None:
    content = bytearray(saved.read_bytes())
    content[int(place * len(content))] ^= flip
    damaged = saved.with_suffix(".flipped")
    damaged.write_bytes(content)
    try:
        rows = _rows(damaged)
    except simulacra.SavedModelError:
        return
    assert rows == _rows(saved)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused(saved: Path, part: float) -> None:
    content = saved.read_bytes()
    cut = saved.with_suffix(".cut")
    cut.write_bytes(content[: int(part * len(content))])
    with pytest.raises(simulacra.SavedModelError, match="damaged"):
        simulacra.load(cut)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        simulacra.load(tmp_path / "none.model")


def test_another_format_version_is_named(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = artifact.load(saved)
    monkeypatch.setattr(artifact, "VERSION", 99)
    artifact.save(tmp_path / "newer.model", *parts)
    monkeypatch.undo()
    with pytest.raises(simulacra.SavedModelError, match=rf"99.*reads {artifact.VERSION}"):
        simulacra.load(tmp_path / "newer.model")


def test_a_compressed_file_is_refused_before_it_unpacks(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    bomb = tmp_path / "bomb.model"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(bomb)


def _set(name: str, place: Callable[[Forest], int], value: int | Callable[[Forest], int]) -> Spoil:
    def spoil(forest: Forest) -> Forest:
        array = getattr(forest, name).copy()
        array[place(forest)] = value if isinstance(value, int) else value(forest)
        return dataclasses.replace(forest, **{name: array})

    return spoil


def _inner(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature >= 0)[0])


def _last_inner(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature >= 0)[-1])


def _last_node(forest: Forest) -> int:
    return len(forest.feature) - 1


def _leaf(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature < 0)[0])


@pytest.mark.parametrize(
    "spoil",
    [
        _set("left", _inner, 0),  # a walk that never ends
        _set("left", _inner, 10**6),
        _set("left", _inner, -2),
        _set("left", _last_inner, _last_node),  # the right child is none
        _set("feature", _inner, 500),
        _set("roots", lambda _: 0, -1),
        _set("donors", lambda _: 0, 10**6),
        _set("donors", lambda _: 0, -1),
        _set("count", _leaf, 0),
        _set("count", _leaf, 10**6),
        _set("start", _leaf, -5),
    ],
)
def test_a_forest_that_points_outside_itself_is_refused(
    saved: Path, tmp_path: Path, spoil: Spoil
) -> None:
    """The digests are right, as a forger's would be."""
    schema, values, rules, links = artifact.load(saved)
    bent = [*links[:-1], dataclasses.replace(links[-1], forest=spoil(links[-1].forest))]
    artifact.save(tmp_path / "bent.model", schema, values, rules, bent)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")


@pytest.mark.parametrize("name", artifact.ARRAYS)
@pytest.mark.parametrize(
    "change",
    [
        lambda array: array.astype(np.int64),
        lambda array: array.astype(np.float32),
        lambda array: array[:, None],
    ],
    ids=["int64", "float32", "two dimensions"],
)
def test_arrays_of_another_type_or_shape_are_refused(
    saved: Path, tmp_path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    """Compiled loops take their arrays on trust; the digests are right, as a forger's would be."""
    schema, values, rules, links = artifact.load(saved)
    bent = [
        dataclasses.replace(
            link,
            forest=dataclasses.replace(link.forest, **{name: change(getattr(link.forest, name))}),
        )
        for link in links
    ]
    assert not any(link.echo for link in bent)
    artifact.save(tmp_path / "bent.model", schema, values, rules, bent)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")


@pytest.mark.parametrize(
    "change",
    [
        lambda links: links[::-1],
        lambda links: links[:-1],
        lambda links: [*links[:-1], dataclasses.replace(links[-1], predecessors=(99,))],
    ],
    ids=["order", "number", "predecessor"],
)
def test_links_that_do_not_fit_the_schema_are_refused(
    saved: Path, tmp_path: Path, change: Callable[[list[Link]], list[Link]]
) -> None:
    schema, values, rules, links = artifact.load(saved)
    artifact.save(tmp_path / "bent.model", schema, values, rules, change(links))
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")


@pytest.mark.parametrize(
    "change",
    [
        lambda places: places[:-1],
        lambda places: np.append(places, 0).astype(np.int32),
        lambda places: np.stack([places, places], axis=1),
    ],
    ids=["short", "long", "two dimensions"],
)
def test_places_that_are_not_one_a_level_are_refused(
    saved: Path, tmp_path: Path, change: Callable[[np.ndarray], np.ndarray]
) -> None:
    schema, values, rules, links = artifact.load(saved)
    last = links[-1]
    assert last.places
    bent = {position: change(places) for position, places in last.places.items()}
    links[-1] = dataclasses.replace(last, places=bent)
    artifact.save(tmp_path / "bent.model", schema, values, rules, links)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")


@pytest.mark.parametrize(
    "change",
    [
        {"weights": np.ones(1)},
        {"weights": np.full(2, np.nan)},
        {"cuts": np.array([np.inf])},
    ],
    ids=["short", "not finite", "endless cut"],
)
def test_an_index_that_does_not_weigh_the_predecessors_is_refused(
    saved: Path, tmp_path: Path, change: dict[str, np.ndarray]
) -> None:
    schema, values, rules, links = artifact.load(saved)
    last = links[-1]
    links[-1] = dataclasses.replace(
        last, indices=tuple(dataclasses.replace(one, **change) for one in last.indices)
    )
    assert len(links[-1].predecessors) >= 2
    assert links[-1].indices
    artifact.save(tmp_path / "bent.model", schema, values, rules, links)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")


def test_seed_rows_that_do_not_fit_the_schema_are_refused(saved: Path, tmp_path: Path) -> None:
    schema, values, rules, links = artifact.load(saved)
    artifact.save(tmp_path / "bent.model", schema, values[:, :-1], rules, links)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")


@pytest.mark.parametrize("value", [4.0, -1.0, 1e8, np.inf])
def test_seed_values_that_are_no_level_are_refused(
    saved: Path, tmp_path: Path, value: float
) -> None:
    """A level becomes an index in compiled loops, which look at no bounds."""
    schema, values, rules, links = artifact.load(saved)
    bent = values.copy()
    bent[0, schema.names.index("segment")] = value
    artifact.save(tmp_path / "bent.model", schema, bent, rules, links)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "bent.model")
