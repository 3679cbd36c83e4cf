"""The overrides of a study, checked before its file is read."""

from typing import Any

import pytest

from simulacra.engine import errors
from simulacra.engine.options import Options
from simulacra.engine.words import Words

FORM = Words(types="column_types", missing="missing_values", dates="date_orders")


@pytest.mark.parametrize(
    ("given", "option", "told"),
    [
        ({"types": {"a": "colour"}}, "column_types", "not a type of columns"),
        ({"types": {"a": ["x"]}}, "column_types", "two or more"),
        ({"keep": "a"}, "keep", "not one text"),
        ({"missing": {"a": "99"}}, "missing_values", "not one text"),
        ({"missing": "99"}, "missing_values", "not one text"),
        ({"sets": {"s": ["a"]}}, "sets", "two or more"),
        ({"sets": {"s": ["a", "a"]}}, "sets", "each named once"),
        ({"dates": {"a": "dym"}}, "date_orders", "'dmy', 'mdy', 'ymd'"),
        ({"decimal": ";"}, "decimal", "'.', ','"),
        ({"delimiter": ";;"}, "delimiter", "one ASCII character"),
        ({"delimiter": "\n"}, "delimiter", "one ASCII character"),
        ({"header_rows": 9}, "header_rows", "0 to 5"),
        ({"privacy": "none"}, "privacy", "not a privacy level"),
        ({"drop": ["a"], "types": {"a": "integer"}}, "drop", "'a' is named in drop and in column"),
        ({"drop": ["a"], "sets": {"s": ["a", "b"]}}, "drop", "in sets; name it in one"),
        ({"weight": "w", "missing": {"w": [9]}}, "weight", "a weight is not modelled"),
        ({"weight": "w", "drop": ["w"]}, "weight", "in drop; a weight is not modelled"),
    ],
)
def test_what_fits_no_file_is_refused_with_the_name_of_the_option(
    given: dict[str, Any], option: str, told: str
) -> None:
    with pytest.raises(errors.OptionError) as refused:
        Options.of(words=FORM, **given)
    assert refused.value.option == option
    assert told in refused.value.detail


def test_values_for_no_answer_are_texts_as_a_file_has_them() -> None:
    options = Options.of(missing={"a": [99, 98.0, " -1 ", 0.5]})
    assert options.missing == {"a": ("99", "98", "-1", "0.5")}
    assert options.file.missing == options.missing
    assert Options.of(missing=[99]).missing_anywhere == ("99",)


def test_nothing_given_states_nothing() -> None:
    assert Options.of() == Options()
    assert not any(Options().named.values())
