"""A scenario as a person builds it: in an address, in a form, and as conditions of the API.

The address holds all of it, so that a link is a scenario. What the form has no control for, such as
conditions among some of the rows, goes along as the JSON of the API and is shown in words.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import pydantic

from simulacra.engine import limits
from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema
from simulacra.service import errors
from simulacra.service.generations import schemas
from simulacra.service.http import handlers

SHARE, RANGE, MEAN, BANDS, OPTIONS = "share", "range", "mean", "bands", "options"
KINDS = (SHARE, RANGE, MEAN, BANDS, OPTIONS)
"""What a block of the form is about, as the address has it."""
ROWS, SEED = 5_000, 1
"""What a new scenario begins with. The seed stays, so that a preview changes with its scenario and
with nothing else."""
MOST_SEEN = schemas.MAX_DISTRIBUTIONS
FIRST_SEEN = 4
"""Questions that a new scenario shows pictures of."""
NEW_BANDS = 3
MARGINS = ("", "quick", "full")
MOST_DIGITS = 40
"""Of a whole number, commas and spaces left out; Python refuses to read very long ones."""

Fields = Sequence[tuple[str, str]]
"""The names and values of a form or an address, in order."""


@dataclasses.dataclass(frozen=True)
class Block:
    """One question with a condition.

    Attributes:
        kind: one of `KINDS`.
        name: of a column, or of a multiple-response set.
        values: what is filled in, by the last part of the name of its field: a level to percent,
            ``min`` and ``max`` to the ends of a range.
    """

    kind: str
    name: str
    values: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> str:
        """How the address names it."""
        return _joined(self.kind, self.name)

    def field(self, part: str) -> str:
        """Return the name of one of its fields."""
        return _joined(self.kind, self.name, part)

    def value(self, part: str) -> str:
        """Return what is filled in; empty if nothing."""
        return self.values.get(part, "")

    @property
    def rest(self) -> float:
        """Return what shares leave to what has none, in percent."""
        return round(100 - sum(filter(None, map(_number, self.values.values()))), 4)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A scenario as it is filled in.

    Attributes:
        blocks: the questions with conditions, the newest first.
        see: names of the questions whose distributions are shown.
        rows: to make.
        seed: of them.
        format: of their file.
        margins: of error: one of `MARGINS`.
        support_weight: whether the file has the column of this name.
        more: conditions that the form has no controls for, by kind.
        name: of a saved scenario that this began with.
    """

    blocks: tuple[Block, ...] = ()
    see: tuple[str, ...] = ()
    rows: str = str(ROWS)
    seed: str = str(SEED)
    format: str = schemas.OutputFormat.PARQUET.value
    margins: str = ""
    support_weight: bool = False
    more: dict[str, Any] = dataclasses.field(default_factory=dict)

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield what an address says of it."""
        for block in self.blocks:
            yield "about", block.key
            for part, value in block.values.items():
                if value != "":
                    yield block.field(part), value
        for name in self.see or ("",):  # to show none is not to have said nothing
            yield "see", name
        yield "rows", self.rows
        yield "seed", self.seed
        yield "format", self.format
        if self.margins:
            yield "margins", self.margins
        if self.support_weight:
            yield "support_weight", "1"
        if self.more:
            yield "more", json.dumps(self.more, separators=(",", ":"))

    @property
    def query(self) -> str:
        """The part of the address behind the question mark."""
        return urlencode([*self.fields()])

    def conditions(self, schema: Schema) -> dict[str, Any]:
        """Return the conditions by kind, as the API takes them.

        A block in which nothing is filled in is no condition yet.
        """
        found: dict[str, Any] = {kind: _copied(given) for kind, given in self.more.items()}
        for block in self.blocks:
            kind, value = CONDITIONS[block.kind](schema, block)
            if value is None:
                continue
            of_kind = found.setdefault(kind, {})
            if not isinstance(of_kind, dict):
                raise _fault("more", f"What is said of {kind!r} is no JSON object.")
            of_kind[block.name] = value
        return found

    def preview(self, schema: Schema) -> schemas.PreviewRequest:
        """Return the request of its preview.

        Raises:
            errors.InvalidFieldsError: rows or seed are no whole numbers in their bounds.
        """
        return schemas.PreviewRequest(
            row_count=_whole("rows", self.rows, 1, limits.MAX_SEED),
            seed=_whole("seed", self.seed, 0, limits.MAX_SEED),
            conditions=self._checked(schema),
            margins=_margins(self.margins),
            columns=list(self.see),
        )

    def generation(self, schema: Schema) -> schemas.GenerationRequest:
        """Return the request of its rows; raises like `preview`."""
        return schemas.GenerationRequest(
            row_count=_whole("rows", self.rows, 1, limits.MAX_SEED),
            seed=_whole("seed", self.seed, 0, limits.MAX_SEED),
            conditions=self._checked(schema),
            margins=_margins(self.margins),
            support_weight=self.support_weight,
            output_format=schemas.OutputFormat(self.format),
            wait_seconds=0,
        )

    def body(self, schema: Schema) -> dict[str, Any]:
        """Return the body of the call that makes its rows."""
        shown = self.generation(schema).model_dump(mode="json", exclude_defaults=True)
        conditions = self.generation(schema).conditions.asked()
        shown["conditions"] = {kind: given for kind, given in conditions.items() if given}
        return shown

    def _checked(self, schema: Schema) -> schemas.Conditions:
        try:
            return schemas.Conditions.model_validate(self.conditions(schema))
        except pydantic.ValidationError as error:
            placed = [{**it, "loc": ("body", *it["loc"])} for it in error.errors()]
            raise errors.InvalidFieldsError(handlers.from_validation(placed).faults) from None


def parse(schema: Schema, fields: Iterable[tuple[str, str]]) -> Asked:
    """Return the scenario that an address or a form says.

    What is of another study, or no field of ours, is left out; an address may be old.

    Raises:
        errors.InvalidFieldsError: what is said in JSON is none.
    """
    given = [*fields]
    single = dict(given)
    blocks: dict[str, Block] = {}
    for name, value in given:
        if name == "about":
            block = _block(schema, value)
            if block is not None and block.key not in blocks:
                blocks[block.key] = block
    for name, value in given:
        parts = _split(name)
        if len(parts) == 3 and _joined(*parts[:2]) in blocks:
            blocks[_joined(*parts[:2])].values[parts[2]] = value.strip()
    dropped = single.get("drop", "")
    kept = [block for key, block in blocks.items() if key != dropped]
    new = [block for block in kept if not block.values]  # what was just added stands first
    names = {one.name for one in schema.sets} | {*schema.names}
    seen = [value for name, value in given if name == "see" and value in names]
    unseen = single.get("unsee", "")
    if "see" not in single:
        seen = first_seen(schema)
    return Asked(
        blocks=(*new, *(block for block in kept if block.values)),
        see=tuple(name for name in dict.fromkeys(seen) if name != unseen)[-MOST_SEEN:],
        rows=single.get("rows", str(ROWS)).strip(),
        seed=single.get("seed", str(SEED)).strip(),
        format=_one_of(schemas.OutputFormat, single.get("format", "")),
        margins=single["margins"] if single.get("margins") in MARGINS else "",
        support_weight=single.get("support_weight") == "1",
        more={} if dropped == "more" else _json(single.get("more", "")),
    )


def of_conditions(schema: Schema, conditions: Mapping[str, Any], asked: Asked) -> Asked:
    """Return a scenario with other conditions, such as those that a preview proposes."""
    blocks, more = [], {}
    for kind, given in conditions.items():
        rest = dict(given) if isinstance(given, Mapping) else given
        if kind in READERS and isinstance(rest, dict):
            for name in list(rest):
                block = READERS[kind](schema, name, rest[name])
                if block is not None:
                    blocks.append(block)
                    del rest[name]
        if rest:
            more[kind] = rest
    return dataclasses.replace(asked, blocks=tuple(blocks), more=more)


def of_json(schema: Schema, text: str) -> Asked:
    """Return the scenario of a request of the API, or of conditions alone.

    Raises:
        errors.InvalidFieldsError: it is no such JSON.
    """
    document = _json(text, "conditions_json")
    conditions = document.get("conditions", document)
    if not isinstance(conditions, Mapping):
        conditions = {}
    known = {
        kind: conditions[kind] for kind in conditions if kind in schemas.Conditions.model_fields
    }
    if not isinstance(conditions, Mapping) or not known:
        raise _fault("conditions_json", "Paste the body of a generation, or its conditions.")
    asked = Asked(
        see=tuple(first_seen(schema)),
        rows=str(document.get("row_count", ROWS)),
        seed=str(document.get("seed", SEED)),
    )
    return of_conditions(schema, known, asked)


def first_seen(schema: Schema) -> list[str]:
    """Return the questions that a new scenario shows pictures of: the first with few answers."""
    sets = {name for one in schema.sets if not one.is_battery for name in one.columns}
    few = [it.name for it in schema.columns if 2 <= len(it.levels) <= 8 and it.name not in sets]
    return (few or schema.names)[:FIRST_SEEN]


def kinds_of(schema: Schema, name: str) -> tuple[str, ...]:
    """Return the kinds of conditions that a question can have."""
    if name not in schema:
        return (OPTIONS,)
    return (SHARE,) if schema[name].type.is_categorical else (RANGE, MEAN, BANDS)


def options_of(schema: Schema, one: MultipleResponseSet) -> list[tuple[str, str]]:
    """Return the options of a multiple-response set: as conditions name them, and for people."""
    if one.kind == "category":
        levels = dict.fromkeys(level for name in one.columns for level in schema[name].levels)
        return [(level, level) for level in levels]
    texts = {item.column.name: item.text for it in schema.questions for item in it.items}
    return [(name, texts.get(name) or schema[name].label or name) for name in one.columns]


def set_of(schema: Schema, name: str) -> MultipleResponseSet | None:
    """Return the multiple-response set of a name that no column has."""
    if name in schema:
        return None
    return next((one for one in schema.sets if one.name == name), None)


def _block(schema: Schema, key: str) -> Block | None:
    parts = _split(key)
    if len(parts) != 2 or parts[0] not in KINDS:
        return None
    kind, name = parts
    if name not in schema and set_of(schema, name) is None:
        return None
    return Block(kind, name) if kind in kinds_of(schema, name) else None


# From what is filled in to the conditions of each kind


def _shares(_: Schema, block: Block) -> tuple[str, Any]:
    shares = {part: _share(block, part) for part, value in block.values.items() if value != ""}
    return ("multiple_response" if block.kind == OPTIONS else "categorical"), shares or None


def _range(schema: Schema, block: Block) -> tuple[str, Any]:
    column = schema[block.name]
    if not any(block.values.values()):
        return "numeric", None
    ends = {"min": column.min, "max": column.max}
    for end in ends:
        if block.value(end) != "":
            ends[end] = _bound(column, block, end)
    return "numeric", ends


def _mean(schema: Schema, block: Block) -> tuple[str, Any]:
    if block.value("mean") == "":
        return "means", None
    return "means", _bound(schema[block.name], block, "mean")


def _bands(schema: Schema, block: Block) -> tuple[str, Any]:
    column, bands = schema[block.name], []
    for at in range(NEW_BANDS * 4):
        low, high, part = (f"{end}{at}" for end in ("from", "to", "part"))
        if block.value(part) != "" and (block.value(low) or block.value(high)):
            bands.append(
                {
                    "min": _bound(column, block, low) if block.value(low) else column.min,
                    "max": _bound(column, block, high) if block.value(high) else column.max,
                    "share": _share(block, part),
                }
            )
    return "bands", bands or None


CONDITIONS: Mapping[str, Callable[[Schema, Block], tuple[str, Any]]] = {
    SHARE: _shares,
    OPTIONS: _shares,
    RANGE: _range,
    MEAN: _mean,
    BANDS: _bands,
}


# And back


def _of_shares(schema: Schema, name: str, given: Any) -> Block | None:  # noqa: ANN401 - of JSON
    if name not in schema or not schema[name].type.is_categorical:
        return None
    return _percents(SHARE, name, given, schema[name].levels)


def _of_options(schema: Schema, name: str, given: Any) -> Block | None:  # noqa: ANN401 - of JSON
    one = set_of(schema, name)
    if one is None:
        return None
    return _percents(OPTIONS, name, given, [option for option, _ in options_of(schema, one)])


def _percents(kind: str, name: str, given: Any, known: Sequence[str]) -> Block | None:  # noqa: ANN401 - of JSON
    if not isinstance(given, Mapping) or not {*given} <= {*known}:
        return None
    if not all(map(_is_number, given.values())):
        return None
    return Block(kind, name, {level: _percent(share) for level, share in given.items()})


def _of_range(schema: Schema, name: str, given: Any) -> Block | None:  # noqa: ANN401 - of JSON
    if name not in schema or not isinstance(given, Mapping):
        return None
    return Block(RANGE, name, {end: str(given.get(end, "")) for end in ("min", "max")})


def _of_mean(schema: Schema, name: str, given: Any) -> Block | None:  # noqa: ANN401 - of JSON
    return Block(MEAN, name, {"mean": str(given)}) if name in schema else None


def _is_number(share: Any) -> bool:  # noqa: ANN401 - of JSON
    return isinstance(share, int | float) and not isinstance(share, bool)


def _is_band(band: Any) -> bool:  # noqa: ANN401 - of JSON
    if not isinstance(band, Mapping) or not {"min", "max", "share"} <= {*band}:
        return False
    return _is_number(band["share"])


def _of_bands(schema: Schema, name: str, given: Any) -> Block | None:  # noqa: ANN401 - of JSON
    if name not in schema or not isinstance(given, list) or len(given) > NEW_BANDS * 4:
        return None
    if not all(map(_is_band, given)):
        return None
    values: dict[str, str] = {}
    for at, band in enumerate(given):
        values |= {
            f"from{at}": str(band["min"]),
            f"to{at}": str(band["max"]),
            f"part{at}": _percent(band["share"]),
        }
    return Block(BANDS, name, values)


READERS: Mapping[str, Callable[[Schema, str, Any], Block | None]] = {
    "categorical": _of_shares,
    "numeric": _of_range,
    "means": _of_mean,
    "bands": _of_bands,
    "multiple_response": _of_options,
}


# Names of fields, and numbers


def _joined(*parts: str) -> str:
    return ":".join(part.replace("%", "%25").replace(":", "%3A") for part in parts)


def _split(name: str) -> list[str]:
    return [part.replace("%3A", ":").replace("%25", "%") for part in name.split(":")]


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _share(block: Block, part: str) -> float:
    percent = _number(block.value(part))
    if percent is None or not 0 <= percent <= 100:
        raise _fault(block.field(part), f"{block.value(part)!r} is no percentage from 0 to 100.")
    return round(percent / 100, 8)


def _percent(share: Any) -> str:  # noqa: ANN401 - of JSON
    return f"{100 * float(share):.6f}".rstrip("0").rstrip(".")


def _bound(column: Column, block: Block, part: str) -> Any:  # noqa: ANN401 - a number, or a text in ISO 8601
    text = block.value(part)
    if column.type.is_temporal:
        return text
    number = _number(text)
    if number is None:
        raise _fault(block.field(part), f"{text!r} is no number.")
    return int(number) if number.is_integer() else number


def _whole(name: str, text: str, least: int, most: int) -> int:
    digits = text.replace(",", "").replace(" ", "")[: MOST_DIGITS + 1]
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
    if not is_number or not least <= int(digits) <= most:
        raise _fault(name, f"{text[:MOST_DIGITS]!r} is no whole number from {least} on.")
    return int(digits)


def _margins(text: str) -> Any:  # noqa: ANN401 - as the API takes it
    return {"": False, "quick": "quick", "full": True}[text]


def _one_of(kind: type[schemas.OutputFormat], text: str) -> str:
    known = [str(it.value) for it in kind]
    return text if text in known else known[0]


def _json(text: str, field: str = "more") -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # the latter of thousands of brackets
        raise _fault(field, "This is no JSON.") from None
    if not isinstance(document, dict):
        raise _fault(field, "This is no JSON object.")
    return document


def _copied(given: Any) -> Any:  # noqa: ANN401 - of JSON
    return dict(given) if isinstance(given, Mapping) else given


def _fault(field: str, detail: str) -> errors.InvalidFieldsError:
    return errors.InvalidFieldsError([errors.Fault(f"/{field}", detail)])
