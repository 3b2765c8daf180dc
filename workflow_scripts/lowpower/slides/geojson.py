"""GeoJSON of QuPath: read a pathologist's annotations, write a slide's regions.

QuPath writes a class as ``{"name": ..., "color": [r, g, b]}`` (``colorRGB`` before 0.4), and a class with subclasses as
``names`` or, before 0.4, with a ``parentClass``; it ignores a class without a color. It writes the kind of an object,
such as a cell, as ``objectType``, as ``object_type`` in 0.3, and before that as the feature's ``id``: PathCellObject.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.outlines import Part
from lowpower.slides.region_row import RegionRow

FILE = "the file in the sheet's column annotation"
EXPORT = "export the annotations again with QuPath (File, Export objects as GeoJSON)"
COLOR = [213, 94, 0]  # of the regions in QuPath; vermilion, as in the overviews
KINDS_OF_0_2 = {
    "PathAnnotationObject": "annotation",
    "PathDetectionObject": "detection",
    "PathCellObject": "cell",
    "PathTileObject": "tile",
    "TMACoreObject": "tma_core",
    "PathRootObject": "root",
}

Drawn = tuple[str, list[Part], str]  # class, outline, and the reason to skip it, or ""


def list_features(content: bytes) -> list[dict]:
    """List the features of a GeoJSON file: a FeatureCollection, a list of features or a single feature.

    Raises ExcludedSlide for any other file.
    """
    try:
        features = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ExcludedSlide(f"{FILE} is not a complete JSON file; {EXPORT}") from error
    if isinstance(features, dict):
        features = features.get("features") if features.get("type") == "FeatureCollection" else [features]
    if isinstance(features, list) and all(isinstance(f, dict) and f.get("type") == "Feature" for f in features):
        return features
    raise ExcludedSlide(f"{FILE} is JSON without GeoJSON features; {EXPORT}")


def read_feature(feature: dict) -> Drawn:
    """Class and outline of a feature, or the reason to skip it. Malformed features raise various exceptions."""
    properties, geometry = feature.get("properties") or {}, feature.get("geometry") or {}
    kind = properties.get("objectType", properties.get("object_type"))
    kind = kind or KINDS_OF_0_2.get(str(feature.get("id")), "annotation")
    if kind != "annotation":
        return "", [], f"of the kind {kind}"
    polygons = _polygons(geometry)
    if polygons is None:
        return "", [], f"of the shape {geometry.get('type', 'none')}"
    outlines: list[Part] = [[as_ring(points) for points in polygon] for polygon in polygons]
    return _class_of(properties.get("classification")), outlines, ""


def _polygons(shape: dict) -> list | None:
    """Polygons of a geometry, each a list of rings; None if it has none."""
    if shape.get("type") == "Polygon":
        return [shape["coordinates"]]
    if shape.get("type") == "MultiPolygon":
        return shape["coordinates"]
    if shape.get("type") == "GeometryCollection":
        inner = [polygons for part in shape["geometries"] if (polygons := _polygons(part)) is not None]
        return [polygon for polygons in inner for polygon in polygons] if inner else None
    return None


def _class_of(classification: dict | str | None) -> str:
    """Name of a class as QuPath displays it; a subclass as ``Tumor: Positive``."""
    if not classification:
        return ""
    if isinstance(classification, str):
        return classification.strip()
    if not isinstance(classification.get("names", []), list):
        raise ValueError("names of a class are a list")
    own = ": ".join(classification["names"]) if "names" in classification else classification.get("name") or ""
    return ": ".join(name for name in (_class_of(classification.get("parentClass")), own.strip()) if name)


def as_ring(points: Sequence) -> np.ndarray:
    """Convert points to a ring (n, 2) of x and y. Raises ValueError, TypeError or OverflowError if they are not one."""
    ring = np.array(points, float) if len(points) else np.empty((0, 2))
    if ring.ndim != 2 or ring.shape[1] < 2 or not np.isfinite(ring).all():
        raise ValueError("a ring is a list of x and y")
    return ring[:, :2]


def write_annotations(path: str | Path, regions: Sequence[RegionRow], corner: tuple[int, int]) -> None:
    """Write the boxes of regions as GeoJSON for QuPath: one feature per line, named after its region.

    corner: from scan_corner. The region of an annotation carries its class.
    """
    write_features(path, (_feature(region, corner) for region in regions))


def write_features(path: str | Path, features: Iterable[dict]) -> None:
    """Write a FeatureCollection, one feature per line."""
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False, allow_nan=False) for feature in features)
    with files.replacing(path) as part:
        part.write_text(f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n', encoding="utf-8")


def box_feature(box: Sequence[float], properties: dict[str, object]) -> dict:
    """Feature of a box (left, top, right, bottom), in pixels as QuPath counts them: from the scan corner."""
    left, top, right, bottom = box
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties}


def _feature(region: RegionRow, corner: tuple[int, int]) -> dict:
    properties: dict[str, object] = {"objectType": "annotation", "name": region.region}
    if region.annotation:
        properties["classification"] = {"name": region.annotation, "color": COLOR}
    left, top = region.x - corner[0], region.y - corner[1]
    return box_feature((left, top, left + region.width, top + region.height), properties)
