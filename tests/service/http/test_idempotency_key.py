import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.http import idempotency_key, problems

KEYS = st.from_regex(r"\A[A-Za-z0-9._:-]{1,128}\Z")


@given(KEYS)
def test_a_key_is_itself_bare_or_quoted(key: str) -> None:
    assert idempotency_key.read(key) == key
    assert idempotency_key.read(f'"{key}"') == key


def test_no_header_no_key() -> None:
    assert idempotency_key.read(None) is None


@pytest.mark.parametrize("key", ["", '""', '"a', "a b", "ä", "x" * 129, '""a""', "a\n"])
def test_a_malformed_key_is_refused_and_not_echoed(key: str) -> None:
    with pytest.raises(problems.Problem) as refused:
        idempotency_key.read(key)
    assert refused.value.entry.code == "simio_invalid_idempotency_key"
