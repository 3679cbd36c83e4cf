import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service import fields


@given(st.text())
def test_text_is_refused_exactly_when_it_cannot_be_stored(text: str) -> None:
    is_storable = "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
    if is_storable:
        assert fields.storable(text) == text
    else:
        with pytest.raises(ValueError, match="the text holds"):
            fields.storable(text)
