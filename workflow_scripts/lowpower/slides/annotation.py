"""Annotations as QuPath exchanges them (GeoJSON): a pathologist's are read, a slide's regions written.

QuPath writes one class as ``{"name": ..., "color": [r, g, b]}`` (``colorRGB`` before 0.4), a class made of several as
``names`` or, before 0.4, with a ``parentClass``; it reads no class without a color. Its coordinates are pixels of
level 0 that start at the corner of the scanned area (openslide.bounds-x, -y), where a file such as MIRAX has one.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openslide

from lowpower import files
from lowpower.magnification import WHOLE
from lowpower.slides.outline import Part
from lowpower.slides.slide import ExcludedSlide

COLOR = [213, 94, 0]  # of the regions in QuPath; the vermilion of the overviews
FILE = "the file in the sheet's column annotation"
EXPORT = "export the annotations again with QuPath (File, Export objects as GeoJSON)"


def scan_corner(slide: openslide.OpenSlide) -> tuple[int, int]:
    """Where QuPath's (0, 0) lies on a slide, in pixels of level 0."""
    try:
        return int(slide.properties["openslide.bounds-x"]), int(slide.properties["openslide.bounds-y"])
    except (KeyError, ValueError):
        return 0, 0


def read_annotations(
    path: str | Path, slide_size: tuple[int, int], corner: tuple[int, int]
) -> list[tuple[str, list[Part]]]:
    """Class (blank where none) and outline, in pixels of level 0, of each annotation of a file.

    slide_size: (width, height) at level 0. corner: from scan_corner. Points, lines, QuPath's cells and tiles, and
    classes that it ignores (``Ignore*``) are left out and counted in the log.
    Raises ExcludedSlide, with what to write instead, when that leaves nothing or the file is not one of this slide.
    """
    found, left_out = [], Counter()
    for number, feature in enumerate(_features(_read(path)), start=1):
        try:
            name, parts, reason = _annotation(feature)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ExcludedSlide(f"{FILE} has a broken feature, number {number} of them; {EXPORT}") from error
        if reason:
            left_out[reason] += 1
        else:
            found.append((name, [[_on_slide(ring + corner, slide_size) for ring in part] for part in parts]))
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    if skipped:
        print(f"left out of the annotations: {skipped}", file=sys.stderr, flush=True)
    if not found:
        raise ExcludedSlide(
            f"{FILE} holds no polygon{f' (but {skipped})' if skipped else ''}; draw one around each area, and {EXPORT}"
        )
    return found


def _read(path: str | Path) -> object:
    """The content of a JSON file."""
    if not path:
        raise ExcludedSlide(
            "the config says `unit: annotation` and the sheet's column annotation is blank; name the slide's GeoJSON "
            "file there, or take the slide off the sheet"
        )
    try:
        if not Path(path).is_file():  # to open a pipe would wait for ever
            raise ExcludedSlide(f"{FILE} does not exist or is not a file; correct its path, or copy it there")
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ExcludedSlide(f"{FILE} cannot be read ({error.strerror}); correct that") from error
    except (ValueError, RecursionError) as error:
        raise ExcludedSlide(f"{FILE} is no whole JSON file; {EXPORT}") from error


def _features(content: object) -> list:
    """The features of a FeatureCollection, of a list of features or of a single one."""
    if isinstance(content, dict):
        content = content.get("features") if content.get("type") == "FeatureCollection" else [content]
    if isinstance(content, list) and all(isinstance(one, dict) and one.get("type") == "Feature" for one in content):
        return content
    raise ExcludedSlide(f"{FILE} is JSON but no GeoJSON features; {EXPORT}")


def _annotation(feature: dict) -> tuple[str, list[Part], str]:
    """Class and parts of a feature, or why it is left out. Raises many things where it is malformed."""
    about, shape = feature.get("properties") or {}, feature.get("geometry") or {}
    kind = about.get("objectType", about.get("object_type", "annotation"))
    if kind != "annotation":
        return "", [], f"of the kind {kind}"
    if shape.get("type") not in ("Polygon", "MultiPolygon"):
        return "", [], f"of the shape {shape.get('type', 'none')}"
    name = _class_of(about.get("classification"))
    if name.endswith("*"):
        return "", [], f"of the class {name}"
    polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
    parts = [[_ring(points) for points in polygon] for polygon in polygons]
    parts = [part for part in parts if part and len(part[0]) > 2 and np.ptp(part[0], axis=0).all()]
    return name, parts, "" if parts else "without area"


def _class_of(found: dict | str | None) -> str:
    """The class as QuPath shows it: a part of a class as ``Tumor: Positive``."""
    if not found:
        return ""
    if isinstance(found, str):
        return found.strip()
    own = ": ".join(found["names"]) if "names" in found else found.get("name") or ""
    return ": ".join(name for name in (_class_of(found.get("parentClass")), own.strip()) if name)


def _ring(points: Sequence) -> np.ndarray:
    ring = np.array(points, float) if len(points) else np.empty((0, 2))
    if ring.ndim != 2 or ring.shape[1] < 2 or not np.isfinite(ring).all():
        raise ValueError("a ring is a list of x and y")
    return ring[:, :2]


def _on_slide(ring: np.ndarray, slide_size: tuple[int, int]) -> np.ndarray:
    """A ring that ends where the slide does; a line drawn by hand may cross the edge a little."""
    beyond = np.maximum(-ring, ring - slide_size).max(axis=0)
    if (beyond > WHOLE * np.array(slide_size)).any():
        x, y = ring[np.argmax(np.maximum(-ring, ring - slide_size).max(axis=1))]
        raise ExcludedSlide(
            f"{FILE} draws at {x:.0f}, {y:.0f}, and the slide has {slide_size[0]} x {slide_size[1]} px: it belongs to "
            "another slide, or is not in pixels of the finest level; name the right one"
        )
    return ring.clip(0, slide_size)


def write_annotations(path: str | Path, rows: Sequence[dict], corner: tuple[int, int]) -> None:
    """Write the boxes of regions as GeoJSON that QuPath opens on the slide: one feature a line, named for its region.

    rows: of the table of regions. corner: from scan_corner. A region that has one carries its annotation's class.
    """
    features = ",\n".join(json.dumps(_feature(row, corner), ensure_ascii=False) for row in rows)
    with files.replacing(path) as part:
        part.write_text(f'{{"type": "FeatureCollection", "features": [\n{features}\n]}}\n', encoding="utf-8")


def _feature(row: dict, corner: tuple[int, int]) -> dict:
    left, top = row["x"] - corner[0], row["y"] - corner[1]
    right, bottom = left + row["width"], top + row["height"]
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    about = {"objectType": "annotation", "name": row["region"]}
    if row["annotation"]:
        about["classification"] = {"name": row["annotation"], "color": COLOR}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": about}
