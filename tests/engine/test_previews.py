"""What a preview fits, and what is kept of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import simulacra
from simulacra.engine.model import conditional
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool

LATE: dict[str, Any] = {"numeric": {"seen": {"min": "2024-03-02", "max": "2024-03-05"}}}


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The columns that are fitted, as they are."""
    columns: list[int] = []
    fit = conditional.fit

    def noted(
        pool: DonorPool, column: int, candidates: Sequence[int], **options: bool
    ) -> ConditionalModel:
        columns.append(column)
        return fit(pool, column, candidates, **options)

    monkeypatch.setattr(conditional, "fit", noted)
    return columns


@pytest.fixture
def saved(mixed_model: simulacra.Model, tmp_path: Path) -> Path:
    mixed_model.save(tmp_path / "model")
    return tmp_path / "model"


def test_only_the_conditioned_columns_are_fitted_and_each_once(
    saved: Path, fitted: list[int]
) -> None:
    model = simulacra.load(saved)
    seen = model.schema.names.index("seen")
    model.preview(50, seed=1, **LATE)
    assert fitted == [seen]
    model.preview(80, seed=2, **LATE)
    assert fitted == [seen]
    model.generate(50, seed=1, **LATE)
    assert fitted.count(seen) == 1
    assert len(fitted) > 1
    fitted.clear()
    model.preview(50, seed=1, **LATE)
    model.generate(50, seed=1, **LATE)
    assert fitted == []


def test_a_preview_changes_no_rows(saved: Path) -> None:
    previewed, other = simulacra.load(saved), simulacra.load(saved)
    previewed.preview(50, seed=1, **LATE)
    one = previewed.generate(50, seed=1, **LATE).table
    assert one.equals(other.generate(50, seed=1, **LATE).table)


def test_what_only_a_preview_has_fitted_is_not_written(saved: Path, tmp_path: Path) -> None:
    model = simulacra.load(saved)
    model.preview(50, seed=1, **LATE)
    assert not model.save_fitted(tmp_path / "fitted", LATE)
    model.generate(50, seed=1, **LATE)
    assert model.save_fitted(tmp_path / "fitted", LATE)
    again = simulacra.load(saved)
    again.load_fitted(tmp_path / "fitted")
    preview = again.preview(50, seed=1, **LATE)
    assert preview.expected_seconds > 0
    assert preview.support == model.preview(50, seed=1, **LATE).support


def test_more_rows_are_expected_to_take_longer(saved: Path) -> None:
    model = simulacra.load(saved)
    model.generate(50, seed=1, **LATE)  # which tells what a value takes
    few, many = (model.preview(rows, seed=1, **LATE) for rows in (1_000, 50_000))
    assert 0 < few.expected_seconds < many.expected_seconds


def test_refits_for_margins_are_expected_to_take_longer_until_they_are_kept(saved: Path) -> None:
    model = simulacra.load(saved)
    model.generate(50, seed=1, **LATE)

    def expected(*, margins: bool | str, kept: int | None = None) -> float:
        asked = model.preview(50, seed=1, **LATE, margins=margins, kept_refits=kept)
        return asked.expected_seconds

    nothing, quick, full = (
        expected(margins=False),
        expected(margins="quick"),
        expected(margins=True),
    )
    assert 0 < nothing < quick < full
    assert expected(margins=True, kept=20) < expected(margins=True, kept=8) < full
    assert expected(margins="quick", kept=20) == expected(margins="quick", kept=8) > nothing
    model.generate(50, seed=1, **LATE, margins="quick")
    assert (
        expected(margins="quick")
        == expected(margins="quick", kept=8)
        < expected(margins="quick", kept=0)
    )
    with pytest.raises(ValueError, match="margins is 'slow'"):
        expected(margins="slow")
