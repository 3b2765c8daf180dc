"""Pseudonyms: names of slides and patients in all files that leave the lab (config key ``ids``).

A pseudonym is a keyed hash of the id (HMAC-SHA256, RFC 2104). So it does not change when slides are added, and without
the key nobody can find its id by trial. The key is made once for a study and stored beside the table.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from lowpower.files import CsvRow, read_rows, safe_name, write_rows

COLUMNS = ["kind", "id", "pseudonym"]
KEY = "pseudonym.key"
_DIGITS = 12  # hexadecimal: two of 10,000 ids coincide once in 5 million studies
_PREFIX = {"slide": "S", "patient": "P"}


def make_pseudonyms(slides: Iterable[str], patients: Iterable[str], table: str | Path) -> None:
    """Write the table of pseudonyms, readable by its owner only, with the existing key beside it or a new one.

    The key is not an output of a rule, because it must outlive the table.
    """
    folder = Path(table).parent
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    key = _read_or_make_key(folder / KEY)
    ids = [("slide", name) for name in slides] + [("patient", name) for name in patients]
    rows = [dict(zip(COLUMNS, (*pair, _pseudonym(key, *pair)), strict=True)) for pair in sorted(set(ids))]
    write_rows(table, COLUMNS, rows)
    Path(table).chmod(0o600)


def _read_or_make_key(path: Path) -> bytes:
    """Read the key of a study, or make a new one."""
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8").strip().encode()


def _pseudonym(key: bytes, kind: str, name: str) -> str:
    return f"{_PREFIX[kind]}-{hmac.digest(key, f'{kind} {name}'.encode(), hashlib.sha256).hex()[:_DIGITS]}"


def read_names(table: str | Path | None) -> "Names":
    """Read the names of slides and patients. table: pseudonyms.csv, or None if they keep their ids."""
    return Names(read_rows(table)) if table else OWN


class Names:
    """Names of slides, patients and regions. rows: of pseudonyms.csv; without rows they keep their ids."""

    def __init__(self, rows: Iterable[CsvRow]) -> None:
        self.of = {(row["kind"], row["id"]): row["pseudonym"] for row in rows}
        self.hidden = bool(self.of)
        # in text, an id of both a slide and a patient is taken for the slide
        pseudonym_of = {name: self.of[kind, name] for kind, name in sorted(self.of)}
        self.called = {safe_name(name): pseudonym for name, pseudonym in pseudonym_of.items()} | pseudonym_of
        any_id = "|".join(re.escape(name) for name in sorted(self.called, key=len, reverse=True))
        # whole words, or the slide's part of a region's id
        self.id_pattern = re.compile(rf"(?<![^\W_])(?:{any_id})(?![^\W_])")

    def slide(self, name: str) -> str:
        """Name of a slide."""
        return self.of["slide", name] if self.hidden else name

    def patient(self, name: str) -> str:
        """Name of a patient."""
        return self.of["patient", name] if self.hidden else name

    def region(self, name: str) -> str:
        """Name of a region: that of its slide, and its number."""
        slide, _, number = name.rpartition("_")
        return f"{self.called[slide]}_{number}" if self.hidden else name

    def text(self, text: str) -> str:
        """Replace every id in a text by the name of its slide or patient."""
        return self.id_pattern.sub(lambda match: self.called[match[0]], text) if self.hidden else text


OWN = Names([])  # slides and patients keep their ids
