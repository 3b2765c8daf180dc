"""Annotations as QuPath exchanges them (GeoJSON): a pathologist's are read, a slide's regions written.

QuPath writes one class as ``{"name": ..., "color": [r, g, b]}`` (``colorRGB`` before 0.4), a class made of several as
``names`` or, before 0.4, with a ``parentClass``; it reads no class without a color. What an object is, such as
a cell, it writes as ``objectType``, as ``object_type`` in 0.3, and as the feature's ``id`` before that: PathCellObject.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.slides.outlines import Part
from lowpower.slides.slide import ExcludedSlide

FILE = "the file in the sheet's column annotation"
EXPORT = "export the annotations again with QuPath (File, Export objects as GeoJSON)"
COLOR = [213, 94, 0]  # of the regions in QuPath; the vermilion of the overviews
KINDS_OF_0_2 = {
    "PathAnnotationObject": "annotation",
    "PathDetectionObject": "detection",
    "PathCellObject": "cell",
    "PathTileObject": "tile",
    "TMACoreObject": "tma_core",
    "PathRootObject": "root",
}

Drawn = tuple[str, list[Part], str]  # class, outline, and why it is left out; blank where it is not


def list_features(content: bytes) -> list[dict]:
    """The features of a GeoJSON file: of a FeatureCollection, of a list of features or of a single one.

    Raises ExcludedSlide where it is another file.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExcludedSlide(f"{FILE} is no whole JSON file; {EXPORT}") from error
    if isinstance(found, dict):
        found = found.get("features") if found.get("type") == "FeatureCollection" else [found]
    if isinstance(found, list) and all(isinstance(one, dict) and one.get("type") == "Feature" for one in found):
        return found
    raise ExcludedSlide(f"{FILE} is JSON but no GeoJSON features; {EXPORT}")


def read_feature(feature: dict) -> Drawn:
    """Class and outline of a feature, or why it is left out. Raises many things where it is malformed."""
    about, shape = feature.get("properties") or {}, feature.get("geometry") or {}
    kind = about.get("objectType", about.get("object_type")) or KINDS_OF_0_2.get(feature.get("id"), "annotation")
    if kind != "annotation":
        return "", [], f"of the kind {kind}"
    polygons = _polygons(shape)
    if polygons is None:
        return "", [], f"of the shape {shape.get('type', 'none')}"
    return _class_of(about.get("classification")), [[as_ring(points) for points in one] for one in polygons], ""


def _polygons(shape: dict) -> list | None:
    """The polygons of a geometry, each a list of rings; None where it has none."""
    if shape.get("type") == "Polygon":
        return [shape["coordinates"]]
    if shape.get("type") == "MultiPolygon":
        return shape["coordinates"]
    if shape.get("type") == "GeometryCollection":
        inner = [found for one in shape["geometries"] if (found := _polygons(one)) is not None]
        return [polygon for found in inner for polygon in found] if inner else None
    return None


def _class_of(found: dict | str | None) -> str:
    """The class as QuPath shows it: a part of a class as ``Tumor: Positive``."""
    if not found:
        return ""
    if isinstance(found, str):
        return found.strip()
    if not isinstance(found.get("names", []), list):
        raise ValueError("names of a class are a list")
    own = ": ".join(found["names"]) if "names" in found else found.get("name") or ""
    return ": ".join(name for name in (_class_of(found.get("parentClass")), own.strip()) if name)


def as_ring(points: Sequence) -> np.ndarray:
    """A ring (n, 2) of x and y. Raises ValueError, TypeError or OverflowError where it is none."""
    ring = np.array(points, float) if len(points) else np.empty((0, 2))
    if ring.ndim != 2 or ring.shape[1] < 2 or not np.isfinite(ring).all():
        raise ValueError("a ring is a list of x and y")
    return ring[:, :2]


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
