"""Pictures: what they say is what the objects say, and all of it is on the paper."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import simulacra
from simulacra.engine import extras
from simulacra.engine.display.plotting import picture


@pytest.fixture(scope="module")
def out(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(400, seed=1, categorical={"segment": {"Premium": 0.5}})


@pytest.fixture(scope="module")
def found(meal_kit_model: simulacra.Model, out: simulacra.Generation) -> simulacra.Comparison:
    return simulacra.compare(meal_kit_model, out)


def texts(drawn: Figure) -> list[str]:
    """All texts of a picture that is drawn; none of them is beyond the paper."""
    drawn.canvas.draw()
    paper = drawn.bbox
    seen = [
        *drawn.texts,
        *(text for legend in drawn.legends for text in legend.get_texts()),
        *(text for axes in drawn.axes for text in (*axes.texts, *axes.get_yticklabels())),
    ]
    for text in seen:
        box = text.get_window_extent()
        assert text.get_text() == "" or (box.x0 >= 0 and box.x1 <= paper.x1 + 1), text
        assert text.get_text() == "" or (box.y0 >= 0 and box.y1 <= paper.y1 + 1), text
    return [text.get_text() for text in seen]


def test_questions_are_drawn_with_their_shares(out: simulacra.Generation) -> None:
    drawn = out.plot(["segment", "monthly_spend"])
    told = texts(drawn)
    assert "segment  (asked for)" in told
    assert "50.0%" in told
    bars = [bar for bar in drawn.axes[0].patches if bar.get_facecolor()[:3] != (1.0, 1.0, 1.0)]
    by_level = dict(zip(out.schema["segment"].levels, bars, strict=True))
    assert by_level["Premium"].get_width() == pytest.approx(0.5, abs=0.002)  # type: ignore[attr-defined]


def test_what_was_asked_for_is_drawn_first(out: simulacra.Generation) -> None:
    drawn = out.plot()
    assert drawn.texts[0].get_text() == "segment  (asked for)"
    assert 2 <= len(drawn.axes) <= 6


def test_changes_are_drawn_with_their_intervals(found: simulacra.Comparison) -> None:
    labelled = dataclasses.replace(found, labels={"region": "Where do you live?"})
    told = texts(labelled.plot(count=100))
    shares = [it for it in found.figures if it.figure == "share"]
    assert any(text.startswith("Where do you live? = ") for text in told)
    first = next(it for it in shares if it.change.figure is not None)
    assert f"{first.first.figure:.1%}" in told
    drawn = labelled.plot(count=100)
    dots = [line for line in drawn.axes[0].lines if line.get_marker() == "o"]
    assert len(dots) == len(shares)
    drawn_at = np.asarray(dots[0].get_xdata()).tolist()
    assert drawn_at == [pytest.approx(100 * float(first.change.figure or 0))]


def test_a_table_is_drawn_with_its_letters(out: simulacra.Generation) -> None:
    table = out.crosstab(["channel", "monthly_spend"], banner="segment")
    told = texts(table.plot())
    for block in table.blocks:
        for line in block.lines:
            for cell in line.cells:
                assert any(text.endswith(f" {cell.letters}".rstrip()) for text in told)
    assert "monthly_spend (mean)" in told
    assert "Total" in told


def test_dates_are_not_drawn(mixed_model: simulacra.Model) -> None:
    with pytest.raises(ValueError, match="dates and times"):
        mixed_model.crosstab("joined").plot()
    assert len(mixed_model.crosstab(["joined", "plan"]).plot().axes) == 1


def test_notebooks_and_files_have_the_picture(out: simulacra.Generation, tmp_path: Path) -> None:
    drawn = out.plot("segment")
    shown, size = drawn._repr_png_()
    assert shown.startswith(b"\x89PNG")
    assert size["width"] == round(picture.SCREEN * drawn.get_size_inches()[0])
    for suffix, start in (("svg", b"<?xml"), ("pdf", b"%PDF")):
        drawn.savefig(tmp_path / f"it.{suffix}")
        assert (tmp_path / f"it.{suffix}").read_bytes().startswith(start)


def test_a_dollar_in_a_label_is_a_dollar(found: simulacra.Comparison) -> None:
    drawn = dataclasses.replace(found, labels={"region": "$5 or $10"}).plot(count=100)
    assert any("$5 or $10" in text for text in texts(drawn))
    drawn.savefig(io.BytesIO(), format="svg")


def test_long_texts_end_in_an_ellipsis() -> None:
    lines = picture.wrapped("word " * 100, 2.0, most=2)
    assert len(lines) == 2
    assert lines[-1].endswith("\N{HORIZONTAL ELLIPSIS}")


def test_a_table_for_publication_has_all_figures(out: simulacra.Generation) -> None:
    table = out.crosstab(["channel", "monthly_spend"], banner="segment")
    html = table.to_great_table("How they buy").as_raw_html()
    assert "How they buy" in html
    assert f"{table.blocks[0].bases[0]:,}" in html
    assert all(note in html for note in table.notes)
    assert html.count("Effective base") == 2


def test_what_is_not_installed_is_said_with_the_command_that_installs_it() -> None:
    with pytest.raises(ModuleNotFoundError, match=r'pip install "simulacra\[plot\]"'):
        extras.load("no_such_package", "a picture", "plot")
    with pytest.raises(ModuleNotFoundError, match="pip install no_such_package"):
        extras.load("no_such_package.of_it", "a data frame")
