"""Workbooks written by hand, so that they can be as odd as a file can be."""

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

TYPES = """<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
%s</Types>"""
SHEET_TYPE = """<Override PartName="/xl/worksheets/sheet%d.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>
"""
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}">%s</Relationships>'
RELATION = f'<Relationship Id="%s" Type="{OFFICE}/%s" Target="%s"/>'

FORMATS = ("general", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "hh:mm", "[h]:mm")
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts>'
    + "".join(f'<numFmt numFmtId="{164 + n}" formatCode="{it}"/>' for n, it in enumerate(FORMATS))
    + "</numFmts><cellXfs>"
    + "".join(f'<xf numFmtId="{164 + n if n else 0}"/>' for n in range(len(FORMATS)))
    + "</cellXfs></styleSheet>"
)
EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - cells of Excel have no time zone

Cell = str | float | bool | dt.date | dt.time | dt.timedelta | None


def workbook(**sheets: Sequence[Sequence[Cell]]) -> bytes:
    """A workbook of rows of cells."""
    return made(sheets)


def made(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    states: Mapping[str, str] | None = None,
    merged: Sequence[str] = (),
    folder: str = "xl/",
) -> bytes:
    """A workbook of rows of cells.

    Args:
        sheets: name to rows.
        states: name to `hidden` or `veryHidden`.
        merged: regions of every sheet, such as A2:A5.
        folder: where its parts are.
    """
    cells = "".join(f'<mergeCell ref="{region}"/>' for region in merged)
    return from_xml(
        {name: _rows(rows) for name, rows in sheets.items()},
        below=f"<mergeCells>{cells}</mergeCells>" if merged else "",
        states=states or {},
        folder=folder,
    )


def from_xml(
    sheets: dict[str, Iterable[str]],
    extra: dict[str, str] | None = None,
    above: str = "",
    below: str = "",
    states: Mapping[str, str] = {},
    folder: str = "xl/",
) -> bytes:
    """A workbook of sheets given as pieces of XML between the tags of `sheetData`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        numbers = range(1, len(sheets) + 1)
        types = TYPES % "".join(SHEET_TYPE % n for n in numbers)
        archive.writestr("[Content_Types].xml", types.replace("/xl/", f"/{folder}"))
        link = RELATION % ("rId1", "officeDocument", f"{folder}workbook.xml")
        archive.writestr("_rels/.rels", RELATIONS % link)
        sheet_list = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" state="{states.get(name, "visible")}"'
            f' r:id="rId{n}"/>'
            for n, name in enumerate(sheets, 1)
        )
        archive.writestr(
            f"{folder}workbook.xml",
            f'<?xml version="1.0"?><workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
            f"<sheets>{sheet_list}</sheets></workbook>",
        )
        links = [RELATION % (f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
        links += [RELATION % ("rId99", "sharedStrings", "sharedStrings.xml")] if extra else []
        links += [RELATION % ("rId98", "styles", "styles.xml")]
        archive.writestr(f"{folder}_rels/workbook.xml.rels", RELATIONS % "".join(links))
        archive.writestr(f"{folder}styles.xml", STYLES)
        for n, pieces in zip(numbers, sheets.values(), strict=True):
            with archive.open(f"{folder}worksheets/sheet{n}.xml", "w") as sheet:
                top = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}">{above}<sheetData>'
                sheet.write(top.encode())
                for piece in pieces:
                    sheet.write(piece.encode())
                sheet.write(f"</sheetData>{below}</worksheet>".encode())
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


def _rows(rows: Sequence[Sequence[Cell]]) -> Iterable[str]:
    for number, row in enumerate(rows, 1):
        cells = "".join(_cell(f"{_letters(n)}{number}", cell) for n, cell in enumerate(row))
        yield f'<row r="{number}">{cells}</row>'


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _cell(address: str, cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{address}" t="b"><v>{int(cell)}</v></c>'
        case str():
            text = escape(cell)
            return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    number, style = _number(cell)
    return f'<c r="{address}" s="{style}"><v>{number!r}</v></c>'


def _number(cell: float | dt.date | dt.time | dt.timedelta) -> tuple[float, int]:
    """A number, or days and the place of their format in `FORMATS`."""
    match cell:
        case dt.datetime():
            return (cell - EPOCH) / dt.timedelta(days=1), 2
        case dt.date():
            return (cell - EPOCH.date()).days, 1
        case dt.time():
            return (cell.hour * 3600 + cell.minute * 60 + cell.second) / 86_400, 3
        case dt.timedelta():
            return cell / dt.timedelta(days=1), 4
    return cell, 0


def cell_in_last_corner() -> bytes:
    """One cell in the last corner of a sheet: a parser reserves room for 17 billion cells."""
    return from_xml({"Bomb": ['<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>']})


def large_when_unpacked(megabytes: int) -> bytes:
    """A sheet that is far larger unpacked than packed."""
    return from_xml({"Bomb": (" " * 1024**2 for _ in range(megabytes))})


def with_repeated_text(cells: int, characters: int) -> bytes:
    """Many cells that all refer to one long text, which a parser copies into each."""
    table = f'<sst xmlns="{MAIN}"><si><t>{"x" * characters}</t></si></sst>'
    rows = (
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><c r="B{n}" t="s"><v>0</v></c></row>'
        for n in range(1, cells // 2 + 1)
    )
    return from_xml({"Bomb": rows}, {"xl/sharedStrings.xml": table})
