"""The sheet of slides: one row per slide, read as text so that ids do not change (007 stays 007)."""

import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import jsonschema
import yaml

from lowpower.config.sheet_cells import IDS, all_decimal, fault_of
from lowpower.config.sheet_row import SheetRow
from lowpower.config.sheet_text import read_table
from lowpower.errors import InputError
from lowpower.files import safe_name
from lowpower.spelling import clean, lookalike_key
from lowpower.text import count_of, nearest

_FILES = ("path", "annotation", "mask")  # not cleaned: file systems distinguish the two Unicode forms of ä
_PROSE = "exclude"  # free text, which may have line breaks and commas


def read_sheet(path: str | Path, schema: str | Path, only: Collection[str] = ()) -> list[SheetRow]:
    """Read the rows of the sheet; the user's other columns are kept unchanged.

    path: .csv or .tsv (comma, semicolon or tab) or .xlsx. Every line below the header that is not blank becomes a row.
    only: the columns that count, where no patients and labels are needed; all by default.
    Cells of known columns are cleaned of invisible characters (``spelling.clean``), except file names.
    Raises InputError.
    """
    path = Path(path)
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    if only:
        rules["properties"] = {name: rule for name, rule in rules["properties"].items() if name in only}
        rules["required"] = [name for name in rules["required"] if name in only]
    location, lines, quoted = read_table(path, set(rules["properties"]) - {_PROSE})
    header = [clean(name) for name in lines.pop(next(iter(lines)))] if lines else []
    _check_header(location, header, rules)
    if not lines:
        raise InputError(f"{location}: no rows; write one line per slide below the header")
    _check_lengths(location, header, lines)
    cells_by_line = {number: _cells(header, cells, rules["properties"]) for number, cells in lines.items()}
    _check_rows(location, cells_by_line, rules)
    rows = {number: _row(cells, rules["properties"], path.parent) for number, cells in cells_by_line.items()}
    if quoted:
        rows = {number: replace(row, warning=_warn_of_lines(header, lines[number])) for number, row in rows.items()}
    _check_unique(location, rows, "slide", "slide id")
    _check_unique(location, rows, "file", "slide file")
    _check_unique(location, rows, "slide", "slide id", lookalike_key)
    return list(rows.values())


def _cells(header: list[str], cells: list[str], columns: dict) -> dict[str, str]:
    """Cells of a row by column; those of ``columns`` are cleaned, and blank if the sheet lacks the column."""
    row = dict.fromkeys(columns, "") | {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    return row | {name: clean(row[name]) for name in columns if name not in _FILES}


def _row(cells: dict[str, str], known_columns: dict, folder: Path) -> SheetRow:
    """Convert the cells of a row to typed values. folder: the sheet's folder."""
    columns = {name: cells[name] for name in known_columns if name != "mpp"}
    return SheetRow(
        **{"patient": "", "label": ""} | columns,
        mpp=float(cells["mpp"].replace(",", ".")) if cells["mpp"] else None,
        file=os.path.normpath(folder / cells["path"]),
        others={name: text for name, text in cells.items() if name not in known_columns},
    )


def _warn_of_lines(header: list[str], cells: list[str]) -> str:
    """Warn of a cell of several lines: where quotes and separators are lost, it may hold rows of other slides."""
    for name, cell in zip(header, cells, strict=False):
        if (lines := len(cell.strip().splitlines())) > 1:
            return (
                f"its cell `{name}` in the sheet has {lines} lines; if they are rows of other slides, correct the "
                "quotes in the sheet"
            )
    return ""


def _check_header(location: str, header: list[str], rules: dict) -> None:
    missing = [name for name in rules["required"] if name not in header]
    if missing:
        similar = nearest(missing[0], header)
        hint = (
            f"; the column `{similar}` looks like it, rename it"
            if similar
            else f"; columns found: {', '.join(header) or 'none'}"
        )
        description = rules["properties"][missing[0]]["description"]
        raise InputError(f"{location}: no column `{missing[0]}` ({description}){hint}")
    first_columns: dict[str, int] = {}
    for number, name in enumerate(header, start=1):
        first = first_columns.setdefault(lookalike_key(name), number)
        if name and first != number:
            raise InputError(
                f"{location}: the columns {first} and {number} have the same name (`{header[first - 1]}`, `{name}`); "
                "keep one of them, or rename the other"
            )
        similar = nearest(name, rules["properties"], 0.8)
        if similar and name not in rules["properties"] and similar not in header:
            raise InputError(
                f"{location}: the column `{name}` looks like `{similar}`; rename it, or choose a less similar name"
            )


def _check_lengths(location: str, header: list[str], lines: dict[int, list[str]]) -> None:
    """Check that each row has one cell per column; with more or fewer, cells cannot be matched to columns."""
    named = max(number for number, name in enumerate(header, start=1) if name)
    uneven = [n for n, cells in lines.items() if len(cells) != len(header) or any(map(str.strip, cells[named:]))]
    if uneven:
        cells = lines[uneven[0]]
        filled = max(number for number, cell in enumerate(cells, start=1) if cell.strip())
        count = len(cells) if len(cells) != len(header) else filled
        hint = (
            "a comma within a cell, as in 0,25, or a cell without a heading? Write 0.25, put the cell in quotes, or "
            "give the column a heading"
            if count > named
            else "is the line cut short? Write the separators of its blank cells too"
        )
        raise InputError(
            f"{_lines(location, uneven)}: {count_of(count, 'cell')} below {count_of(named, 'heading')}; {hint}"
        )


def _lines(location: str, numbers: list[int]) -> str:
    more = f" (and {count_of(len(numbers) - 1, 'other line')})" if len(numbers) > 1 else ""
    return f"{location}, line {numbers[0]}{more}"


def _check_rows(location: str, rows: dict[int, dict[str, str]], rules: dict) -> None:
    """Raise InputError for the first invalid cell, with the number of other lines that have an invalid cell there.

    Each distinct text of a column is checked once: every cluster job reads the sheet, and most columns repeat values.
    """
    for column, rule in rules["properties"].items():
        validator = jsonschema.Draft202012Validator(rule)
        faults = {}
        for text in dict.fromkeys(row[column] for row in rows.values()):
            if fault := fault_of(column, text):
                faults[text] = f"is {text!r}, {fault}"
            elif not validator.is_valid(text):
                faults[text] = f"is {repr(text) if text else 'blank'}; write: {rule['description']}"
        if faults:
            numbers = [number for number, row in rows.items() if row[column] in faults]
            raise InputError(f"{_lines(location, numbers)}: `{column}` {faults[rows[numbers[0]][column]]}")
    for column in (name for name in IDS if name in rules["properties"]):
        if all_decimal(row[column] for row in rows.values()):
            example = next(iter(rows.values()))[column]
            raise InputError(
                f"{location}: every `{column}` ends in .0 ({example!r}), because a program read the ids as numbers "
                f"with decimals; write them as they are, such as {example.removesuffix('.0')!r}"
            )


def _check_unique(
    location: str, rows: dict[int, SheetRow], column: str, noun: str, key: Callable[[str], str] = str
) -> None:
    """Check that no two rows have the same text in a column; texts with the same ``key`` count as the same."""
    first_lines: dict[str, int] = {}
    for number, row in rows.items():
        text = getattr(row, column)
        first = first_lines.setdefault(key(text), number)
        first_text = getattr(rows[first], column)
        if first != number and first_text == text:
            raise InputError(
                f"{location}, line {number}: the {noun} {text!r} is already in line {first}; each slide has one row: "
                "remove one of them, or correct it"
            )
        if first != number:
            raise InputError(
                f"{location}, line {number}: the {noun} {text!r} differs from {first_text!r} in line {first} only in "
                "case, width or dashes, and many disks store both as one file; if it is the same slide, remove one of "
                "the rows, otherwise write an id that differs more"
            )


def by_file_name(rows: list[SheetRow]) -> dict[str, SheetRow]:
    """Rows by their slide id as it appears in paths, sorted so that the order of the sheet does not matter."""
    return {safe_name(row.slide): row for row in sorted(rows, key=lambda row: row.slide)}
