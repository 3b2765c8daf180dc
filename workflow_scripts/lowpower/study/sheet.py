"""The sheet of slides: one row per slide, read as text so that ids stay what they are (007 stays 007)."""

import csv
import io
import os
import re
from pathlib import Path

import jsonschema
import yaml

from lowpower.errors import InputError
from lowpower.files import safe_name
from lowpower.wording import count_of, nearest


def read_sheet(path: str | Path, schema: str | Path) -> list[dict]:
    """The rows of the sheet, with every known column (blank = "") and the user's other columns as they are.

    path: .csv or .tsv (comma, semicolon or tab; with or without a byte order mark) or .xlsx (first worksheet).
    ``mpp`` becomes a float or None. ``file`` is added: the slide's path as seen from the working folder.
    Raises InputError.
    """
    path = Path(path)
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    table = _read_xlsx(path) if path.suffix.lower() == ".xlsx" else _read_text(path)
    header = [name.strip() for name in table[0]] if table else []
    _check_header(path, header, rules)
    rows = {
        number: dict.fromkeys(rules["properties"], "") | dict(zip(header, (c.strip() for c in cells), strict=False))
        for number, cells in enumerate(table[1:], start=2)
        if any(cell.strip() for cell in cells)
    }
    if not rows:
        raise InputError(f"{path}: no rows; write one line per slide below the header")
    _check_rows(path, rows, rules)
    for row in rows.values():
        row["mpp"] = float(row["mpp"].replace(",", ".")) if row["mpp"] else None
        row["file"] = os.path.normpath(path.parent / row["path"])
    _check_unique(path, rows, "slide", "slide id")
    _check_unique(path, rows, "file", "slide file")
    return list(rows.values())


def _read_bytes(path: Path) -> bytes:
    """The file, after a look at whether it is what its name says."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        example = path.with_name("slides.example.csv")
        like = f" like {example}" if example.is_file() else ""
        raise InputError(
            f"config: `slides`: there is no file {path}; write the path of your sheet of slides{like}. "
            "`make sheet SLIDES=folder` drafts one from a folder of slides"
        ) from None
    except OSError as error:
        raise InputError(f"config: `slides`: {path} cannot be read ({error.strerror})") from None
    if re.match(rb"\s*<(!doctype|html|table|\?xml)", content.removeprefix(b"\xef\xbb\xbf"), re.I):
        raise InputError(
            f"{path} is a web page, not a sheet (an export or a login page was saved under this name); open it in a "
            "spreadsheet program and save it as CSV (UTF-8) or .xlsx"
        )
    return content


def _read_text(path: Path) -> list[list[str]]:
    content = _read_bytes(path)
    kinds = {b"PK\x03\x04": "an Excel workbook; name it .xlsx", b"\xd0\xcf\x11\xe0": "an old Excel file (.xls)"}
    for start, kind in (kinds | dict.fromkeys((b"\xff\xfe", b"\xfe\xff"), "text in UTF-16")).items():
        if content.startswith(start):
            raise InputError(f"{path} is {kind}, not text in UTF-8; save the sheet as CSV (UTF-8) or .xlsx")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: a letter is not UTF-8; save the sheet as CSV (UTF-8) or .xlsx"
        ) from None
    first = text.partition("\n")[0]
    separator = max("\t;,", key=first.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def _read_xlsx(path: Path) -> list[list[str]]:
    import openpyxl  # only where the sheet is a workbook

    content = _read_bytes(path)
    try:
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
    except Exception as error:  # zip, XML and key errors, whatever the file turns out to be
        raise InputError(f"{path}: not an Excel workbook ({error}); save it as .xlsx or .csv") from None

    def text(value: object) -> str:
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    return [[text(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _check_header(path: Path, header: list[str], rules: dict) -> None:
    missing = [name for name in rules["required"] if name not in header]
    if missing:
        near = nearest(missing[0], header)
        hint = (
            f"; the column `{near}` looks like it, rename it"
            if near
            else f"; columns found: {', '.join(header) or 'none'}"
        )
        about = rules["properties"][missing[0]]["description"]
        raise InputError(f"{path}: no column `{missing[0]}` ({about}){hint}")
    for name in header:
        near = nearest(name, rules["properties"], 0.8)
        if near and name not in rules["properties"] and near not in header:
            raise InputError(
                f"{path}: the column `{name}` looks like `{near}`; rename it, or give it a name less like it"
            )


def _check_rows(path: Path, rows: dict[int, dict], rules: dict) -> None:
    """Every cell as the schema wants it; the first that is not is named, and how many lines have the same trouble.

    Each text of a column is looked at once: every job on a cluster reads the sheet again, and most columns repeat.
    """
    for column, rule in rules["properties"].items():
        validator = jsonschema.Draft202012Validator(rule)
        bad = {text for text in {row[column] for row in rows.values()} if not validator.is_valid(text)}
        if bad:
            numbers = [number for number, row in rows.items() if row[column] in bad]
            found = rows[numbers[0]][column]
            more = f" (and {count_of(len(numbers) - 1, 'other line')})" if len(numbers) > 1 else ""
            raise InputError(
                f"{path}, line {numbers[0]}{more}: `{column}` is {repr(found) if found else 'blank'}; write: "
                f"{rule['description']}"
            )


def _check_unique(path: Path, rows: dict[int, dict], column: str, what: str) -> None:
    seen: dict[str, int] = {}
    for number, row in rows.items():
        first = seen.setdefault(row[column], number)
        if first != number:
            raise InputError(
                f"{path}, line {number}: the {what} {row[column]!r} stands in line {first} already; each slide has one "
                "row: take one of them away, or correct it"
            )


def by_file_name(rows: list[dict]) -> dict[str, dict]:
    """The rows by the form of their slide id that appears in paths, sorted: the order of the sheet changes nothing."""
    return {safe_name(row["slide"]): row for row in sorted(rows, key=lambda row: row["slide"])}
