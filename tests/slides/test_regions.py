"""Boxes, and the regions cut from them."""

import json

import numpy as np
import pytest
import tifffile
from region_images import mean_by, read_images
from scipy import ndimage
from slide_files import GRID, PIECES, cut_slide, draw_tissue, write_slide

from lowpower import files, rng
from lowpower.slides.downsampling import area_mean, downsample_slide
from lowpower.slides.regions import (
    Fit,
    foreign_tissue,
    grid_boxes,
    label_pieces,
    mark_territories,
    tissue_boxes,
)


def mask_of(*boxes, shape=(60, 80)):
    mask = np.zeros(shape, bool)
    for y, x, height, width in boxes:
        mask[y : y + height, x : x + width] = True
    return mask


@pytest.fixture
def pieces_slide(tmp_path):
    return write_slide(tmp_path / "slides/a.svs", draw_tissue(1100, 1200, PIECES))


@pytest.mark.parametrize("step", [8, 16.000000000000004, 7.3, 0.5])
@pytest.mark.parametrize("multiple", [32, 128])
def test_boxes_are_whole_multiples_around_whole_pieces(step, multiple):
    mask = mask_of((3, 5, 10, 20), (30, 2, 9, 7), (30, 40, 25, 33), (0, 70, 2, 10))
    boxes = tissue_boxes(label_pieces(mask), step, Fit(multiple))
    assert len(boxes) == 4
    for box in boxes:
        rows, columns = np.nonzero(label_pieces(mask) == box.piece)
        assert box.width % multiple == 0 and box.height % multiple == 0
        for start, length, index in ((box.y, box.height, rows), (box.x, box.width, columns)):
            first, last = index.min() * step, (index.max() + 1) * step
            assert start <= first + 1e-5 and last - 1e-5 <= start + length
            assert length < (last - first) + 2 + multiple  # no more than it takes
            assert abs((first - start) - (start + length - last)) <= 2  # evenly
        assert box.tissue == pytest.approx(len(rows) * step**2)


def test_boxes_come_in_reading_order():
    mask = mask_of((30, 2, 9, 7), (3, 50, 10, 20), (3, 5, 10, 20))
    boxes = tissue_boxes(label_pieces(mask), 8, Fit(32))
    assert [box.share * box.width * box.height / 64 for box in boxes] == [200, 200, 63]
    assert [box.x < 200 for box in boxes] == [True, False, True]


def test_a_piece_that_fits_does_not_grow():
    (box,) = tissue_boxes(label_pieces(mask_of((4, 8, 16, 32))), 8, Fit(128))
    assert (box.x, box.y, box.width, box.height, box.share) == (64, 32, 256, 128, 1.0)


def test_pieces_that_touch_at_a_corner_are_one():
    assert label_pieces(mask_of((0, 0, 5, 5), (5, 5, 5, 5))).max() == 1
    assert label_pieces(mask_of((0, 0, 5, 5), (5, 6, 5, 5))).max() == 2


def test_other_tissue_is_marked_with_a_halo_and_the_own_never():
    pieces = label_pieces(mask_of((10, 10, 10, 10), (10, 25, 10, 10), (24, 12, 3, 6)))
    own = next(box for box in tissue_boxes(pieces, 8, Fit(256)) if box.piece == pieces[12, 12])
    foreign = foreign_tissue(mark_territories(pieces, mask_mpp=8), 8, own)
    assert foreign.shape == (own.height, own.width)
    y, x = np.mgrid[: own.height, : own.width]
    row, column = (y + own.y) // 8, (x + own.x) // 8
    inside = (row >= 0) & (column >= 0)
    labels = np.where(inside, pieces[row, column], 0)
    assert foreign[(labels > 0) & (labels != own.piece)].all()
    assert not foreign[labels == own.piece].any()
    assert not foreign[(row >= 8) & (row < 22) & (column >= 8) & (column < 22)].any()  # nor what is nearest to it
    assert foreign[(row == 15) & (column == 23)].all()  # 16 µm from its neighbor
    assert not foreign[(row == 15) & (column == 22)].any()


def test_fields_start_at_the_corner_and_hold_enough_tissue():
    mask = mask_of((0, 0, 16, 24), (16, 0, 8, 8))  # at 8 pixels each: 192 x 128 and 64 x 64
    boxes = grid_boxes(mask, 8, (640, 480), size=64, stride=64, min_tissue=0.5)
    assert [(box.y, box.x) for box in boxes] == [(0, 0), (0, 64), (0, 128), (64, 0), (64, 64), (64, 128), (128, 0)]
    assert {box.share for box in boxes} == {1.0}
    assert len(grid_boxes(mask, 8, (640, 480), size=128, stride=128, min_tissue=0.5)) == 2  # 1, .5 and .25 of tissue
    assert len(grid_boxes(mask, 8, (640, 480), size=128, stride=128, min_tissue=0.25)) == 3
    assert len(grid_boxes(mask, 8, (640, 480), size=128, stride=128, min_tissue=0)) == 3  # never a field without any


def test_shares_count_parts_of_mask_pixels():
    mask = mask_of((0, 0, 1, 1), shape=(2, 2))
    (box,) = grid_boxes(mask, 8, (16, 16), size=12, stride=16, min_tissue=0)
    assert box.tissue == pytest.approx(64) and box.share == pytest.approx(64 / 144)
    boxes = grid_boxes(mask, 8, (16, 16), size=4, stride=6, min_tissue=0)
    assert [box.tissue for box in boxes] == pytest.approx([16, 8, 8, 4])


@pytest.mark.slow
def test_each_piece_becomes_a_region(tmp_path, pieces_slide):
    *_, state = cut_slide(tmp_path, pieces_slide, slide="a/b")
    rows, images = files.read_rows(tmp_path / "regions.csv"), read_images(tmp_path / "regions.zip")
    assert state["regions"] == len(rows) == 3 and state["state"] == "usable"
    assert [row["region"] for row in rows] == ["a%2Fb_00000", "a%2Fb_00001", "a%2Fb_00002"]
    assert [row["member"] for row in rows] == list(images)
    for row in rows:
        width, height = int(row["px_width"]), int(row["px_height"])
        assert images[row["member"]].shape == (height, width, 3)
        assert width % 64 == height % 64 == 0
        assert (int(row["width"]), int(row["height"])) == (2 * width, 2 * height)
        assert (row["level"], row["resampling"], row["mpp"]) == ("0", "mean 2x2", "1.0")
        assert float(row["area_mm2"]) == pytest.approx(float(row["tissue"]) * width * height / 1e6, rel=1e-3)
    truth = sorted(np.pi / 4 * h * w * 0.25 / 1e6 for _, _, h, w in PIECES)
    assert sorted(float(row["area_mm2"]) for row in rows) == pytest.approx(truth, rel=0.1)
    assert state["area_mm2"] == pytest.approx(sum(truth), rel=0.1)


@pytest.mark.slow
def test_a_region_shows_its_box_and_white_outside_the_slide(tmp_path, pieces_slide):
    cut_slide(tmp_path, pieces_slide, multiple=128)
    image = np.pad(draw_tissue(1100, 1200, PIECES), ((600, 600), (600, 600), (0, 0)), constant_values=255)
    images = read_images(tmp_path / "regions.zip")
    reached_outside = False
    for row in files.read_rows(tmp_path / "regions.csv"):
        x, y, width, height = (int(row[key]) for key in ("x", "y", "width", "height"))
        expected = mean_by(image[600 + y : 600 + y + height, 600 + x : 600 + x + width], 2).astype(int)
        found = images[row["member"]].astype(int)
        outside = np.zeros(found.shape[:2], bool)
        outside[: max(0, -y // 2)] = outside[:, : max(0, -x // 2)] = True
        reached_outside |= outside.any()
        assert (found[outside] >= 245).all()  # white but for the JPEG's own edge
        tissue = expected[..., 1] < 200
        changed = (found.min(axis=2) > 250) & tissue  # whitened: another piece
        assert np.abs(found - expected)[tissue & ~changed].mean() < 4
    assert reached_outside


@pytest.mark.slow
def test_another_piece_is_whitened(tmp_path):
    # a small piece above the left of a large one, whose box takes in part of it
    pieces = [(60, 60, 200, 200), (300, 140, 500, 800)]
    path = write_slide(tmp_path / "a.svs", draw_tissue(1000, 1200, pieces))
    cut_slide(tmp_path, path, multiple=256)
    images = list(read_images(tmp_path / "regions.zip").values())
    rows = files.read_rows(tmp_path / "regions.csv")
    assert len(rows) == 2
    taken_in = 0
    for own, (row, image) in enumerate(zip(rows, images, strict=True)):
        y, x = np.mgrid[: image.shape[0], : image.shape[1]] * 2 + 1
        y, x = y + int(row["y"]), x + int(row["x"])
        for number, (top, left, height, width) in enumerate(pieces):
            distance = ((y - top - height / 2) / (height / 2)) ** 2 + ((x - left - width / 2) / (width / 2)) ** 2
            inside = image[distance < 0.95]
            if number == own:
                assert len(inside) > 5000
                assert (inside[:, 1] < 220).mean() > 0.999
            else:
                assert (inside > 240).all()
                taken_in += len(inside)
    assert taken_in > 500


def test_territories_in_strips_are_those_of_the_whole():
    pieces = label_pieces(rng.generator(0, "test territories").random((300, 90)) < 0.02)
    pieces[90:200] = 0
    for mpp in (3, 8, 20):
        away, nearest = ndimage.distance_transform_edt(pieces == 0, return_indices=True)
        whole = np.where(away <= 16 / mpp, pieces[tuple(nearest)], 0)
        territories = mark_territories(pieces, mpp)
        assert np.array_equal(territories[1:-1, 1:-1], whole)
        assert territories.sum() == whole.sum()  # the ring around is nobody's


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tissue", "grid"])
def test_low_magnification_is_the_mean_of_the_decoded_high_one(tmp_path, pieces_slide, unit):
    cut_slide(tmp_path, pieces_slide, unit=unit)
    downsample_slide(tmp_path / "regions.zip", 2, tmp_path / "low.zip")
    high, low = read_images(tmp_path / "regions.zip"), read_images(tmp_path / "low.zip")
    assert len(low) == len(high) >= 3
    for member, image in high.items():
        assert np.array_equal(low[member.replace("jpg", "png")], mean_by(image, 2))


@pytest.mark.slow
def test_a_grid_of_the_same_slide(tmp_path, pieces_slide):
    _, masked, state = cut_slide(tmp_path, pieces_slide, unit="grid")
    rows = files.read_rows(tmp_path / "regions.csv")
    assert state["regions"] == len(rows) >= 4
    assert {(row["width"], row["height"], row["px_width"]) for row in rows} == {("256", "256", "128")}
    assert all(int(row["x"]) % 256 == int(row["y"]) % 256 == 0 and float(row["tissue"]) >= 0.5 for row in rows)
    corners = [(int(row["y"]), int(row["x"])) for row in rows]
    assert corners == sorted(corners)
    assert state["area_mm2"] <= masked["tissue_mm2"]
    *_, denser = cut_slide(tmp_path / "denser", pieces_slide, unit="grid", grid=GRID | {"stride_um": 64})
    assert denser["regions"] > 2 * len(rows)


@pytest.mark.slow
def test_a_slide_is_one_region_with_all_its_tissue(tmp_path, pieces_slide):
    _, masked, _ = cut_slide(tmp_path, pieces_slide, unit="slide")
    (row,) = files.read_rows(tmp_path / "regions.csv")
    (image,) = read_images(tmp_path / "regions.zip").values()
    assert float(row["area_mm2"]) == pytest.approx(masked["tissue_mm2"], rel=1e-3)
    for y, x, height, width in PIECES:  # each piece is there, none whitened
        left, top = ((a - int(row[b])) // 2 for a, b in ((x, "x"), (y, "y")))
        assert left >= 0 and top >= 0
        middle = image[top + height // 8 : top + 3 * height // 8, left + width // 8 : left + 3 * width // 8]
        assert (middle[..., 1] < 220).mean() > 0.99


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tissue", "slide", "annotation"])
def test_what_is_too_long_is_cut_into_parts_that_fit_together(tmp_path, pieces_slide, unit):
    ring = [[20, 10], [1000, 60], [1100, 900], [300, 800]]
    outline = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (tmp_path / "a.geojson").write_text(json.dumps(outline))
    found = {}
    for um in (0, 200):  # 192 is the largest multiple of 64 below
        folder = tmp_path / str(um)
        *_, state = cut_slide(
            folder, pieces_slide, unit=unit, max_side_um=um, min_area_um2=500, annotation=tmp_path / "a.geojson"
        )
        found[um] = state["area_mm2"], files.read_rows(folder / "regions.csv"), read_images(folder / "regions.zip")
    (area, wholes, _), (parts_area, parts, images) = found[0], found[200]
    assert len(parts) > len(wholes) and area == pytest.approx(parts_area, rel=0.02)
    assert [row["region"] for row in parts] == [f"s_{k:05d}" for k in range(len(parts))]
    assert all(64 <= int(row[key]) <= 192 for row in parts for key in ("px_width", "px_height"))
    assert all(float(row["area_mm2"]) >= 500e-6 for row in parts)
    for whole in wholes:
        canvas = np.full((int(whole["px_height"]), int(whole["px_width"]), 3), 255, int)
        # the parts of this piece: those that lie on its own lattice and inside it; of other pieces, nothing is pasted
        reference = found[0][2][whole["member"]].astype(int)
        pasted = np.zeros(canvas.shape[:2], bool)
        for row in parts:
            x, y = ((int(row[key]) - int(whole[key])) // 2 for key in ("x", "y"))
            width, height = int(row["px_width"]), int(row["px_height"])
            if x % 64 or y % 64 or x < 0 or y < 0 or y + height > len(canvas) or x + width > canvas.shape[1]:
                continue
            canvas[y : y + height, x : x + width] = images[row["member"]]
            pasted[y : y + height, x : x + width] = True
        assert pasted.mean() > 0.5
        assert np.abs(canvas - reference)[pasted].mean() < 1.5  # but for the edges of the JPEGs


@pytest.mark.slow
def test_no_part_of_a_field(tmp_path, pieces_slide):
    cut_slide(tmp_path, pieces_slide, unit="grid", max_side_um=64)
    assert {row["px_width"] for row in files.read_rows(tmp_path / "regions.csv")} == {"128"}


def test_a_sliver_of_a_cut_piece_is_dropped_and_a_thin_piece_is_not():
    pieces = label_pieces(mask_of((0, 0, 16, 8), (0, 0, 8, 16), (8, 8, 1, 1)))  # an L, and one pixel in its corner
    found = {least: [box.tissue for box in tissue_boxes(pieces, 8, Fit(64, 64, least))] for least in (0, 64, 65)}
    assert found == {0: [4096, 4096, 4096, 64], 64: [4096, 4096, 4096, 64], 65: [4096, 4096, 4096]}
    line = mask_of((0, 0, 1, 80))  # each of its parts holds less than the least
    boxes = tissue_boxes(label_pieces(line), 8, Fit(64, 64, 10000))
    assert [(box.width, box.tissue) for box in boxes] == [(64, 512)] * 10


@pytest.mark.slow
def test_no_field_with_enough_tissue(tmp_path, pieces_slide):
    *_, state = cut_slide(tmp_path, pieces_slide, unit="grid", grid=GRID | {"size_um": 512, "min_tissue": 0.9})
    assert state["state"] == "excluded" and state["step"] == "tile_slide" and state["regions"] == 0
    assert state["reason"].startswith("no field of 512 µm holds a share of 0.9 of tissue")
    assert read_images(tmp_path / "regions.zip") == {}


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tissue", "grid"])
def test_a_20x_and_a_40x_slide_of_one_picture_agree(tmp_path, unit):
    fine = draw_tissue(2200, 2400, [tuple(2 * v for v in piece) for piece in PIECES])
    paths = {
        20: write_slide(tmp_path / "20x.svs", area_mean(fine, 2), mpp=0.5),
        40: write_slide(tmp_path / "40x.svs", fine, mpp=0.25, reductions=(8,)),
    }
    rows = {}
    for power, path in paths.items():
        cut_slide(tmp_path / str(power), path, unit=unit)
        rows[power] = files.read_rows(tmp_path / str(power) / "regions.csv")
    assert len(rows[20]) == len(rows[40]) >= 3
    for a, b in zip(rows[20], rows[40], strict=True):
        assert [2 * int(a[key]) for key in ("x", "y", "width", "height")] == [
            int(b[key]) for key in ("x", "y", "width", "height")
        ]
        assert (a["px_width"], a["px_height"], a["mpp"]) == (b["px_width"], b["px_height"], b["mpp"])
        assert float(a["tissue"]) == pytest.approx(float(b["tissue"]), abs=0.01)  # means rounded twice or once
    images = [read_images(tmp_path / power / "regions.zip") for power in ("20", "40")]
    for member, image in images[0].items():
        assert np.abs(image.astype(int) - images[1][member]).mean() < 1.5  # rounded twice or once


@pytest.mark.slow
def test_a_scale_near_a_whole_one_is_reduced_by_it_and_recorded(tmp_path):
    picture = draw_tissue(1100, 1200, PIECES)
    cut_slide(tmp_path / "near", write_slide(tmp_path / "near.svs", picture, mpp=0.495))
    cut_slide(tmp_path / "far", write_slide(tmp_path / "far.svs", picture, mpp=0.45))
    near, far = (files.read_rows(tmp_path / name / "regions.csv")[0] for name in ("near", "far"))
    assert (near["resampling"], near["mpp"]) == ("mean 2x2", "0.99")
    assert (far["resampling"], far["mpp"]) == ("box 2.222", "1.0")
    assert float(far["width"]) == pytest.approx(int(far["px_width"]) / 0.45, abs=1e-3)


@pytest.mark.slow
def test_pixels_damaged_in_the_middle_exclude_the_slide(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1200, PIECES), reductions=(2,), compression="jpeg")
    with tifffile.TiffFile(path) as file:
        start, length = (values[6] for values in (file.pages[0].dataoffsets, file.pages[0].databytecounts))
    content = bytearray(path.read_bytes())
    content[start : start + length] = bytes(length)  # one tile of level 0; the level above is whole
    path.write_bytes(content)
    checked, masked, state = cut_slide(tmp_path / "out", path, magnification=20)
    assert checked["state"] == masked["state"] == "usable"
    assert state["state"] == "excluded" and state["step"] == "tile_slide"
    assert "damaged" in state["reason"] and str(tmp_path) not in state["reason"]
    assert read_images(tmp_path / "out/regions.zip") == {}
    assert files.read_rows(tmp_path / "out/regions.csv") == []
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.slow
def test_a_mistake_in_the_code_is_no_bad_slide(tmp_path, pieces_slide):
    with pytest.raises(KeyError):
        cut_slide(tmp_path, pieces_slide, unit="grid", grid={"size_um": 128})


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tissue", "grid"])
def test_two_runs_write_the_same_bytes(tmp_path, pieces_slide, unit):
    for run in ("one", "two"):
        cut_slide(tmp_path / run, pieces_slide, unit=unit)
        downsample_slide(tmp_path / run / "regions.zip", 2, tmp_path / run / "low.zip")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 9
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
