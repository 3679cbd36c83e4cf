import dataclasses
import io
import math
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine.codebook import Coding
from simulacra.engine.model import saving
from simulacra.engine.progress import ProgressCallback
from tests.studies import same_rows


def rows_of(path: Path) -> list[dict[str, object]]:
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
def test_a_flipped_byte_is_noticed_or_harmless(saved: Path, position: float, flip: int) -> None:
    content = bytearray(saved.read_bytes())
    content[int(position * len(content))] ^= flip
    damaged = saved.with_suffix(".flipped")
    damaged.write_bytes(content)
    try:
        rows = rows_of(damaged)
    except simulacra.SavedModelError:
        return
    assert rows == rows_of(saved)


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
    parts = saving.load(saved)
    monkeypatch.setattr(saving, "VERSION", 99)
    saving.save(tmp_path / "newer.model", *parts)
    monkeypatch.undo()
    with pytest.raises(simulacra.SavedModelError, match=rf"99.*reads {saving.VERSION}"):
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


SHARES = {"segment": {"Premium": 0.5}, "channel": {"Online": 0.6}}


def generated(
    model: simulacra.Model, progress: ProgressCallback | None = None
) -> simulacra.Generation:
    return model.generate(60, seed=4, categorical=SHARES, progress=progress)


def steps_of_fitting(model: simulacra.Model) -> list[simulacra.Progress]:
    reports: list[simulacra.Progress] = []
    generated(model, progress=reports.append)
    return [report for report in reports if report.stage == "fitting" and report.steps]


def test_what_was_fitted_for_a_scenario_serves_the_next_process(
    saved: Path, tmp_path: Path
) -> None:
    first, second = simulacra.load(saved), simulacra.load(saved)
    nothing = first.save_fitted(tmp_path / "fitted", {"categorical": SHARES})
    assert not nothing
    made = generated(first)
    assert first.save_fitted(tmp_path / "fitted", {"categorical": SHARES})
    second.load_fitted(tmp_path / "fitted")
    assert not steps_of_fitting(second)
    assert generated(second).table == made.table


def test_other_shares_of_the_same_columns_are_served_too(saved: Path, tmp_path: Path) -> None:
    first, second = simulacra.load(saved), simulacra.load(saved)
    first.generate(
        10, seed=1, categorical={"segment": {"Premium": 0.2}, "channel": {"Retail": 0.5}}
    )
    first.save_fitted(tmp_path / "fitted", {"categorical": SHARES})
    second.load_fitted(tmp_path / "fitted")
    assert not steps_of_fitting(second)


def test_what_was_fitted_to_another_study_is_refused(
    saved: Path, mixed_table: pa.Table, tmp_path: Path
) -> None:
    other = simulacra.fit(mixed_table)
    scenario = {"agreement": {"never": 0.2}}
    other.generate(10, seed=1, categorical=scenario)
    assert other.save_fitted(tmp_path / "fitted", {"categorical": scenario})
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(saved).load_fitted(tmp_path / "fitted")


def test_damage_to_what_was_fitted_is_noticed(saved: Path, tmp_path: Path) -> None:
    model = simulacra.load(saved)
    generated(model)
    model.save_fitted(tmp_path / "fitted", {"categorical": SHARES})
    written = (tmp_path / "fitted").read_bytes()
    for size in range(0, len(written), len(written) // 20):
        (tmp_path / "fitted").write_bytes(written[:size])
        with pytest.raises(simulacra.SavedModelError):
            model.load_fitted(tmp_path / "fitted")


def test_a_model_of_an_earlier_version_was_not_validated() -> None:
    assert simulacra.load(same_rows.SAVED_MODEL).validation is None


def test_codings_are_kept_and_those_that_fit_nothing_are_refused(
    saved: Path, tmp_path: Path
) -> None:
    pool, models, *_ = saving.load(saved)
    levels = pool.schema["segment"].levels
    coding = Coding(
        (*map(float, range(len(levels) - 1)), None), {1.0: "One"}, ((-math.inf, -1.0),), "nominal",
        "F2.0",
    )  # fmt: skip
    text = Coding(("", *levels[1:]), is_text=True)
    for known in (coding, text):
        saving.save(tmp_path / "coded.model", pool, models, codings={"segment": known})
        assert saving.load(tmp_path / "coded.model").codings == {"segment": known}
    assert saving.load(saved).codings == {}
    for name, forged in (
        ("nothing", coding),
        ("segment", Coding((1.0,))),
        ("segment", dataclasses.replace(coding, is_text=True)),
        ("segment", dataclasses.replace(text, is_text=False)),
        ("segment", dataclasses.replace(coding, measure="guess")),
        ("segment", dataclasses.replace(coding, codes=(math.nan,) * len(levels))),
        ("segment", dataclasses.replace(coding, codes=(10**400,) * len(levels))),
        ("segment", dataclasses.replace(coding, codes=(True,) * len(levels))),
        ("segment", dataclasses.replace(coding, labels={math.inf: "Endless"})),
        ("segment", dataclasses.replace(coding, labels={1.0: "\ud800"})),
        ("segment", dataclasses.replace(coding, missing=((math.nan, 1.0),))),
        ("segment", dataclasses.replace(text, codes=("\ud800", *levels[1:]))),
    ):
        saving.save(tmp_path / "forged.model", pool, models, codings={name: forged})
        with pytest.raises(simulacra.SavedModelError):
            saving.load(tmp_path / "forged.model")
