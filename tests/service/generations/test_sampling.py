"""The child's part of a generation, and what it hands on to the next one."""

from pathlib import Path

import pytest

from simulacra.engine.progress import Progress
from simulacra.service.generations import payloads, sampling

SHARES = {"channel": {"Online": 0.6}}
RANGES = {"age": {"min": 25, "max": 44}}


class Child:
    """Generates rows in a folder of its own."""

    def __init__(self, model_file: Path, folder: Path) -> None:
        folder.mkdir()
        self.model_file, self.folder, self.stages = model_file, folder, list[str]()
        self.layout = "schema"

    def generate(
        self,
        fitted_file: Path | None = None,
        *,
        is_free: bool = False,
        margins: str | None = None,
        refits_file: Path | None = None,
    ) -> payloads.SamplingResult:
        request = payloads.SamplingRequest(
            model_file=self.model_file,
            fitted_file=fitted_file,
            refits_file=refits_file,
            artifact_file=self.folder / "artifact",
            new_fitted_file=self.new_fitted_file,
            new_refits_file=self.new_refits_file,
            output_format="csv",
            row_count=60,
            rng_seed=1,
            conditions={} if is_free else {"categorical": SHARES, "numeric": RANGES},
            margins=margins,
            output_layout=self.layout,
        )
        return sampling.generate(request, self._note)

    def _note(self, progress: Progress) -> None:
        self.stages.append(progress.stage)

    @property
    def new_fitted_file(self) -> Path:
        return self.folder / "fitted"

    @property
    def new_refits_file(self) -> Path:
        return self.folder / "refits"

    @property
    def rows(self) -> bytes:
        return (self.folder / "artifact").read_bytes()


@pytest.fixture
def first(model_file: Path, tmp_path: Path) -> Child:
    """One that had to fit."""
    child = Child(model_file, tmp_path / "first")
    assert child.generate().has_fitted
    assert "fitting" in child.stages
    return child


@pytest.fixture
def second(model_file: Path, tmp_path: Path) -> Child:
    return Child(model_file, tmp_path / "second")


def test_what_one_fitted_serves_the_next(first: Child, second: Child) -> None:
    result = second.generate(first.new_fitted_file)
    assert not result.has_fitted
    assert not second.new_fitted_file.exists()
    assert "fitting" not in second.stages
    assert second.rows == first.rows


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_what_cannot_be_read_is_fitted_again(
    first: Child, second: Child, content: bytes | None
) -> None:
    whole = first.new_fitted_file.read_bytes()
    first.new_fitted_file.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert second.generate(first.new_fitted_file).has_fitted
    assert second.rows == first.rows
    assert second.new_fitted_file.read_bytes() == whole


def test_without_conditions_there_is_nothing_to_hand_on(second: Child) -> None:
    assert not second.generate(is_free=True).has_fitted


@pytest.mark.parametrize("fault", [OSError("no room"), MemoryError()])
def test_rows_are_delivered_though_what_was_fitted_cannot_be_written(
    first: Child, second: Child, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise fault

    monkeypatch.setattr("simulacra.engine.pipeline.Model.save_fitted", fail)
    result = second.generate()
    assert (result.rows_generated, result.has_fitted) == (60, False)
    assert second.rows == first.rows


def test_what_one_refitted_serves_the_next_and_is_completed(
    first: Child, second: Child, tmp_path: Path
) -> None:
    made = first.generate(first.new_fitted_file, margins="quick")
    assert made.new_refits == 8
    few = first.new_refits_file.rename(tmp_path / "few")
    spared = second.generate(first.new_fitted_file, margins="quick", refits_file=few)
    assert (spared.new_refits, second.new_refits_file.exists()) == (0, False)
    assert spared.margins == made.margins
    completed = second.generate(first.new_fitted_file, margins="full", refits_file=few)
    assert completed.new_refits == 20
    whole = second.new_refits_file.rename(tmp_path / "whole")
    again = second.generate(first.new_fitted_file, margins="full", refits_file=whole)
    assert (again.new_refits, again.margins) == (0, completed.margins)
    quick = second.generate(first.new_fitted_file, margins="quick", refits_file=whole)
    assert (quick.new_refits, quick.margins) == (0, made.margins)


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_refits_that_cannot_be_read_are_made_again(
    second: Child, tmp_path: Path, content: bytes | None
) -> None:
    made = second.generate(is_free=True, margins="quick")
    whole = second.new_refits_file.read_bytes()
    spoiled = tmp_path / "spoiled"
    spoiled.write_bytes(whole[: len(whole) // 2] if content is None else content)
    again = second.generate(is_free=True, margins="quick", refits_file=spoiled)
    assert (again.new_refits, again.margins) == (8, made.margins)
    assert second.new_refits_file.read_bytes() == whole


@pytest.mark.parametrize("fault", [OSError("no room"), MemoryError()])
def test_rows_are_delivered_though_refits_cannot_be_written(
    second: Child, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("simulacra.engine.pipeline.Model.save_refits", fail)
    result = second.generate(is_free=True, margins="quick")
    assert (result.rows_generated, result.new_refits) == (60, 0)


def test_rows_may_have_the_columns_of_the_file(first: Child, second: Child) -> None:
    """A name of this study is no identifier in the file; the rows are the same."""
    second.layout = "file"
    second.generate()
    names, rows = second.rows.split(b"\n", 1)
    own_names, own_rows = first.rows.split(b"\n", 1)
    assert rows == own_rows
    assert names.count(b",") == own_names.count(b",")
    assert names != own_names
