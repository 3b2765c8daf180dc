"""A pathologist's annotations of a slide, read from the file in the sheet's column ``annotation``.

Coordinates are pixels of level 0. Where a slide file gives the scanned area (openslide.bounds-x, -y: MIRAX, Leica SCN),
QuPath and ImageScope count from the corner of that area, and ASAP counts from the corner of level 0.
"""

import gzip
import io
import sys
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lowpower.magnification import WHOLE
from lowpower.slides.annotation_xml import list_elements, read_asap
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.geojson import EXPORT, FILE, Drawn, list_features, read_feature
from lowpower.slides.outlines import Part
from lowpower.slides.slide_reader import AnySlide


def scan_corner(slide: AnySlide) -> tuple[int, int]:
    """Position of the origin (0, 0) of QuPath and ImageScope on a slide, in pixels of level 0."""
    try:
        return int(slide.properties["openslide.bounds-x"]), int(slide.properties["openslide.bounds-y"])
    except (KeyError, ValueError):
        return 0, 0


def read_annotations(
    path: str | Path, slide_size: tuple[int, int], corner: tuple[int, int]
) -> list[tuple[str, list[Part]]]:
    """Read the class (blank if it has none) and the outline, in pixels of level 0, of each annotation of a file.

    path: GeoJSON of QuPath, also in a .gz or .zip, or XML of ASAP or ImageScope. slide_size: (width, height) at level
    0. corner: from scan_corner. The log counts annotations that are left out: points, lines, QuPath's cells and tiles,
    and classes that QuPath ignores (``Ignore*``).
    Raises ExcludedSlide, with a correction, when no annotation remains or the file belongs to another slide.
    """
    elements, read_element, corner = _list_elements(_read_file(path), corner)
    annotations: list[tuple[str, list[Part]]] = []
    left_out: Counter[str] = Counter()
    for number, element in enumerate(elements, start=1):
        try:
            name, parts, reason = _clean(*read_element(element))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ExcludedSlide(f"{FILE} has a broken feature, number {number} of them; {EXPORT}") from error
        if reason:
            left_out[reason] += 1
        else:
            clipped = [[_clip_to_slide(ring + corner, slide_size, corner) for ring in part] for part in parts]
            annotations.append((name, list(clipped)))
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    if skipped:
        print(f"annotations left out: {skipped}", file=sys.stderr, flush=True)
    if not annotations:
        raise ExcludedSlide(
            f"{FILE} holds no polygon{f' (but {skipped})' if skipped else ''}; draw one around each area, and {EXPORT}"
        )
    return annotations


def _read_file(path: str | Path) -> bytes:
    """Read the content of a file; unpack a .gz, or a .zip of one file."""
    if not path:
        raise ExcludedSlide(
            "the config says `unit: annotation` and the sheet's column annotation is blank; name the slide's GeoJSON "
            "file there, or remove the slide from the sheet"
        )
    try:
        if not Path(path).is_file():  # opening a pipe would wait forever
            raise ExcludedSlide(f"{FILE} does not exist or is not a file; correct its path, or copy it there")
        content = Path(path).read_bytes()
    except OSError as error:
        raise ExcludedSlide(f"{FILE} cannot be read ({error.strerror}); correct that") from error
    try:
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content)
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                (member,) = archive.namelist()
                return archive.read(member)
    except (EOFError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ExcludedSlide(f"{FILE} is not a complete .gz, or not a .zip of one file; {EXPORT}") from error
    return content


def _list_elements(content: bytes, corner: tuple[int, int]) -> tuple[list, Callable[[Any], Drawn], tuple[int, int]]:
    """List a file's annotations, with the function that reads each and their origin (0, 0) at level 0."""
    if content.startswith(b"\xac\xed"):
        raise ExcludedSlide(f"{FILE} is QuPath's own .qpdata; open it in QuPath, and {EXPORT}")
    if b"<" in content.lstrip()[:4]:  # a byte order mark may precede it
        elements, read_element = list_elements(content.lstrip())
        return elements, read_element, (0, 0) if read_element is read_asap else corner
    return list_features(content), read_feature, corner


def _clean(name: str, parts: list[Part], reason: str) -> Drawn:
    """Drop parts without area; leave out an annotation without parts, or of a class that QuPath ignores."""
    name = unicodedata.normalize("NFC", name.strip())
    parts = [
        [ring for ring in part if len(ring)]  # some tools write a hole without points
        for part in parts
        if part and len(part[0]) > 2 and np.ptp(part[0], axis=0).all()
    ]
    if not reason and name.endswith("*"):
        reason = f"of the class {name}"
    return name, parts, reason or ("" if parts else "without area")


def _clip_to_slide(ring: np.ndarray, slide_size: tuple[int, int], corner: tuple[int, int]) -> np.ndarray:
    """Clip a ring to the slide; a hand-drawn line may slightly cross the edge."""
    overshoot = np.maximum(-ring, ring - slide_size).max(axis=0)
    if (overshoot > WHOLE * np.array(slide_size)).any():
        x, y = ring[np.argmax(np.maximum(-ring, ring - slide_size).max(axis=1))]
        origin = f" (and starts at {corner[0]}, {corner[1]}, the corner of the scanned area)" if any(corner) else ""
        raise ExcludedSlide(
            f"{FILE} draws at {_format_pixels(x)}, {_format_pixels(y)}{origin}, and the slide has "
            f"{slide_size[0]} x {slide_size[1]} px: it belongs to another slide, has x and y swapped, or is not in "
            "pixels of the finest level; name the right one"
        )
    return ring.clip(0, slide_size)


def _format_pixels(position: float) -> str:
    return f"{position:.0f}" if abs(position) < 1e9 else f"{position:.3g}"
