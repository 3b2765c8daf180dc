"""Annotations: GeoJSON as QuPath writes and reads it, and the regions cut from it."""

import gzip
import json
import zipfile
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from annotation_files import OTHER, SQUARE, collection, feature, write
from region_images import read_images
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files
from lowpower.config.sheet_row import PatientRow
from lowpower.config.split_settings import Split
from lowpower.config.splits import divide
from lowpower.errors import InputError
from lowpower.models.region_sets import read_regions
from lowpower.slides.annotation import read_annotations, scan_corner
from lowpower.slides.geojson import write_annotations
from lowpower.slides.outlines import inside
from lowpower.slides.regions import Box
from lowpower.tables.cohort_counts import CountedRegion
from lowpower.tables.region_index import index_regions
from lowpower.tables.splits_file import check_annotations, write_splits
from lowpower.tables.unit_judging import units
from lowpower.typed_values import typed_rows

SIZE = (1200, 1100)
HOLE = [[200, 200], [300, 200], [300, 300], [200, 300], [200, 200]]


@pytest.fixture
def slide(tmp_path):
    """Tissue all over a slide of SIZE at 0.5 µm."""
    return write_slide(tmp_path / "a.svs", draw_tissue(SIZE[1], SIZE[0], [(-500, -500, 2200, 2300)]))


@pytest.mark.parametrize(
    "content",
    [
        collection(feature(SQUARE)),
        [feature(SQUARE)],
        feature(SQUARE),
        collection(feature([[[*point, 0] for point in SQUARE]], kind="MultiPolygon")),
        {"type": "FeatureCollection", "features": [feature(SQUARE)], "crs": None},
        feature(SQUARE, []),
    ],
)
def test_every_form_of_an_export_is_read(tmp_path, content):
    ((name, parts),) = read_annotations(write(tmp_path / "a.json", content), SIZE, (0, 0))
    assert name == "tumor" and np.array_equal(parts[0][0], SQUARE)


def test_packed_files_are_read(tmp_path):
    content = json.dumps(collection(feature(SQUARE)))
    (tmp_path / "a.geojson.gz").write_bytes(gzip.compress(content.encode()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.geojson", content)
    (tmp_path / "utf16.json").write_text(content, encoding="utf-16")
    for name in ("a.geojson.gz", "a.zip", "utf16.json"):
        ((found, parts),) = read_annotations(tmp_path / name, SIZE, (0, 0))
        assert found == "tumor" and np.array_equal(parts[0][0], SQUARE)


@pytest.mark.parametrize(
    ("classification", "name"),
    [
        ({"name": "tumor", "color": [1, 2, 3]}, "tumor"),
        ({"name": "tumor", "colorRGB": -377282}, "tumor"),  # before 0.4
        ("tumor", "tumor"),
        ({"names": ["Tumor", "Positive"], "color": [1, 2, 3]}, "Tumor: Positive"),
        ({"name": "Positive", "parentClass": {"name": "Tumor", "colorRGB": 1}, "colorRGB": 2}, "Tumor: Positive"),
        ({}, ""),
        (None, ""),
        ({"name": "Tumo\u0308r "}, "Tum\u00f6r"),
    ],
)
def test_classes_are_named_as_qupath_shows_them(tmp_path, classification, name):
    one = feature(SQUARE, name="")
    one["properties"]["classification"] = classification
    ((found, _),) = read_annotations(write(tmp_path / "a.json", one), SIZE, (0, 0))
    assert found == name


def test_what_is_no_area_to_learn_from_is_left_out_and_counted(tmp_path, capfd):
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {}}
    click = feature([[5, 5], [5, 5], [5, 5], [5, 5]])
    cell = feature(SQUARE, objectType="detection")
    ignored = feature(SQUARE, name="Ignore*")
    bare = {"type": "Feature", "geometry": None, "properties": None}
    path = write(tmp_path / "a.json", collection(point, point, feature(SQUARE), click, cell, ignored, bare))
    assert len(read_annotations(path, SIZE, (0, 0))) == 1
    said = capfd.readouterr().err
    for part in ("2 of the shape Point", "1 of the kind detection", "1 of the class Ignore*", "1 without area"):
        assert part in said
    assert "1 of the shape none" in said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("PathCellObject", "of the kind cell"),
        ("PathDetectionObject", "of the kind detection"),
        ("PathTileObject", "of the kind tile"),
        ("TMACoreObject", "of the kind tma_core"),
        ("PathRootObject", "of the kind root"),
    ],
)
def test_objects_of_qupath_0_2_are_known_by_their_id(tmp_path, capfd, kind, said):
    old = [feature(shape, objectType=None) | {"id": name} for shape, name in ((SQUARE, kind), (OTHER, kind))]
    mine = feature(HOLE, objectType=None) | {"id": "PathAnnotationObject"}
    named = feature(OTHER) | {"id": kind}  # tools that write both mean the type
    found = read_annotations(write(tmp_path / "a.json", collection(*old, mine, named)), SIZE, (0, 0))
    assert [np.array_equal(parts[0][0], ring) for (_, parts), ring in zip(found, (HOLE, OTHER), strict=True)] == [1, 1]
    assert f"2 {said}" in capfd.readouterr().err


def test_the_polygons_of_a_collection_are_read(tmp_path):
    shapes = [
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
        {"type": "GeometryCollection", "geometries": [{"type": "MultiPolygon", "coordinates": [[OTHER]]}]},
    ]
    one = feature() | {"geometry": {"type": "GeometryCollection", "geometries": shapes}}
    ((_, parts),) = read_annotations(write(tmp_path / "a.json", one), SIZE, (0, 0))
    assert [len(part) for part in parts] == [2, 1] and np.array_equal(parts[1][0], OTHER)


def test_numbers_in_quotes_are_numbers(tmp_path):
    one = feature([[str(x), f"{y}.0"] for x, y in SQUARE])
    ((_, parts),) = read_annotations(write(tmp_path / "a.json", one), SIZE, (0, 0))
    assert np.array_equal(parts[0][0], SQUARE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "does not exist or is not a file"),
        ("", "is not a complete JSON file"),
        ('{"type": "FeatureCollection", "features": [', "is not a complete JSON file"),
        ("[" * 100_000, "is not a complete JSON file"),
        ({"shapes": []}, "is JSON without GeoJSON features"),
        (collection(), "holds no polygon; draw one"),
        (
            collection({"type": "Feature", "geometry": {"type": "Point"}}),
            r"holds no polygon (but 1 of the shape Point)",
        ),
        (collection(feature()), "holds no polygon (but 1 without area)"),
        (collection(feature([])), "holds no polygon (but 1 without area)"),
        (collection(feature(SQUARE), feature([1, 2])), "broken feature, number 2"),
        (collection(feature([["a", "b"], [1, 2]])), "broken feature, number 1"),
        (collection(feature([[float("nan"), 1], [2, 2], [3, 1]])), "broken feature, number 1"),
        (collection(feature(SQUARE) | {"geometry": {"type": "Polygon"}}), "broken feature, number 1"),
        (collection(feature(SQUARE, name="", classification=3)), "broken feature, number 1"),
        (collection(feature([[10**400, 1], [2, 2], [3, 1]])), "broken feature, number 1"),
        (collection(feature([["1,5", "2"], [2, 2], [3, 1]])), "broken feature, number 1"),
        (collection(feature(SQUARE, name="", classification={"names": "Tumor"})), "broken feature, number 1"),
        (collection(feature([[1e300, 1], [2, 2], [3, 1]])), "draws at 1e+300, 1, and"),
        (collection(feature([[-71.06, 42.36], [-71.05, 42.36], [-71.05, 42.37]])), "draws at -71, 42, and"),
        (collection(feature([[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]])), "in pixels of the finest level"),
        (
            collection(feature([[x + 2000, y] for x, y in SQUARE])),
            "draws at 2500, 100, and the slide has 1200 x 1100 px",
        ),
        (collection(feature([[3.1, 3.1], [3.4, 3.1], [3.4, 3.4]])), "smaller than a pixel"),
    ],
)
def test_a_file_that_cannot_be_used_excludes_the_slide(tmp_path, slide, content, reason):
    path = tmp_path / "a.geojson"
    if content is not None:
        write(path, content)
    *_, state = cut_slide(tmp_path / "out", slide, unit="annotation", annotation=path)
    assert state["state"] == "excluded" and state["step"] == "tile_slide" and reason in state["reason"]
    assert str(tmp_path) not in state["reason"]
    assert read_images(tmp_path / "out/regions.zip") == {} and files.read_rows(tmp_path / "out/regions.csv") == []
    assert json.loads((tmp_path / "out/regions.geojson").read_text()) == collection()


@pytest.mark.slow
def test_a_slide_without_a_file_is_told_which_column_to_fill(tmp_path, slide):
    *_, state = cut_slide(tmp_path, slide, unit="annotation")
    assert state["state"] == "excluded" and "column annotation is blank" in state["reason"]


@pytest.mark.slow
def test_another_unit_does_not_look_at_the_column(tmp_path, slide):
    *_, state = cut_slide(tmp_path / "out", slide, unit="tissue", annotation=tmp_path / "none.geojson")
    assert (state["state"], state["reason"], state["warnings"]) == ("usable", "", [])


@pytest.mark.slow
def test_a_folder_is_no_annotation(tmp_path, slide):
    *_, state = cut_slide(tmp_path, slide, unit="annotation", annotation=tmp_path)
    assert "does not exist or is not a file" in state["reason"]


@pytest.mark.slow
def test_only_what_is_drawn_around_is_seen(tmp_path, slide):
    content = collection(feature(OTHER, name="normal"), feature(SQUARE, HOLE), feature(HOLE, name=""))
    *_, state = cut_slide(tmp_path, slide, unit="annotation", annotation=write(tmp_path / "a.geojson", content))
    rows, images = files.read_rows(tmp_path / "regions.csv"), read_images(tmp_path / "regions.zip")
    assert [row["annotation"] for row in rows] == ["tumor", "", "normal"]  # reading order, not the file's
    areas = (400**2 - 100**2, 100**2, 400 * 300)
    assert [float(row["area_mm2"]) for row in rows] == pytest.approx([area * 0.25e-6 for area in areas], rel=1e-3)
    assert state["area_mm2"] == pytest.approx(sum(areas) * 0.25e-6, rel=1e-3)
    image, row = images[rows[0]["member"]], rows[0]
    y, x = np.mgrid[: image.shape[0], : image.shape[1]] * 2 + 1
    y, x = y + int(row["y"]), x + int(row["x"])
    own = (x > 100) & (x < 500) & (y > 100) & (y < 500) & ~((x > 200) & (x < 300) & (y > 200) & (y < 300))
    assert own.sum() == round(float(row["tissue"]) * own.size) == areas[0] / 4
    assert image.shape == (256, 256, 3)
    assert (image[~own] > 200).all() and image[~own].mean() > 254  # white but for the edges of the JPEG
    assert (image[own][:, 1] < 220).mean() > 0.99


@pytest.mark.slow
def test_a_part_of_a_multipolygon_belongs_to_its_region(tmp_path, slide):
    content = feature([SQUARE, HOLE], [OTHER], kind="MultiPolygon")
    cut_slide(tmp_path, slide, unit="annotation", annotation=write(tmp_path / "a.geojson", content))
    (row,) = files.read_rows(tmp_path / "regions.csv")
    assert float(row["area_mm2"]) == pytest.approx((400**2 - 100**2 + 400 * 300) * 0.25e-6, rel=1e-3)


def test_parts_that_overlap_are_seen_where_they_do():
    box = Box(x=0, y=0, width=600, height=600)
    found = inside([[np.array(SQUARE)], [np.array(HOLE)]], 1, box)
    assert found.sum() == 400**2 and found[250, 250]
    assert not inside([[np.array(SQUARE), np.array(HOLE)]], 1, box)[250, 250]


def test_a_line_a_little_off_the_slide_ends_at_its_edge(tmp_path):
    ring = [[-10, -10], [1210, -10], [1210, 1110], [-10, 1110]]
    ((_, parts),) = read_annotations(write(tmp_path / "a.json", feature(ring)), SIZE, (0, 0))
    assert parts[0][0].min() == 0 and np.array_equal(parts[0][0].max(axis=0), SIZE)


def test_coordinates_start_where_qupath_starts_them(tmp_path):
    # a MIRAX file says which part of level 0 was scanned
    scanned = SimpleNamespace(properties={"openslide.bounds-x": "1000", "openslide.bounds-y": "250"})
    assert scan_corner(scanned) == (1000, 250)
    assert scan_corner(SimpleNamespace(properties={})) == (0, 0)
    ((_, parts),) = read_annotations(write(tmp_path / "a.json", feature(SQUARE)), (3000, 3000), (1000, 250))
    assert np.array_equal(parts[0][0] - (1000, 250), SQUARE)
    region = SimpleNamespace(region="s_00000", x=1100, y=350, width=400, height=400, annotation="")
    write_annotations(tmp_path / "b.json", [region], scan_corner(scanned))
    ((_, parts),) = read_annotations(tmp_path / "b.json", (3000, 3000), (0, 0))
    assert np.array_equal(parts[0][0], SQUARE)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tissue", "grid", "annotation", "slide"])
def test_the_boxes_open_in_qupath(tmp_path, slide, unit):
    annotation = write(tmp_path / "a.geojson", collection(feature(SQUARE), feature(OTHER, name="")))
    cut_slide(tmp_path, slide, unit=unit, annotation=annotation)
    rows, written = files.read_rows(tmp_path / "regions.csv"), json.loads((tmp_path / "regions.geojson").read_text())
    assert written["type"] == "FeatureCollection" and len(written["features"]) == len(rows) > 0
    for row, one in zip(rows, written["features"], strict=True):
        assert one["type"] == "Feature" and one["geometry"]["type"] == "Polygon"
        assert one["properties"]["objectType"] == "annotation" and one["properties"]["name"] == row["region"]
        (ring,) = one["geometry"]["coordinates"]
        assert ring[0] == ring[-1] and len(ring) == 5
        x, y, width, height = (int(row[key]) for key in ("x", "y", "width", "height"))
        assert {tuple(point) for point in ring} == {(a, b) for a in (x, x + width) for b in (y, y + height)}
        # QuPath (PathClassTypeAdapter) fails on a class that has a name and no color
        classification = one["properties"].get("classification")
        assert (classification or {}).get("name", "") == row["annotation"]
        assert classification is None or len(classification["color"]) == 3


@pytest.mark.slow
def test_annotated_classes_reach_the_models_and_strange_ones_stop(tmp_path, slide):
    sheet, folders = [], []
    for k in range(6):
        for label in ("tumor", "benign"):
            name = f"{label}{k}"
            rings = feature(SQUARE, name=label), feature(OTHER, name="normal"), feature(HOLE, name="")
            path = write(tmp_path / f"{name}.geojson", collection(*rings))
            folders.append(tmp_path / "regions" / name)
            cut_slide(folders[-1], slide, slide=name, unit="annotation", annotation=path)
            sheet.append(PatientRow(slide=name, patient=name, label=label))
    slides = [row.slide for row in sheet]
    tables, images = ([folder / f"regions.{end}" for folder in folders] for end in ("csv", "zip"))
    intake = [{"slide": slide, "state": "usable"} for slide in slides]
    files.write_rows(tmp_path / "intake.csv", ["slide", "state"], intake)
    index_regions(
        tables,
        images=images,
        slides=slides,
        reduction=1,
        intake=tmp_path / "intake.csv",
        index=tmp_path / "regions/10x.csv",
    )
    classes, split = ["benign", "normal", "tumor"], Split(by="random", val=0.2, test=0.3)
    with pytest.raises(InputError, match="'normal' of the config's `classes` is not the label of any slide"):
        divide(sheet, classes=classes, seeds=[0], split=split)
    divided = divide(sheet, classes=classes, seeds=[0], split=split, annotated=True)
    write_splits(divided, index=tmp_path / "regions/10x.csv", classes=classes, output=tmp_path / "splits.csv")
    found = read_regions(tmp_path / "regions/10x.csv", tmp_path / "splits.csv", 0)
    assert len(found) == 36
    for region in found:
        own = region.slide.rstrip("012345")
        expected = {"00000": (own, "annotation"), "00001": (own, "slide"), "00002": ("normal", "annotation")}
        assert (region.label, region.label_source) == expected[region.region[-5:]]
        assert region.truth == region.label
    frame = pd.DataFrame([{f.name: getattr(region, f.name) for f in fields(region)} for region in found])
    frame = frame.assign(p_benign=0.25, p_normal=0.5, p_tumor=0.25)
    judged = units(frame, "region", classes, regions_have_labels=False)
    assert len(judged.ids) == 24  # the annotated ones
    assert [classes[k] for k in judged.truth] == [one.label for one in found if one.label_source == "annotation"]
    # areas of two classes: no single truth
    assert units(frame, "slide", classes=classes, regions_have_labels=False).ids == []
    index = typed_rows(CountedRegion, files.read_rows(tmp_path / "regions/10x.csv"))
    with pytest.raises(InputError, match=r"12 regions of class 'normal' \(slides benign0.* did you mean 'Normal'\?"):
        check_annotations(index, ["benign", "Normal", "tumor"])
