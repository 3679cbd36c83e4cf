"""The definition file of a triple-S study: which variables there are, and where their data is."""

import dataclasses
import itertools
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import PureWindowsPath
from xml.parsers import expat

from simulacra.engine import errors
from simulacra.engine.reading import coded, encodings

MAX_POSITION = 1_000_000
MAX_OPTIONS = 2_000
XML_LANG = "xml:lang"


class Kind(StrEnum):
    """The types of variables."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    QUANTITY = "quantity"
    CHARACTER = "character"
    LOGICAL = "logical"
    DATE = "date"
    TIME = "time"


@dataclasses.dataclass(frozen=True)
class Spread:
    """Answers of a multiple that stand one beside the other.

    Attributes:
        subfields: how many there can be.
        width: characters of each; None if what there is is divided among them.
    """

    subfields: int
    width: int | None


@dataclasses.dataclass(frozen=True)
class Question:
    """A variable of the definition.

    Attributes:
        name: of the variable.
        label: its wording.
        kind: its type.
        start: the first character of its data in a line, or the first field, from 1.
        finish: the last one.
        labels: code as written to label, in the order of the file.
        ranges: of the codes or numbers, both ends included.
        has_order: the codes have scores, which rise or fall with them.
        is_literal: the codes are texts.
        spread: of a multiple, how its answers stand; None if each option has a character.
        is_weight: it says how many people a respondent stands for.
    """

    name: str
    label: str
    kind: Kind
    start: int
    finish: int
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    ranges: tuple[tuple[float, float], ...] = ()
    has_order: bool = False
    is_literal: bool = False
    spread: Spread | None = None
    is_weight: bool = False

    @property
    def options(self) -> dict[int, str]:
        """The options of a multiple: code to label, which is empty if there is none."""
        codes = {int(code): label for code, label in self.labels.items()}
        for low, high in self.ranges:
            codes = dict.fromkeys(range(int(low), int(high) + 1), "") | codes
        return codes


@dataclasses.dataclass(frozen=True)
class Definition:
    """What the definition file says.

    Attributes:
        questions: the variables.
        is_csv: the data are fields between commas; else they are at places in a line.
        skip: how many lines of the data file are no data.
        data_name: name of the data file, without its folder; None if the definition does not say.
        encoding: of the definition, and so of the data; None if it is not stated.
        guessed_encoding: of a definition that is not in the encoding it states.
    """

    questions: tuple[Question, ...]
    is_csv: bool
    skip: int
    data_name: str | None
    encoding: str | None
    guessed_encoding: str | None


def parse(content: bytes) -> Definition:
    """Return what a definition file says.

    Entities are not expanded, and nothing outside the file is looked up.

    Raises:
        errors.StudyError: it is no such file, or says what makes no sense.
    """
    root, encoding, guessed = _tree(content)
    survey = root.find("survey")
    if root.tag != "sss" or survey is None:
        what = "of several surveys" if root.find("hierarchy") is not None else "without a survey"
        raise errors.StudyError(
            f"The triple-S definition is one {what}. Use the definition of one survey, with its "
            "data."
        )
    records = survey.findall("record")
    if len(records) != 1:
        raise errors.StudyError(
            f"The triple-S definition has {len(records)} records; one is read. Export each as a "
            "study of its own."
        )
    record = records[0]
    texts = _Texts(root)
    return Definition(
        questions=tuple(_question(each, texts) for each in record.iter("variable")),
        is_csv=record.get("format", "fixed").lower() == "csv",
        skip=_whole(record.get("skip", "0"), "skip of the record", 0),
        data_name=PureWindowsPath(record.get("href", "")).name or None,  # which knows / as well
        encoding=encoding,
        guessed_encoding=guessed,
    )


def _tree(content: bytes) -> tuple[ET.Element, str | None, str | None]:
    """Return the root, the encoding that is stated, and the one that was guessed in its place."""
    try:
        return *_parsed(content, None), None
    except (expat.ExpatError, LookupError, UnicodeError, ValueError):
        text, guessed = encodings.to_utf8(content)
    try:
        return _parsed(text, "utf-8")[0], guessed, guessed
    except (expat.ExpatError, LookupError, UnicodeError, ValueError) as error:
        line = error.lineno if isinstance(error, expat.ExpatError) else 1
        raise errors.StudyError(
            f"The triple-S definition is not well-formed XML; look at its line {line:,}, or export "
            "the study again."
        ) from None


def _parsed(content: bytes, encoding: str | None) -> tuple[ET.Element, str | None]:
    stated: list[str | None] = [None]
    builder = ET.TreeBuilder()
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    parser.XmlDeclHandler = lambda _version, encoding, _alone: stated.append(encoding)
    parser.EntityDeclHandler = _refuse_entity
    parser.SkippedEntityHandler = lambda name, _: builder.data(f"&{name};")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.Parse(content, True)  # noqa: FBT003 - takes no keywords
    return builder.close(), stated[-1]


def _refuse_entity(*_: object) -> None:
    raise errors.StudyError(
        "The triple-S definition declares entities, which are not read. Export the study again."
    )


class _Texts:
    """The texts of a definition in one language and one mode."""

    def __init__(self, root: ET.Element) -> None:
        languages = root.get("languages", "").split()
        self._language = root.get(XML_LANG) or (languages[0] if languages else None)

    def of(self, element: ET.Element | None) -> str:
        """Return the text for people, in the language of the file, for analysis if there is one."""
        if element is None:
            return ""
        own = " ".join("".join(_pieces(element)).split())
        variants = [
            each for each in element.findall("text")
            if self._language is None or each.get(XML_LANG, self._language) == self._language
        ] or element.findall("text")  # fmt: skip
        if own and not any(each.get("mode") == "analysis" for each in variants):
            return own
        if not variants:
            return own
        rank = {"analysis": 0, None: 1}
        chosen = min(variants, key=lambda each: rank.get(each.get("mode"), 2))
        return " ".join("".join(_pieces(chosen)).split()) or own


def _pieces(element: ET.Element) -> Iterator[str]:
    """Yield the text of an element, a space for each line break, without that of its variants."""
    yield element.text or ""
    for child in element:
        yield " " if child.tag in ("br", "text") else "".join(_pieces(child))
        yield child.tail or ""


def _question(element: ET.Element, texts: _Texts) -> Question:
    name = (element.findtext("name") or "").strip() or (element.get("ident") or "").strip()
    kind = (element.get("type") or "").strip().lower()
    if not name or kind not in {*Kind}:
        known = ", ".join(Kind)
        raise errors.StudyError(
            f"A variable of the triple-S definition has the name {name!r} and the type {kind!r}; "
            f"it needs a name, and one of the types {known}."
        )
    position = element.find("position")
    start = _whole(None if position is None else position.get("start"), f"start of {name!r}", 1)
    finish = start
    if position is not None and position.get("finish"):
        finish = _whole(position.get("finish"), f"finish of {name!r}", start)
    values = element.find("values")
    listed = [] if values is None else values.findall("value")
    labels = {(each.get("code") or "").strip(): texts.of(each) for each in listed}
    is_literal = kind == Kind.SINGLE and (
        element.get("format") == "literal" or not all(map(_is_number, labels))
    )
    if not is_literal:
        labels = {f"{_number(code, name):.15g}": label for code, label in labels.items()}
    ranges = [] if values is None or is_literal else values.findall("range")
    bounds = tuple(
        (_number(each.get("from"), name), _number(each.get("to"), name)) for each in ranges
    )
    if kind == Kind.MULTIPLE:
        _check_options(name, labels, bounds)
    return Question(
        name,
        texts.of(element.find("label")),
        Kind(kind),
        start,
        finish,
        labels,
        bounds,
        has_order=not is_literal and _has_order([each.get("score") for each in listed]),
        is_literal=is_literal,
        spread=_spread(element.find("spread"), name) if kind == Kind.MULTIPLE else None,
        is_weight=element.get("use") == "weight",
    )


def _spread(element: ET.Element | None, name: str) -> Spread | None:
    if element is None:
        return None
    subfields = _whole(element.get("subfields"), f"subfields of {name!r}", 1)
    width = element.get("width")
    return Spread(subfields, _whole(width, f"width of {name!r}", 1) if width else None)


def _check_options(
    name: str, labels: Mapping[str, str], ranges: tuple[tuple[float, float], ...]
) -> None:
    count = len(labels) + sum(int(max(high - low, 0)) + 1 for low, high in ranges)
    is_whole = all(code.isdecimal() and int(code) > 0 for code in labels)
    if not 0 < count <= MAX_OPTIONS or not is_whole or any(low < 1 for low, _ in ranges):
        raise errors.StudyError(
            f"The multiple {name!r} of the triple-S definition has {count:,} options; between 1 "
            f"and {MAX_OPTIONS:,} are read, whose codes are whole numbers from 1."
        )


def _has_order(scores: list[str | None]) -> bool:
    """Tell whether all codes have scores, which rise or fall from the first to the last."""
    try:
        numbers = [float(score or "") for score in scores]
    except ValueError:
        return False
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    return len(steps) > 1 and (min(steps) > 0 or max(steps) < 0)


def _is_number(text: str) -> bool:
    return coded.as_number(text) is not None


def _number(text: str | None, name: str) -> float:
    try:
        number = float(text or "")
        if abs(number) < float("inf"):
            return number
    except ValueError:
        pass
    raise errors.StudyError(
        f"The values of {name!r} in the triple-S definition have a code or a range with "
        f"{text or ''!r}; a number is needed."
    )


def _whole(text: str | None, what: str, least: int) -> int:
    if text and text.strip().isdecimal() and least <= (number := int(text)) <= MAX_POSITION:
        return number
    raise errors.StudyError(
        f"The {what} in the triple-S definition is {text or ''!r}; a whole number between {least} "
        f"and {MAX_POSITION:,} is needed."
    )
