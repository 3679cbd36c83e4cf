import json

from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.http import problems


@given(st.text())
def test_every_text_can_be_quoted_in_a_problem(text: str) -> None:
    assert json.loads(problems.render({"detail": text})) == {"detail": text}
