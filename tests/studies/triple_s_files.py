"""Studies in triple-S written for tests."""

import csv
import dataclasses
import datetime as dt
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax import saxutils


@dataclasses.dataclass(frozen=True)
class Asked:
    """A variable and its answers, None where there is none.

    Attributes:
        name: of the variable.
        kind: its type in the standard.
        cells: codes, sets of codes, numbers, texts, booleans, dates or times.
        labels: code to label.
        spread: of a multiple, how many answers a row can have; None for a bitstring.
        more: attributes of the variable.
        ranges: elements of the values.
    """

    name: str
    kind: str
    cells: Sequence[Any]
    labels: Mapping[Any, str] = dataclasses.field(default_factory=dict)
    spread: int | None = None
    more: str = ""
    ranges: str = ""

    @property
    def digits(self) -> int:
        return max(len(str(code)) for code in self.labels)

    def texts(self) -> list[str]:
        """The answers as they are written, without blanks around them."""
        return ["" if cell is None else self._text(cell) for cell in self.cells]

    def _text(self, cell: Any) -> str:  # noqa: ANN401 - an answer of any kind
        match cell:
            case bool():
                return str(int(cell))
            case dt.date():
                return f"{cell:%4Y%m%d}".replace("%4Y", str(cell.year)).rjust(8, "0")
            case dt.time():
                return f"{cell:%H%M%S}"
            case set() | frozenset() if self.spread is None:
                return "".join(str(int(n + 1 in cell)) for n in range(max(self.labels)))
            case set() | frozenset():
                places = self.spread or 0
                chosen = [*sorted(cell), *[0] * places][:places]
                return "".join(str(code).rjust(self.digits, "0") for code in chosen)
        return str(cell)


def definition(
    asked: Sequence[Asked],
    version: str,
    *,
    is_csv: bool = False,
    encoding: str = "UTF-8",
    record: str = "",
) -> str:
    """Return a definition whose variables stand one after the other, with a blank between them."""
    place = 1
    written = []
    for one in asked:
        texts = one.texts()
        width = max(map(len, texts), default=1) or 1
        finish = "" if is_csv else f' finish="{place + width - 1}"'
        written.append(_variable(one, f'<position start="{place}"{finish}/>', width))
        place += 1 if is_csv else width + 1
    layout = ' format="csv" skip="1"' if is_csv else ""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!-- written for tests -->\n'
        f'<sss version="{version}"><date>1 May 2024</date><survey><title>A &amp; B</title>\n'
        f'<record ident="V"{layout}{record}>\n{"".join(written)}</record></survey></sss>\n'
    )


def _variable(one: Asked, position: str, width: int) -> str:
    values = "".join(
        f'<value code="{code}">{saxutils.escape(label)}</value>'
        for code, label in one.labels.items()
    )
    within = f"<values>{one.ranges}{values}</values>" if values or one.ranges else ""
    spread = one.spread and f'<spread subfields="{one.spread}" width="{one.digits}"/>'
    size = f"<size>{width}</size>" if one.kind == "character" else ""
    return (
        f'<variable ident="{one.name}" type="{one.kind}"{one.more}><name>{one.name}</name>'
        f"<label>About {one.name}</label>{position}{spread or ''}{size}{within}</variable>\n"
    )


def data(asked: Sequence[Asked], *, is_csv: bool = False, is_trimmed: bool = False) -> str:
    """Return the data file of `definition`."""
    columns = [one.texts() for one in asked]
    if is_csv:
        sink = io.StringIO()
        writer = csv.writer(sink)
        writer.writerow([one.name for one in asked])
        writer.writerows(zip(*columns, strict=True))
        return sink.getvalue()
    return "".join(
        (line.rstrip() if is_trimmed else line) + "\r\n" for line in _lines(asked, columns)
    )


def _lines(asked: Sequence[Asked], columns: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, texts), default=1) or 1 for texts in columns]
    for row in zip(*columns, strict=True):
        yield " ".join(
            text.rjust(width) if one.kind in ("single", "quantity") else text.ljust(width)
            for one, text, width in zip(asked, row, widths, strict=True)
        )


def archive(**files: str | bytes) -> bytes:
    """Return a zip archive; an underscore in a name stands for the dot."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name.replace("_", "."), content)
    return sink.getvalue()


def survey(rows: int = 200) -> bytes:
    """Return an archive with a study of four questions."""
    asked = [
        Asked("Q1", "single", [1 + n % 3 for n in range(rows)], {1: "low", 2: "mid", 3: "high"}),
        Asked(
            "Q2",
            "multiple",
            [{1 + n % 2, 1 + n % 3} for n in range(rows)],
            {1: "red", 2: "blue", 3: "green"},
        ),
        Asked("Q3", "quantity", [18 + n % 50 for n in range(rows)]),
        Asked("Q4", "logical", [n % 7 == 0 for n in range(rows)]),
    ]
    return archive(study_sss=definition(asked, "2.0"), study_asc=data(asked))
