"""Read the sheet's file, written by any program, as rows of text without losing a row."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from lowpower.config.workbook import read_workbook
from lowpower.errors import InputError
from lowpower.spelling import clean

_ZIP = b"PK\x03\x04"
_KINDS = {  # first bytes of files that are not sheets
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls), or a workbook with a password",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"FEA1": "a Feather file",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF",
    b"{\\rtf": "a text document (.rtf)",
    b"\x1f\x8b": "a compressed file (.gz)",
}
_PARTS = {  # members that identify the kind of a ZIP
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
    "content.xml": "an OpenDocument file (.ods)",
    "Index/Document.iwa": "a Numbers file",
    "word/document.xml": "a Word document",
}


class Table(NamedTuple):
    """Cells of every row that is not blank, by line number. location: for messages. quoted: text, not a workbook."""

    location: str
    rows: dict[int, list[str]]
    quoted: bool


def read_table(path: Path, exact: set[str]) -> Table:
    """Read the cells of every row that is not blank.

    path: text in UTF-8 (comma, semicolon or tab; with or without a byte order mark; any line ends), or an Excel
    workbook; the content decides which. exact: the columns without free text. Raises InputError.
    """
    content = _read_bytes(path)
    for start, kind in _KINDS.items():
        if content.startswith(start):
            raise _not_a_sheet(path, kind)
    if content.startswith(_ZIP):
        for kind in _kinds_of_zip(content):
            raise _not_a_sheet(path, kind)
        return Table(*read_workbook(path, content), quoted=False)
    return Table(str(path), _read_text(path, content, exact), quoted=True)


def _not_a_sheet(path: Path, kind: str) -> InputError:
    return InputError(f"{path} is {kind}; save the sheet as CSV (UTF-8) or .xlsx")


def _kinds_of_zip(content: bytes) -> list[str]:
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []  # a broken workbook; openpyxl reports the fault
    return [kind for part, kind in _PARTS.items() if part in names]


def _read_bytes(path: Path) -> bytes:
    """Read the file. Raises InputError if it is missing, unreadable or a web page."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        example = path.with_name("slides.example.csv")
        hint = f" like {example}" if example.is_file() else ""
        raise InputError(
            f"config: `slides`: there is no file {path}; write the path of your sheet of slides{hint}. "
            "`lowpower sheet FOLDER` drafts one from a folder of slides"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"config: `slides`: {path} cannot be read ({reason})") from None
    if re.match(rb"\s*<(!doctype|html|table|\?xml)", content.removeprefix(b"\xef\xbb\xbf"), re.I):
        raise InputError(
            f"{path} is a web page, not a sheet (an export or a login page was saved under this name); open it in a "
            "spreadsheet program and save it as CSV (UTF-8) or .xlsx"
        )
    return content


def _read_text(path: Path, content: bytes, exact: set[str]) -> dict[int, list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(content[: error.start].decode("latin-1"))
        raise InputError(
            f"{path}, line {line}: a character is not UTF-8; save the sheet as CSV (UTF-8) or .xlsx"
        ) from None
    if "\0" in text:
        line = _line_at(text.partition("\0")[0])
        raise InputError(
            f"{path}, line {line}: a zero byte: the file is damaged, or is not text in UTF-8; save the sheet as CSV "
            "(UTF-8) or .xlsx"
        )
    heading = re.search(r"[^\r\n]*[^\s][^\r\n]*", text)
    separator = max("\t;,", key=heading[0].count) if heading else ","
    return _split_rows(path, text, separator, exact)


def _line_at(before: str) -> int:
    """Number of the line at the end of this text, for any kind of line ends."""
    return len(re.findall(r"\r\n|\r|\n", before)) + 1


def _split_rows(path: Path, text: str, separator: str, exact: set[str]) -> dict[int, list[str]]:
    """Rows by the number of their first line.

    A quote that is not closed joins all rows up to the next quote. The cell then has several lines with separators: as
    many as a row, or fewer if separators are lost too. A cell of several lines may therefore hold no separator in
    the header or in an exact column, and at most half as many as a row in a column of free text.
    """
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True)
    rows: dict[int, list[str]] = {}
    line = 1
    allowed: Iterable[int] = repeat(0)  # separators allowed in a cell of several lines: none in the header
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if reader.line_num > line and any(map(_holds_two_rows, cells, allowed, repeat(separator))):
                    raise csv.Error(f"it is closed only in line {reader.line_num}")
                if not rows:
                    allowed = [0 if clean(name) in exact else (len(cells) - 1) // 2 for name in cells]
                rows[line] = cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f'{path}, line {line}: a quote (") is opened but not closed there ({error}), so that a cell includes the '
            "rows below; close or remove it, or remove the line breaks from the cell"
        ) from None
    return rows


def _holds_two_rows(cell: str, allowed: int, separator: str) -> bool:
    """True if a cell holds the end of one row and the beginning of the next: several lines, too many separators."""
    return bool(re.search(r"[\r\n]", cell)) and cell.count(separator) > allowed
