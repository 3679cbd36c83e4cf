"""The sentences for fields that are wrong, in place of the framework's."""

from collections.abc import Callable, Mapping
from typing import Any

Sentence = Callable[[Mapping[str, Any]], str]


def sentence(fault: Mapping[str, Any]) -> str:
    """Return what would be right, for a fault as pydantic describes it.

    Its message is passed on where the sentence is ours already.
    """
    kind, context, message = fault["type"], fault.get("ctx", {}), fault["msg"]
    if kind in LENGTHS and isinstance(fault.get("input"), str):
        kind = f"string_{kind}"  # of a text that a function of ours has read first
    if kind == "value_error":
        return _sentence(str(context.get("error", message)))
    if kind in OUR_OWN:
        return _sentence(message)
    known = SENTENCES.get(kind)
    return "This value is not valid here." if known is None else known(context)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _fixed(text: str) -> Sentence:
    return lambda _context: text


def _of(text: str) -> Sentence:
    return text.format_map


def _at_least(one: str, many: str) -> Sentence:
    return lambda context: f"Give {_counted(context['min_length'], one, many)} or more."


def _at_most(one: str, many: str) -> Sentence:
    return lambda context: f"Give {_counted(context['max_length'], one, many)} or fewer."


def _counted(count: int, one: str, many: str) -> str:
    return (one if count == 1 else many).format(count)


LENGTHS = frozenset({"too_short", "too_long"})
OUR_OWN = frozenset({"unknown_member"})
_WHOLE, _NUMBER = _fixed("Give a whole number."), _fixed("Give a number.")
_OBJECT, _TEXT = _fixed("Give a JSON object."), _fixed("Give a text.")
_TIME = _fixed("Give a time as ISO 8601, such as 2026-01-31T12:00:00Z.")
SENTENCES: Mapping[str, Sentence] = {
    "missing": _fixed("This field is required."),
    "extra_forbidden": _fixed("There is no such field here."),
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "string_too_short": _at_least("a text of {} character", "a text of {} characters"),
    "string_too_long": _at_most("a text of {} character", "a text of {} characters"),
    "string_pattern_mismatch": _of("Give a text of the form {pattern}."),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _fixed("Give true or false."),
    "bool_parsing": _fixed("Give true or false."),
    "greater_than_equal": _of("Give a number of {ge} or more."),
    "greater_than": _of("Give a number above {gt}."),
    "less_than_equal": _of("Give a number of {le} or less."),
    "less_than": _of("Give a number below {lt}."),
    "enum": _of("Give one of {expected}."),
    "literal_error": _of("Give one of {expected}."),
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "json_invalid": _of('Give JSON, such as ["a"] or {{"a": "b"}}; this is none: {error}.'),
    "json_type": _TEXT,
    "list_type": _fixed("Give a JSON array."),
    "set_type": _fixed("Give a JSON array."),
    "too_short": _at_least("{} entry", "{} entries"),
    "too_long": _at_most("{} entry", "{} entries"),
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "url_type": _fixed("Give a URL."),
    "url_parsing": _fixed("Give a URL."),
    "url_scheme": _of("Give a URL that begins with {expected_schemes}."),
    "url_too_long": _of("Give a URL of {max_length} characters or fewer."),
}
