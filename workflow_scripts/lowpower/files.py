"""Reading and writing of files: under a temporary name, then renamed; the same bytes in each run.

Tables are CSV in UTF-8 with a header; regions are kept in ZIPs of images, one per slide and magnification. No cell of
a table acts as a formula in a spreadsheet.
"""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None  # a resection at 10x exceeds Pillow's limit against attacks

CsvRow = dict[str, str]  # a row of a table: text by column

_PLAIN = re.compile(r"[A-Za-z0-9_.-]")
_RESERVED = re.compile(r"\.|[0-9.]+x(-level)?")  # "10x" is a magnification in the same folder, "." starts a hidden file
_LONGEST = 241  # file systems allow 255 bytes; the longest name of a slide's file is .NAME.geojson.part
_REPEATED = re.compile(r"(.+?)\1{19}")  # at the end of a name, Snakemake takes it for an endless loop of rules
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def safe_name(identifier: str) -> str:
    """Convert a slide id to a file name: characters other than A-Z a-z 0-9 _ . - become %XX, so no two ids collide.

    A name that is too long, or too repetitive, becomes that of the id's first characters, ~ and a hash of the id.
    """
    name = "".join(c if _PLAIN.match(c) else "".join(f"%{b:02X}" for b in c.encode()) for c in identifier)
    if name.startswith(".") or _RESERVED.fullmatch(name):
        name = f"%{ord(name[0]):02X}{name[1:]}"
    if len(name) > _LONGEST or _REPEATED.match(name[::-1]):
        name = f"{safe_name(identifier[:18])}~{hashlib.sha256(identifier.encode()).hexdigest()[:20]}"
    return name


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it to ``path`` when the block ends without an error.

    The temporary path never varies, so a rerun overwrites the leftover of a killed job.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: str | Path, content: object) -> None:
    """Write ``content`` as indented JSON with a newline at the end."""
    with replacing(path) as part:
        part.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> dict:
    """Read one JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_rows(path: str | Path, columns: list[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a CSV with these columns in this order; no rows gives the header alone.

    Text that a spreadsheet would take for a formula gets a leading apostrophe, which ``read_rows`` removes.
    """
    with replacing(path) as part, open(part, "w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, columns, lineterminator="\n")
        quoted = csv.DictWriter(out, columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
        table.writeheader()
        for row in rows:
            returns = any("\r" in str(cell) for cell in row.values())  # csv leaves these unquoted before Python 3.13
            (quoted if returns else table).writerow({key: _escape_formula(cell) for key, cell in row.items()})


def read_rows(path: str | Path) -> list[CsvRow]:
    """Read a CSV written by ``write_rows``; every value is text."""
    with open(path, newline="", encoding="utf-8") as table:
        return [{key: _unescape_formula(cell) for key, cell in row.items()} for row in csv.DictReader(table)]


def _escape_formula(cell: object) -> object:
    """A cell, with an apostrophe if it looks like a formula, or like one that already has apostrophes."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _unescape_formula(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def encode(image: np.ndarray, jpeg_quality: int | None = None) -> bytes:
    """Encode image (H, W, 3) uint8 as JPEG without color subsampling, or as PNG if no quality is given."""
    buffer = io.BytesIO()
    if jpeg_quality is None:
        Image.fromarray(image).save(buffer, "PNG", compress_level=1)
    else:
        Image.fromarray(image).save(buffer, "JPEG", quality=jpeg_quality, subsampling=0)
    return buffer.getvalue()


def decode(data: bytes) -> np.ndarray:
    """Decode an image to (H, W, 3) uint8 with Pillow: one decoder everywhere, so equal files give equal pixels."""
    image = Image.open(io.BytesIO(data))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))  # convert would copy an RGB image


def write_images(path: str | Path, images: Iterable[tuple[str, bytes | Iterable[bytes]]]) -> None:
    """Write encoded images (name, bytes) to a ZIP: stored, with a fixed date, so that equal images give equal bytes.

    A large image may come in parts, so that memory need not hold it.
    """
    with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name, data in images:
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            if isinstance(data, bytes):
                archive.writestr(info, data)
            else:
                with archive.open(info, "w", force_zip64=True) as image:  # the size is unknown and may exceed 2 GB
                    image.writelines(data)


def fingerprint_images(path: str | Path) -> str:
    """Hash a ZIP's names, sizes and checksums, from its directory alone (each read verifies the checksum)."""
    with zipfile.ZipFile(path) as archive:
        content = [(i.filename, i.file_size, i.CRC) for i in sorted(archive.infolist(), key=lambda i: i.filename)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
