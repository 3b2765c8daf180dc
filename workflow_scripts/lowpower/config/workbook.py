"""Read the sheet from an Excel workbook: cells as the text that Excel shows; hidden rows are an error."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lowpower.errors import InputError
from lowpower.spelling import clean
from lowpower.text import abbreviate

_DIGITS = 15  # digits of a number that Excel keeps
# openpyxl reports these only for workbooks held fully in memory, which blank formatted rows make gigabytes.
_ROW = re.compile(rb"<(?:\w+:)?row(\s[^>]*)>")
_NUMBER = re.compile(rb"""\sr=["'](\d+)""")
_HIDDEN = re.compile(rb"""\shidden=["'](?:1|true)""")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^>]*?ref=["']([A-Z0-9:]+)""")
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c(\s[^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ROW_OF_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r=["'][A-Z]+(\d+)""")
_CELL = re.compile(rb"""\sr=["']([A-Z]+\d+)""")
_TEXT = re.compile(rb"""\st=["']str["']""")  # a formula with a text result, which may be blank
_ESCAPED = re.compile(r"_x00[01][0-9A-Fa-f]_")  # control characters, mostly line breaks


def read_workbook(path: Path, content: bytes) -> tuple[str, dict[int, list[str]]]:
    """Return the location for messages, and the cells of every row that is not blank, by row number.

    Reads the visible worksheet with a column ``slide``. Raises InputError.
    """
    import openpyxl  # imported only for workbooks

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        worksheet = _choose_worksheet(path, [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"])
        location = str(path) if len(book.worksheets) == 1 else f"{path}, worksheet {worksheet.title!r}"
        rows = dict(_rows(worksheet))
        with worksheet._get_source() as source:
            _check_layout(location, source.read(), rows)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # zip, XML and key errors of files of any kind
        raise InputError(
            f"{path}: not an Excel workbook, or a damaged one ({error}); open it in a spreadsheet program and save it "
            "as .xlsx or .csv"
        ) from None
    width = len(next(iter(rows.values()), []))
    return location, {number: cells + [""] * (width - len(cells)) for number, cells in rows.items()}


def _choose_worksheet(path: Path, visible: list) -> Any:
    """Choose the only visible worksheet, or the only one with a column ``slide``, or the first if none has it."""
    if not visible:
        raise InputError(f"{path}: the workbook has no visible worksheet; show the one with the slides, and save it")
    if len(visible) == 1:
        return visible[0]
    with_slides = [sheet for sheet in visible if "slide" in map(clean, next(_rows(sheet), (0, []))[1])]
    if len(with_slides) > 1:
        raise InputError(
            f"{path}: {len(with_slides)} worksheets have a column `slide` "
            f"({abbreviate([repr(sheet.title) for sheet in with_slides])}), and only one can be read; put all slides "
            "into one, and delete or hide the others"
        )
    return (with_slides or visible)[0]


def _rows(worksheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with its number, without the blank cells at its end."""
    worksheet.reset_dimensions()  # the size written in the file may be too small, and rows would be lost
    for number, row in enumerate(worksheet.iter_rows(), start=1):
        cells = [_text(cell) for cell in row]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells


def _text(cell: Any) -> str:
    """A cell as Excel shows it; a number of more digits than Excel keeps gets an exponent, which is invalid in ids."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float) and value == int(value) and abs(value) < 10**_DIGITS:
        padded = re.fullmatch("0+", cell.number_format)  # 7 shown as 007
        return str(int(value)).zfill(len(padded[0]) if padded else 0)
    if isinstance(value, int | float):
        return f"{value:.{_DIGITS}g}"
    return _ESCAPED.sub(" ", str(value))


def _check_layout(location: str, xml: bytes, rows: dict[int, list[str]]) -> None:
    """Raise InputError if a row or cell would be lost, or a hidden row would be read."""
    if merged := [cells.decode() for cells in _MERGED.findall(xml)]:
        raise InputError(
            f"{location}: cells are merged ({abbreviate(merged)}), and only the first of merged cells holds the value; "
            "unmerge them and write the value into each"
        )
    tags = [(int(number[1]), bool(_HIDDEN.search(tag))) for tag in _ROW.findall(xml) if (number := _NUMBER.search(tag))]
    numbers = [number for number, _ in tags]
    misnumbered = numbers and not {int(number) for number in _ROW_OF_CELL.findall(xml)} <= set(numbers)
    if misnumbered or numbers != sorted(set(numbers)):
        raise InputError(
            f"{location}: the rows are not in order, so some would be lost; open the workbook in a spreadsheet program "
            "and save it again"
        )
    if hidden := [str(number) for number, is_hidden in tags if is_hidden and number in rows]:
        raise InputError(
            f"{location}: rows are hidden, by a filter or by hand ({abbreviate(hidden)}), and every row is a slide; "
            "show all rows, and delete those that should not be read, or write a reason into their `exclude`"
        )
    uncomputed = [_CELL.search(tag) for tag in _UNCOMPUTED.findall(xml) if not _TEXT.search(tag)]
    if uncomputed:
        cells = [cell[1].decode() if cell else "?" for cell in uncomputed]
        raise InputError(
            f"{location}: formulas without a result ({abbreviate(cells)}), because no spreadsheet program has computed "
            "them; open the workbook in one and save it, or write the values themselves"
        )
