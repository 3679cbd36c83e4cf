"""What somebody states about a study against what cleaning made of it, gathered step by step.

They are the fields of the form of an upload, with which the same file is trained on again. A page
carries them along as JSON, so that nothing has to be stored until the training begins.
"""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulacra.engine.columns.schema import Schema
from simulacra.engine.columns.searching import meant, near_columns
from simulacra.service import errors
from simulacra.service.datasets import payloads
from simulacra.service.datasets.schemas import UploadFields
from simulacra.service.endpoints import upload

TYPES = {
    "nominal": "answers without an order",
    "ordinal": "answers in an order",
    "boolean": "yes or no",
    "integer": "whole numbers",
    "number": "numbers with decimals",
    "date": "dates",
    "datetime": "moments: a date with a time",
    "time": "times of day",
    "duration": "durations",
}
"""What the types of columns are called."""
ORDERS = {"dmy": "day, month, year", "mdy": "month, day, year", "ymd": "year, month, day"}
MOST_BYTES = 262_144
"""Of all of them; two thousand columns can be named."""
NUMBER = re.compile(r"-?\d+(\.\d+)?")
SEPARATOR = re.compile(r"[\n;,]")


@dataclasses.dataclass(frozen=True)
class Correction:
    """One of them, for people.

    Attributes:
        place: where it is among the fields: a field, and for some what within it.
        about: the column, the set, or the whole study.
        text: what is stated.
    """

    place: str
    about: str
    text: str


class Corrections:
    """What is stated about a study."""

    def __init__(self, fields: Mapping[str, Any], schema: Schema | None) -> None:
        """Begin with fields of the form of an upload.

        Args:
            fields: by name; those that say nothing are left out.
            schema: of the study, if it has one: columns that are not in it are refused.
        """
        self.fields = {name: value for name, value in fields.items() if value not in NOTHING}
        self._schema = schema

    @classmethod
    def of_options(cls, options: Mapping[str, Any] | None, schema: Schema | None) -> "Corrections":
        """Return what was stated when the study was uploaded."""
        return cls(payloads.as_fields(options or {}), schema)

    @classmethod
    def of_text(cls, text: str, schema: Schema | None) -> "Corrections":
        """Return what a page has carried along; what was tampered with is refused later.

        Raises:
            errors.InvalidFieldsError: it is no JSON object.
        """
        try:
            fields = json.loads(text[:MOST_BYTES])
        except (ValueError, RecursionError):  # the latter of thousands of brackets
            fields = None
        if not isinstance(fields, dict):
            raise _fault("corrections", "The form was changed on its way. Load the page again.")
        return cls(fields, schema)

    def to_text(self) -> str:
        """Return what a page carries along."""
        return json.dumps(self.fields)

    def checked(self, display_name: str | None = None) -> UploadFields:
        """Return them as the fields of an upload.

        Raises:
            errors.InvalidFieldsError: says what no file can make right.
        """
        named = {"display_name": display_name} if display_name else {}
        return upload.fields_of(self.as_form() | named)

    def as_form(self) -> dict[str, Any]:
        """Return them as an upload's form has them."""
        return {
            name: json.dumps(value) if isinstance(value, dict | list) else value
            for name, value in self.fields.items()
        }

    def listed(self) -> Iterator[Correction]:
        """Yield each of them for people."""
        for name, value in self.fields.items():
            told = _BY_COLUMN.get(name)
            if told is not None and isinstance(value, dict):
                for within, it in value.items():
                    yield Correction(f"{name}/{within}", self._label(within), told(it))
            elif name in USES.values() and isinstance(value, list):
                said = "left out" if name == USES["drop"] else "kept"
                for column in value:
                    yield Correction(f"{name}/{column}", self._label(column), said)
            elif name == "missing_values" and isinstance(value, list):
                yield Correction(name, "All columns", _no_answer(value))
            else:
                yield Correction(name, "The whole study", f"{WORDS.get(name, name)} {value}")

    def remove(self, place: str) -> None:
        """Take one of them back."""
        name, _, within = place.partition("/")
        value = self.fields.get(name)
        if isinstance(value, dict):
            value.pop(within, None)
        elif isinstance(value, list) and within:
            self.fields[name] = [it for it in value if it != within]
        if not within or not self.fields.get(name):
            self.fields.pop(name, None)

    def add_type(self, column: str, kind: str, levels: str) -> None:
        """State the type of a column, or its answers in their order."""
        column = self._column(column)
        answers = [line.strip() for line in levels.splitlines() if line.strip()]
        if kind and kind not in TYPES:
            raise _fault("type", "Choose one of the types.")
        if answers and kind not in ("", "ordinal"):
            raise _fault("levels", "Only answers in an order are listed; leave the list empty.")
        self.fields.setdefault("column_types", {})[column] = answers or kind

    def add_use(self, column: str, use: str) -> None:
        """State that a column is left out, or kept."""
        column = self._column(column)
        if use not in USES:
            raise _fault("use", "Choose whether the column is left out or kept.")
        for name in USES.values():
            self.remove(f"{name}/{column}")
        self.fields.setdefault(USES[use], []).append(column)

    def add_missing(self, column: str, codes: str, *, is_none: bool) -> None:
        """State what stands for no answer in a column, or that nothing does."""
        column = self._column(column)
        if isinstance(self.fields.get("missing_values"), list):
            told = "There are codes for all columns already. Take them back first."
            raise _fault("missing", told)
        by_column = self.fields.setdefault("missing_values", {})
        by_column[column] = [] if is_none else _codes(codes)

    def add_missing_anywhere(self, codes: str) -> None:
        """State what stands for no answer in every column."""
        if isinstance(self.fields.get("missing_values"), dict):
            told = "There are codes for single columns already. Take them back first."
            raise _fault("missing_anywhere", told)
        self.fields["missing_values"] = _codes(codes)

    def add_separator(self, column: str, mark: str) -> None:
        """State what stands between several answers of a cell."""
        self.fields.setdefault("separators", {})[self._column(column)] = mark

    def add_date_order(self, column: str, order: str) -> None:
        """State the order of day, month and year."""
        if order not in ORDERS:
            raise _fault("date_order", "Choose one of the orders.")
        self.fields.setdefault("date_orders", {})[self._column(column)] = order

    def add_set(self, name: str, columns: str) -> None:
        """State that some columns are the options of one question."""
        names = [it.strip() for it in SEPARATOR.split(columns) if it.strip()]
        if not name.strip() or not names:
            raise _fault("set_name", "Give the question a name, and name its columns.")
        self.fields.setdefault("sets", {})[name.strip()] = [self._column(it) for it in names]

    def set_whole(self, name: str, value: str) -> None:
        """State something about the whole study, or take it back with an empty text."""
        if value.strip():
            self.fields[name] = value.strip()
        else:
            self.fields.pop(name, None)

    def _column(self, name: str) -> str:
        """Return the name of a column that there is, or was before it was left out.

        Raises:
            errors.InvalidFieldsError: there is none; says which may be meant.
        """
        name, schema = name.strip(), self._schema
        if not name:
            raise _fault("column", "Name the column.")
        if schema is None or name in schema or name in self._of_file(schema):
            return name
        near = meant(near_columns(schema, name))
        raise _fault("column", f"There is no column {name!r}. {near}".rstrip())

    def _of_file(self, schema: Schema) -> set[str]:
        """Return the names of columns in the file, and of those that cleaning left out."""
        named = {action.column for action in schema.cleaning if action.column}
        return named | {column.source_name for column in schema.columns}

    def _label(self, name: str) -> str:
        schema = self._schema
        return schema[name].label if schema is not None and name in schema else name


NOTHING: tuple[Any, ...] = (None, "", "standard", {}, [])
USES = {"drop": "drop_columns", "keep": "keep_columns"}
WORDS = {
    "weight_column": "weighted by",
    "privacy": "privacy",
    "sheet": "sheet",
    "decimal": "mark before decimals",
    "delimiter": "between two fields",
    "header_rows": "rows with names of columns",
}


def _type(kind: Any) -> str:  # noqa: ANN401 - as JSON has it, and so below
    if isinstance(kind, list):
        return f"answers in this order: {_joined(kind)}"
    return TYPES.get(str(kind), str(kind))


def _separator(mark: Any) -> str:  # noqa: ANN401
    return f"several answers, with {mark!r} between them" if mark else "one answer"


def _date_order(order: Any) -> str:  # noqa: ANN401
    return f"dates as {ORDERS.get(order, order)}"


def _no_answer(codes: Any) -> str:  # noqa: ANN401
    return f"no answer: {_joined(codes)}" if codes else "every value is an answer"


def _set(columns: Any) -> str:  # noqa: ANN401
    return f"a question with several answers: {_joined(columns)}"


def _joined(values: Any) -> str:  # noqa: ANN401
    return ", ".join(map(str, values))


_BY_COLUMN: Mapping[str, Callable[[Any], str]] = {
    "column_types": _type,
    "separators": _separator,
    "date_orders": _date_order,
    "missing_values": _no_answer,
    "sets": _set,
}
"""Fields that say something about one column or set each, and how it is told."""


def _codes(text: str) -> list[str | float]:
    """Return the codes of a text, with commas or line ends between them."""
    parts = [part.strip() for part in SEPARATOR.split(text) if part.strip()]
    if not parts:
        raise _fault("missing", "Give at least one value that stands for no answer.")
    return [float(it) if "." in it else int(it) if NUMBER.fullmatch(it) else it for it in parts]


def _fault(field: str, told: str) -> errors.InvalidFieldsError:
    return errors.InvalidFieldsError([errors.Fault(field, told, is_parameter=True)])
