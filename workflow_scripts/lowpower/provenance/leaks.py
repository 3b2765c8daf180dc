"""Search of published files for original ids, which must not leave the lab if the config asks for pseudonyms."""

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from lowpower.errors import InputError
from lowpower.files import read_rows
from lowpower.model_header import model_header
from lowpower.pseudonyms import read_names

PUBLISHED = ("tables/", "figures/", "examples/", "packages/", "report.html")  # and every model_card.md
_CARD = "model_card.md"
_COLUMNS = ("slide", "patient", "region")
_PICTURE = re.compile(r"base64,[A-Za-z0-9+/=]*")  # random letters, which contain any short id


def check_published(paths: Sequence[str | Path], folder: Path, names: str | Path | None) -> None:
    """Raise InputError if a published file holds the id of a slide or patient.

    paths: files below ``folder``; only published ones are read. names: pseudonyms.csv, or None where ids may be shown.
    An id of 4 characters or more, with a letter and a digit, is searched in all text. Any other id, which may occur in
    text by chance, is searched only in table cells that name slides, patients or regions.
    """
    pseudonyms = read_names(names)
    telling = sorted(
        name for name in pseudonyms.called if len(name) > 3 and re.search(r"\d", name) and re.search(r"[^\W\d_]", name)
    )
    for path in map(Path, paths if pseudonyms.hidden else ()):
        if not path.relative_to(folder).as_posix().startswith(PUBLISHED) and path.name != _CARD:
            continue
        for name in _cells(path) if path.suffix == ".csv" else ():
            if name in pseudonyms.called:
                raise _leak(path, name)
        for text in _texts(path):
            for name in telling:
                if name in text and re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text):
                    raise _leak(path, name)


def _cells(path: Path) -> Iterable[str]:
    """Names of slides and patients in a table; a region's name begins with its slide's."""
    for row in read_rows(path):
        for column in _COLUMNS:
            cell = row.get(column) or ""
            yield cell.rpartition("_")[0] if column == "region" else cell


def _texts(path: Path) -> Iterable[str]:
    """Text of a file without embedded pictures; for a ZIP, its names and its JSON; for a model, its header."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield "\n".join(archive.namelist())
            yield from (archive.read(name).decode() for name in archive.namelist() if name.endswith(".json"))
    elif path.suffix == ".safetensors":
        yield model_header(path).to_json()
    elif path.suffix != ".png":
        yield _PICTURE.sub("", path.read_text(encoding="utf-8"))


def _leak(path: Path, name: str) -> InputError:
    return InputError(
        f"{path} holds {name!r}, the id of a slide or patient, which `ids: pseudonym` keeps in the lab; remove it from "
        "the config's `note`, `classes` or names of `methods`. If it is in none of them, this is a bug in lowpower: "
        "report it, and do not publish the file"
    )
