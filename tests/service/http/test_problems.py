import json

from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.http import problems


@given(st.text())
def test_every_text_can_be_quoted_in_a_problem(text: str) -> None:
    assert json.loads(problems.render({"detail": text})) == {"detail": text}


def test_a_fault_of_the_whole_body_is_named() -> None:
    assert problems.invalid([problems.Fault("", "is a list")]).detail == "body: is a list"
