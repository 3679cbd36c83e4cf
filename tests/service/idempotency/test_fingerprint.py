"""Fingerprints: equal for requests that mean the same, different for all others."""

import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.idempotency import fingerprint

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.dictionaries(st.text(), VALUES, max_size=4)


def _spelt_otherwise(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    """The same value with its members in another order and its whole numbers as floats."""
    match value:
        case dict():
            return {name: _spelt_otherwise(value[name]) for name in reversed(value)}
        case list():
            return [_spelt_otherwise(item) for item in value]
        case bool():
            return value
        case int() if abs(value) <= 2**53:
            return float(value)
        case _:
            return value


@given(FIELDS)
def test_order_and_spelling_of_numbers_do_not_matter(fields: dict[str, Any]) -> None:
    same = _spelt_otherwise(fields)
    assert fingerprint.of_request("/v1/x", fields) == fingerprint.of_request("/v1/x", same)


@given(FIELDS, FIELDS)
def test_other_fields_have_another_fingerprint(one: dict[str, Any], two: dict[str, Any]) -> None:
    is_same = json.dumps(fingerprint._canonical(one), sort_keys=True) == json.dumps(
        fingerprint._canonical(two), sort_keys=True
    )
    prints = [fingerprint.of_request("/v1/x", fields) for fields in (one, two)]
    assert (prints[0] == prints[1]) == is_same


def test_path_and_file_belong_to_the_request() -> None:
    prints = {
        fingerprint.of_request(path, {"a": 1}, files)
        for path in ("/v1/x", "/v1/y")
        for files in ({}, {"seed_file": "00"}, {"seed_file": "01"})
    }
    assert len(prints) == 6


@given(st.binary(max_size=100))
def test_a_file_is_read_from_its_beginning_and_left_there(content: bytes) -> None:
    file = io.BytesIO(content)
    first = fingerprint.of_file(file)
    assert file.tell() == 0
    file.seek(0, io.SEEK_END)
    assert fingerprint.of_file(file) == first
