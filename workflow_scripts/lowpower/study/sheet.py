"""The sheet of slides: one row per slide, read as text so that ids stay what they are (007 stays 007)."""

import csv
import difflib
import io
from pathlib import Path

import jsonschema
import yaml

from lowpower.files import safe_name


class SheetError(ValueError):
    """Something in the sheet that the user has to change; the message says where, what and how."""


def read_sheet(path: str | Path, schema: str | Path) -> list[dict]:
    """The rows of the sheet, with every known column (blank = "") and the user's other columns as they are.

    path: .csv or .tsv (comma, semicolon or tab; with or without a byte order mark) or .xlsx (first worksheet).
    ``mpp`` becomes a float or None. ``file`` is added: the slide's path as seen from the working folder.
    Raises SheetError.
    """
    path = Path(path)
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    if not path.is_file():
        raise SheetError(f"config: `slides`: there is no file {path}; write the path of your sheet of slides")
    table = _read_xlsx(path) if path.suffix.lower() == ".xlsx" else _read_text(path)
    header = [name.strip() for name in table[0]] if table else []
    _check_header(path, header, rules)
    rows = []
    for number, cells in enumerate(table[1:], start=2):
        if any(cell.strip() for cell in cells):
            row = dict.fromkeys(rules["properties"], "") | dict(zip(header, (c.strip() for c in cells), strict=False))
            _check_row(path, number, row, rules)
            row["mpp"] = float(row["mpp"].replace(",", ".")) if row["mpp"] else None
            row["file"] = str(path.parent / row["path"])
            rows.append(row)
    if not rows:
        raise SheetError(f"{path}: no rows; write one line per slide below the header")
    for key, what in (("slide", "slide id"), ("file", "slide file")):
        _check_unique(path, [row[key] for row in rows], what)
    return rows


def _read_text(path: Path) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SheetError(f"{path}: byte {error.start} is not UTF-8; save the sheet as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    separator = max("\t;,", key=first.count)
    return [row for row in csv.reader(io.StringIO(text), delimiter=separator) if row]


def _read_xlsx(path: Path) -> list[list[str]]:
    import openpyxl  # only where the sheet is a workbook

    try:
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
    except Exception as error:  # zip, XML and key errors, whatever the file turns out to be
        raise SheetError(f"{path}: not an Excel workbook ({error}); save it as .xlsx or .csv") from None

    def text(value: object) -> str:
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    return [[text(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _check_header(path: Path, header: list[str], rules: dict) -> None:
    missing = [name for name in rules["required"] if name not in header]
    if missing:
        near = difflib.get_close_matches(missing[0], [h.lower() for h in header], 1, 0.6)
        hint = (
            f"; the column `{near[0]}` looks like it, rename it"
            if near
            else f"; found: {', '.join(header) or 'nothing'}"
        )
        about = rules["properties"][missing[0]]["description"]
        raise SheetError(f"{path}: no column `{missing[0]}` ({about}){hint}")
    for name in header:
        near = difflib.get_close_matches(name.lower(), rules["properties"], 1, 0.8)
        if near and name not in rules["properties"] and near[0] not in header:
            raise SheetError(
                f"{path}: the column `{name}` looks like `{near[0]}`; rename it, or give it a name less like it"
            )


def _check_row(path: Path, number: int, row: dict, rules: dict) -> None:
    error = next(jsonschema.Draft202012Validator(rules).iter_errors(row), None)
    if error is not None:
        column = error.absolute_path[0]
        about = rules["properties"][column]["description"]
        raise SheetError(f"{path}, line {number}: `{column}` is {row[column]!r}; {about}")


def _check_unique(path: Path, values: list[str], what: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise SheetError(f"{path}: the {what} {value!r} stands in two rows; each slide has one row")
        seen.add(value)


def by_file_name(rows: list[dict]) -> dict[str, dict]:
    """The rows by the form of their slide id that appears in paths, sorted: the order of the sheet changes nothing."""
    return {safe_name(row["slide"]): row for row in sorted(rows, key=lambda row: row["slide"])}
