"""The panel for scenarios, moved as a person moves it, without a front end."""

from pathlib import Path
from typing import Any

import pytest

import simulacra
from examples import tracker
from simulacra.engine.display.panel import Panel, _Range, _Shares


def sliders(panel: Panel, name: str) -> dict[str, Any]:
    control = panel._controls[name]
    assert isinstance(control, _Shares)
    return control.sliders


def test_what_is_moved_is_a_condition(meal_kit_model: simulacra.Model) -> None:
    panel = meal_kit_model.panel("segment", row_count=400)
    assert panel.scenario == {}
    assert panel.preview.rows_available == 400
    shares = sliders(panel, "segment")
    levels = meal_kit_model.schema["segment"]
    assert shares["Premium"].value == pytest.approx(
        100 * levels.shares[levels.levels.index("Premium")], abs=0.5
    )
    shares["Premium"].value = 55.0
    assert panel.scenario == {"categorical": {"segment": {"Premium": 0.55}}}
    assert panel.preview.conditions[0].column == "segment"
    assert "Premium" in panel._shown.value
    foreseen = {it.level: it.expected for it in panel.preview.conditions[0].levels}
    assert shares["Value"].value == pytest.approx(100 * foreseen["Value"], abs=0.1)
    assert sum(slider.value for slider in shares.values()) == pytest.approx(100, abs=0.3)
    made = meal_kit_model.generate(400, seed=1, **panel.scenario).report
    assert made.support == panel.preview.support


def test_questions_are_added_by_their_text_and_removed(meal_kit_model: simulacra.Model) -> None:
    panel = meal_kit_model.panel(row_count=400)
    panel._choice.value = "age (age)"
    assert panel._choice.value == ""
    control = panel._controls["age"]
    assert isinstance(control, _Range)
    control.slider.value = (25, 44)
    assert panel.scenario == {"numeric": {"age": {"min": 25, "max": 44}}}
    panel._controls["age"].box.children[0].children[1].click()
    assert panel.scenario == {}
    assert panel._box.children == ()


def test_what_does_not_fit_is_said_and_the_panel_stays(meal_kit_model: simulacra.Model) -> None:
    panel = meal_kit_model.panel("segment", row_count=400)
    shares = sliders(panel, "segment")
    shares["Premium"].value = 80.0
    shares["Value"].value = 60.0
    assert panel.preview is None
    assert "sum to 1.4" in panel._shown.value
    shares["Value"].value = 10.0
    assert panel.preview is not None


def test_a_column_without_sliders_is_refused(mixed_model: simulacra.Model) -> None:
    with pytest.raises(KeyError, match="no sliders for 'joined'"):
        mixed_model.panel("joined")


def test_options_of_a_set_have_sliders_by_their_texts(tmp_path: Path) -> None:
    tracker.write(tmp_path / "burgers.sav", 300)
    model = simulacra.fit(tmp_path / "burgers.sav")
    (name, _) = (one.name for one in model.schema.sets)
    panel = model.panel(name, row_count=200)
    sliders(panel, name)["Green Fork"].value = 50.0
    assert panel.scenario == {"multiple_response": {name: {"Green Fork": 0.5}}}
    assert panel.preview.rows_available == 200
