"""Pictures of the worked studies."""

from pathlib import Path

import pyarrow as pa
import pytest

import simulacra
from tools.gallery import studies

IMAGES = Path(__file__).parents[3] / "docs" / "images"
MOST_BYTES = 80 * 1024


def test_a_picture_is_drawn_of_levels_and_numbers() -> None:
    pictures = pytest.importorskip("tools.gallery.pictures", exc_type=ImportError)
    answers = {"brand": ["A", "B", "A", "A", "B"] * 20, "age": [*range(20, 70)] * 2}
    model = simulacra.fit(pa.table(answers))
    made = model.generate(200, seed=1, categorical={"brand": {"A": 0.3}})
    panels = (studies.asked("brand", "Brand"), studies.follows("age", "Age"))
    drawn = pictures.before_and_after(model, made, panels)
    assert drawn.startswith(b"\x89PNG")
    assert drawn == pictures.before_and_after(model, made, panels)


@pytest.mark.parametrize("name", ["before-after", *(f"gallery/{it}" for it in studies.STUDIES)])
def test_pictures_of_documents_are_small(name: str) -> None:
    assert 1024 < (IMAGES / f"{name}.png").stat().st_size < MOST_BYTES
