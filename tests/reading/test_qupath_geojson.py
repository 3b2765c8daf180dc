"""The GeoJSON for QuPath: kinds of objects, classes, measurements, and the same place when read again."""

import json
from dataclasses import replace

import numpy as np
import pytest
from evidence_files import CLASSES, region_at
from format_files import TILE
from mirax_file import write_mirax
from slide_files import draw_tissue

from lowpower.reading.colors import class_color
from lowpower.reading.evidence import probabilities_at
from lowpower.reading.qupath_geojson import write_qupath
from lowpower.slides.annotation import read_annotations, scan_corner
from lowpower.slides.slide import open_slide


def written(path, regions, corner=(0, 0)):
    write_qupath(path, regions, CLASSES, corner)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["type"] == "FeatureCollection"
    return content["features"]


def box_of(feature):
    (ring,) = feature["geometry"]["coordinates"]
    assert feature["type"] == "Feature" and feature["geometry"]["type"] == "Polygon"
    assert ring[0] == ring[-1] and len(ring) == 5
    return (*np.min(ring, 0), *np.max(ring, 0))


def test_a_region_is_an_annotation_and_its_positions_are_tiles(tmp_path):
    region = region_at(100, 200, 96, 64, 2, 3)
    annotation, *tiles = written(tmp_path / "a.geojson", [region])
    best = int(np.argmax(region.probabilities))
    assert annotation["properties"] == {
        "objectType": "annotation",
        "name": "s_00000",
        "isLocked": True,
        "classification": {"name": CLASSES[best], "color": list(class_color(best))},
        "measurements": dict(zip(CLASSES, np.round(region.probabilities, 4), strict=True)),
    }
    assert box_of(annotation) == (100, 200, 196, 264)
    assert [tile["properties"]["objectType"] for tile in tiles] == ["tile"] * 6
    measured = [[tile["properties"]["measurements"][name] for name in CLASSES] for tile in tiles]
    assert np.allclose(np.array(measured).T.reshape(3, 2, 3), probabilities_at(region.logits), atol=5.1e-5)
    for tile, values in zip(tiles, measured, strict=True):
        assert tile["properties"]["classification"]["name"] == CLASSES[int(np.argmax(values))]


def test_tiles_cover_their_region_once(tmp_path):
    annotation, *tiles = written(tmp_path / "a.geojson", [region_at(100.25, 200.5, 96.5, 64, 2, 3)])
    boxes = np.array([box_of(tile) for tile in tiles])
    area = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sum()
    left, top, right, bottom = box_of(annotation)
    assert area == pytest.approx((right - left) * (bottom - top), rel=1e-3)
    assert (*boxes[:, :2].min(0), *boxes[:, 2:].max(0)) == (left, top, right, bottom)
    assert box_of(tiles[0]) == (100.25, 200.5, 116.84, 217)  # around the first pixel: half a position


def test_a_network_without_a_map_gives_regions_alone(tmp_path):
    features = written(tmp_path / "a.geojson", [replace(region_at(0, 0, 96, 64, 2, 3), logits=None)])
    assert [feature["properties"]["objectType"] for feature in features] == ["annotation"]


def test_equal_evidence_gives_equal_bytes(tmp_path):
    for name in "ab":
        written(tmp_path / name, [region_at(0, 0, 96, 64, 2, 3)])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.slow
def test_on_a_slide_with_bounds_regions_are_read_back_at_their_place(tmp_path):
    """MIRAX counts level 0 from the corner of the stage, QuPath from the corner of the scanned area."""
    missing = [(row, column) for row in range(4) for column in range(6) if row == 0 or column == 0]
    path = write_mirax(tmp_path, draw_tissue(4 * TILE, 6 * TILE, [(TILE, TILE, 2 * TILE, 3 * TILE)]), missing)
    with open_slide(path) as slide:
        corner, size = scan_corner(slide), slide.dimensions
    assert corner == (TILE, TILE)
    region = region_at(TILE + 40, TILE + 64, 96, 64, 2, 3)
    annotation, *_ = written(tmp_path / "a.geojson", [region], corner)
    assert box_of(annotation) == (40, 64, 136, 128)
    ((name, ((ring,),)),) = read_annotations(tmp_path / "a.geojson", size, corner)
    assert name == CLASSES[int(np.argmax(region.probabilities))]
    assert (*ring.min(0), *ring.max(0)) == (region.x, region.y, region.x + 96, region.y + 64)
