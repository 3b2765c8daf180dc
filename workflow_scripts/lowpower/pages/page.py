"""Pages from Jinja2 templates: one HTML file that opens offline, with any characters in names.

Python passes plain text and rows of tables to the templates and makes no HTML; templates escape every value. Links lead
to the files beside the page.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from lowpower.files import CsvRow, replacing
from lowpower.tables.layout import numeric
from lowpower.text import count_of

INTAKE = "tables/intake.csv"
MOST_OPEN = 5  # rows; longer tables are folded at first
_WORDY = 40  # characters; columns with longer cells wrap their lines
_NUMBER = re.compile(r"(\d(?:[\d,.]*\d)?)")
_FOLDER = Path(__file__).parent / "templates"


class Table(NamedTuple):
    """Table of a page; the keys of the first row are its header.

    source: the CSV that every number links to, relative to the page. links: parallel to rows, by column the file that
    a cell links to instead. kinds: by text of a cell, "good" or "warning".
    """

    title: str
    rows: Sequence[CsvRow]
    source: str
    links: Sequence[Mapping[str, str]] = ()
    kinds: Mapping[str, str] = {}


class Chapter(NamedTuple):
    """Tables with the note below them (a blank line parts paragraphs), and the files with all their columns."""

    tables: Sequence[Table]
    note: str
    files: Sequence[str]


class Figure(NamedTuple):
    """Figure (SVG) with its caption. files: relative to the page, first the figure, then its data."""

    path: Path
    caption: str
    files: Sequence[str]


def write_page(path: str | Path, template: str, **values: object) -> None:
    """Write a page from a template that extends page.html.j2."""
    script = (_FOLDER / "page.js").read_bytes()
    script_hash = f"sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}"
    text = TEMPLATES.get_template(template).render(values, script_hash=script_hash)
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Split a sentence into pieces, each with its kind: "code" between backticks, "number" or "text"."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # an unpaired backtick is an ordinary character
        parts[-2:] = ["`".join(parts[-2:])]
    for k, part in enumerate(parts):
        for j, piece in enumerate([part] if k % 2 else _NUMBER.split(part)):
            yield "code" if k % 2 else "number" if j % 2 else "text", piece


def column_kinds(rows: Sequence[CsvRow]) -> dict[str, str]:
    """Layout of each column: "number", "long" for wrapped lines, or ""."""
    wordy = {name for name in rows[0] if any(len(str(row[name])) > _WORDY for row in rows)}
    return {name: "number" if numeric(rows, name) else "long" if name in wordy else "" for name in rows[0]}


def anchor(title: str) -> str:
    """Make the id of a section for links: ``anchor("Low power first") == "low-power-first"``."""
    return re.sub(r"[^a-z]+", "-", title.lower()).strip("-")


def data_uri(path: str | Path, kind: str) -> str:
    """Encode an image file as a data URI. kind: subtype, such as "jpeg"."""
    return f"data:image/{kind};base64,{base64.b64encode(Path(path).read_bytes()).decode()}"


TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,  # so the script keeps the hash of its file
)
TEMPLATES.filters |= {function.__name__: function for function in (anchor, column_kinds, count_of, data_uri, pieces)}
TEMPLATES.globals["most_open"] = MOST_OPEN
