import unicodedata

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service import fields


@given(st.text())
def test_text_is_refused_exactly_when_it_holds_controls_or_halves(text: str) -> None:
    is_storable = not {unicodedata.category(letter) for letter in text} & {"Cc", "Cs"}
    if is_storable:
        assert fields.storable(text) == text
    else:
        with pytest.raises(ValueError, match="the text holds"):
            fields.storable(text)


def test_thousands_of_unknown_names_are_one_fault() -> None:
    """Each fault is a sentence of the answer, so the answer would outgrow the request."""

    class Body(fields.Body):
        name: str

    with pytest.raises(pydantic.ValidationError) as few:
        Body.model_validate({"name": "x", "unknown": 1, "too": 2})
    assert few.value.error_count() == 2
    with pytest.raises(pydantic.ValidationError) as many:
        Body.model_validate({"name": "x"} | {f"unknown{number}": 1 for number in range(50_000)})
    assert many.value.error_count() == 1
    assert "50000 names" in str(many.value)
