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
from simulacra.engine import artifact
from simulacra.engine.chain import Link
from simulacra.engine.forest import Forest

Spoil = Callable[[Forest], Forest]


@pytest.fixture(scope="module")
def saved(kit: simulacra.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "kit.model"
    kit.save(path)
    return path


def _rows(path: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = simulacra.load(path).generate(20, seed=1).table.to_pylist()
    return rows


def test_the_same_model_gives_the_same_bytes(saved: Path) -> None:
    again = saved.with_suffix(".again")
    simulacra.load(saved).save(again)
    assert again.read_bytes() == saved.read_bytes()


def test_generating_changes_nothing_that_is_saved(kit: simulacra.Model, saved: Path) -> None:
    kit.generate(10, seed=1, categorical={"segment": {"Premium": 0.5}})
    kit.save(saved.with_suffix(".again"))
    assert saved.with_suffix(".again").read_bytes() == saved.read_bytes()


def test_nothing_in_the_file_is_a_pickle(saved: Path) -> None:
    with zipfile.ZipFile(saved) as file:
        for name in file.namelist():
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(file.read(name)), allow_pickle=False)
                assert array.dtype.kind in "if"
            else:
                assert name in ("manifest.json", "manifest.sha256")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_a_flipped_byte_is_noticed_or_harmless(saved: Path, place: float, flip: int) -> None:
    content = bytearray(saved.read_bytes())
    content[int(place * len(content))] ^= flip
    damaged = saved.with_suffix(".flipped")
    damaged.write_bytes(content)
    try:
        rows = _rows(damaged)
    except simulacra.ArtifactError:
        return
    assert rows == _rows(saved)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
def test_a_truncated_file_is_refused(saved: Path, part: float) -> None:
    content = saved.read_bytes()
    cut = saved.with_suffix(".cut")
    cut.write_bytes(content[: int(part * len(content))])
    with pytest.raises(simulacra.ArtifactError, match="damaged"):
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
    with pytest.raises(simulacra.ArtifactError, match=r"99.*reads 1"):
        simulacra.load(tmp_path / "newer.model")


def test_a_compressed_file_is_refused_before_it_unpacks(saved: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(saved) as file:
        entries = {name: file.read(name) for name in file.namelist()}
    bomb = tmp_path / "bomb.model"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    with pytest.raises(simulacra.ArtifactError):
        simulacra.load(bomb)


def _set(name: str, place: Callable[[Forest], int], value: int) -> Spoil:
    def spoil(forest: Forest) -> Forest:
        array = getattr(forest, name).copy()
        array[place(forest)] = value
        return dataclasses.replace(forest, **{name: array})

    return spoil


def _inner(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature >= 0)[0])


def _leaf(forest: Forest) -> int:
    return int(np.flatnonzero(forest.feature < 0)[0])


@pytest.mark.parametrize(
    "spoil",
    [
        _set("left", _inner, 0),  # a walk that never ends
        _set("right", _inner, 10**6),
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
    schema, values, links = artifact.load(saved)
    bent = [*links[:-1], dataclasses.replace(links[-1], forest=spoil(links[-1].forest))]
    artifact.save(tmp_path / "bent.model", schema, values, bent)
    with pytest.raises(simulacra.ArtifactError):
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
    schema, values, links = artifact.load(saved)
    artifact.save(tmp_path / "bent.model", schema, values, change(links))
    with pytest.raises(simulacra.ArtifactError):
        simulacra.load(tmp_path / "bent.model")


def test_seed_rows_that_do_not_fit_the_schema_are_refused(saved: Path, tmp_path: Path) -> None:
    schema, values, links = artifact.load(saved)
    artifact.save(tmp_path / "bent.model", schema, values[:, :-1], links)
    with pytest.raises(simulacra.ArtifactError):
        simulacra.load(tmp_path / "bent.model")
