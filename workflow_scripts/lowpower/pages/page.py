"""Pages by Jinja2 templates: one HTML file that opens offline, whatever characters the names in it have.

Python hands the templates plain text and rows of tables and makes no HTML; every value is escaped where it is shown.
Links lead to the files beside the page.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from lowpower.files import replacing
from lowpower.tables.layout import numeric
from lowpower.text import count_of

INTAKE = "tables/intake.csv"
MOST_OPEN = 5  # rows; longer tables are folded at first
_WORDY = 40  # characters; a column with longer cells breaks its lines
_NUMBER = re.compile(r"(\d(?:[\d,.]*\d)?)")
_FOLDER = Path(__file__).parent / "templates"


class Table(NamedTuple):
    """A table for people; the keys of the first row are its header.

    source: the CSV, seen from the page, to which every number links. links: parallel to rows, by column the file to
    which a cell links instead. kinds: by text of a cell, "good" or "warning".
    """

    title: str
    rows: Sequence[dict[str, str]]
    source: str
    links: Sequence[Mapping[str, str]] = ()
    kinds: Mapping[str, str] = {}


class Chapter(NamedTuple):
    """Tables with the note below them, and the files that hold all of their columns."""

    tables: Sequence[Table]
    note: str
    files: Sequence[str]


class Figure(NamedTuple):
    """A figure (SVG) with its caption. files: seen from the page, first the figure, then the data behind it."""

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
    """Pieces of a sentence with the kind of each: "code" between backticks, "number" or "text"."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its second one is a character like others
        parts[-2:] = ["`".join(parts[-2:])]
    for k, part in enumerate(parts):
        for j, piece in enumerate([part] if k % 2 else _NUMBER.split(part)):
            yield "code" if k % 2 else "number" if j % 2 else "text", piece


def column_kinds(rows: Sequence[dict[str, str]]) -> dict[str, str]:
    """How each column is set: "number", "long" for one whose lines break, or ""."""
    wordy = {name for name in rows[0] if any(len(str(row[name])) > _WORDY for row in rows)}
    return {name: "number" if numeric(rows, name) else "long" if name in wordy else "" for name in rows[0]}


def anchor(title: str) -> str:
    """The id of a section in links: ``anchor("Low power first") == "low-power-first"``."""
    return re.sub(r"[^a-z]+", "-", title.lower()).strip("-")


def data_uri(path: str | Path, kind: str) -> str:
    """An image file as a URI that holds its bytes. kind: subtype, such as "jpeg"."""
    return f"data:image/{kind};base64,{base64.b64encode(Path(path).read_bytes()).decode()}"


TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,  # or the script would not have the hash of its file
)
TEMPLATES.filters |= {function.__name__: function for function in (anchor, column_kinds, count_of, data_uri, pieces)}
TEMPLATES.globals["most_open"] = MOST_OPEN
