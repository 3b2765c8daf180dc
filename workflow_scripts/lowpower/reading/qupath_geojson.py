"""Answers and evidence of a slide for QuPath: a GeoJSON file of its regions and of the positions of their maps.

Coordinates are pixels of level 0, counted from the corner of the scanned area where the file gives one: QuPath crops a
slide to OpenSlide's bounds. Measurements are probabilities named after their class, as QuPath's WSInfer extension
writes them, so that Measure, Show measurement maps, draws them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from lowpower.reading.colors import class_color
from lowpower.reading.evidence import RegionEvidence, edges, probabilities_at
from lowpower.slides.geojson import box_feature, write_features

DIGITS = 2  # of coordinates: hundredths of a pixel
DECIMALS = 4  # of probabilities


def write_qupath(
    path: str | Path, regions: Sequence[RegionEvidence], classes: Sequence[str], corner: tuple[int, int]
) -> None:
    """Write each region as a locked annotation, followed by its positions as tiles.

    Each has the class with the highest probability, and all probabilities as measurements. Those of a tile are what the
    network would answer if all of the region were like it. corner: from scan_corner. A network without a map gives no
    tiles.
    """
    write_features(path, _features(regions, classes, corner))


def _features(regions: Iterable[RegionEvidence], classes: Sequence[str], corner: tuple[int, int]) -> Iterator[dict]:
    for region in regions:
        left, top = region.x - corner[0], region.y - corner[1]
        box = (left, top, left + region.width, top + region.height)
        about = {"objectType": "annotation", "name": region.region, "isLocked": True}
        yield _classified(box, about, classes, region.probabilities)
        if region.logits is not None:
            probabilities = probabilities_at(region.logits)
            xs, ys = (
                edges(left, region.width, probabilities.shape[2]),
                edges(top, region.height, probabilities.shape[1]),
            )
            for i, (upper, lower) in enumerate(pairwise(ys)):
                for j, (first, last) in enumerate(pairwise(xs)):
                    tile = (first, upper, last, lower)
                    yield _classified(tile, {"objectType": "tile"}, classes, probabilities[:, i, j].tolist())


def _classified(box: Sequence[float], about: dict, classes: Sequence[str], probabilities: Sequence[float]) -> dict:
    """Feature of a box (left, top, right, bottom)."""
    best = max(range(len(classes)), key=lambda k: probabilities[k])
    properties = about | {
        "classification": {"name": classes[best], "color": list(class_color(best))},
        "measurements": {name: round(float(p), DECIMALS) for name, p in zip(classes, probabilities, strict=True)},
    }
    return box_feature([round(float(side), DIGITS) for side in box], properties)
