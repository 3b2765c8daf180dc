"""What must hold for boxes of any tissue and any outline."""

import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from region_images import mean_by, read_images
from slide_files import GRID, cut_slide, draw_tissue, write_slide

from lowpower import files
from lowpower.slides.downsampling import downsample_slide
from lowpower.slides.outlines import inside, outline_boxes
from lowpower.slides.region_plan import GridSettings, TilingSettings
from lowpower.slides.regions import Box, Fit, foreign_tissue, label_pieces, mark_territories, tissue_boxes

pytestmark = pytest.mark.slow

MASK = (40, 50)  # rows, columns
steps = some.sampled_from([0.5, 2, 7.3, 8, 16.000000000000004])
fits = some.builds(
    lambda multiple, times, least: Fit(multiple, multiple * times, least),
    some.sampled_from([32, 64, 96]),
    some.sampled_from([0, 1, 2, 3, 5]),
    some.sampled_from([0, 50, 5000]),
)
pieces = some.lists(
    some.tuples(some.integers(0, 35), some.integers(0, 45), some.integers(1, 39), some.integers(1, 49)),
    min_size=1,
    max_size=5,
)


def mask_of(extents):
    mask = np.zeros(MASK, bool)
    for y, x, height, width in extents:
        mask[y : y + height, x : x + width] = True
    return mask


@given(pieces, steps, fits)
def test_tissue_boxes(extents, step, fit):
    labels = label_pieces(mask_of(extents))
    areas = np.bincount(labels.ravel())[1:] * step**2
    boxes = tissue_boxes(labels, step, fit)
    assert {box.piece for box in boxes} == set(range(1, labels.max() + 1))  # no piece is lost
    high, wide = (side * step for side in MASK)
    for box in boxes:
        assert box.width % fit.multiple == box.height % fit.multiple == 0 and min(box.width, box.height) > 0
        assert not fit.longest or max(box.width, box.height) <= fit.longest
        # less their growth, which is below one multiple, boxes lie inside the slide
        assert min(box.x, box.y) > -fit.multiple
        assert box.x + box.width < wide + fit.multiple and box.y + box.height < high + fit.multiple
        assert 0 < box.tissue <= box.width * box.height + 1e-6 and box.annotation == ""
    for piece, area in enumerate(areas, start=1):
        parts = [box for box in boxes if box.piece == piece]
        found = sum(box.tissue for box in parts)
        assert found <= area * (1 + 1e-6)
        if not fit.least or not fit.longest:  # nothing was dropped
            assert found == pytest.approx(area, rel=1e-6)
        assert not any(overlap(one, other) for one, other in combinations(parts, 2))


def overlap(one, other):
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@given(pieces, some.sampled_from([2, 8]))
def test_each_pixel_of_tissue_is_seen_in_the_box_of_its_piece_and_no_other(extents, step):
    labels = label_pieces(mask_of(extents))
    territories = mark_territories(labels, mask_mpp=8)
    large = np.repeat(np.repeat(labels, step, axis=0), step, axis=1)
    for box in tissue_boxes(labels, step, Fit(32, 64)):
        foreign = foreign_tissue(territories, step, box)
        y, x = np.mgrid[box.y : box.y + box.height, box.x : box.x + box.width]
        on = (y >= 0) & (x >= 0) & (y < large.shape[0]) & (x < large.shape[1])
        own = np.where(on, large[y.clip(0, large.shape[0] - 1), x.clip(0, large.shape[1] - 1)], 0)
        assert not foreign[own == box.piece].any()
        assert foreign[(own > 0) & (own != box.piece)].all()
        assert box.tissue == pytest.approx((own == box.piece).sum())


coordinate = some.integers(0, 600).map(lambda value: value / 2)
rings = some.lists(some.tuples(coordinate, coordinate), min_size=3, max_size=12).map(np.array)


def within(ring, x, y):
    """Even-odd rule for one point, by the crossings to its left."""
    crossed = False
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if (ay <= y < by or by <= y < ay) and ax + (y - ay) * (bx - ax) / (by - ay) < x:
            crossed = not crossed
    return crossed


@pytest.mark.slow
@given(some.lists(rings, min_size=1, max_size=3), some.sampled_from([1, 2, 3.7]), some.data())
def test_a_pixel_is_inside_where_its_center_is(part, reduction, data):
    box = Box(x=data.draw(some.integers(-20, 100)), y=data.draw(some.integers(-20, 100)), width=64, height=32)
    found = inside([part], reduction, box)
    assert found.shape == (32, 64)
    for _ in range(20):
        row, column = data.draw(some.integers(0, 31)), data.draw(some.integers(0, 63))
        x, y = (box.x + column + 0.5 - 1e-7) * reduction, (box.y + row + 0.5 - 1e-7) * reduction
        both = 0, 2e-7 * reduction  # a hair before the center and behind it
        if any(len({within(ring, x + d, y + e) for d in both for e in both}) > 1 for ring in part):
            continue
        assert found[row, column] == (sum(within(ring, x, y) for ring in part) % 2 == 1)


@pytest.mark.slow
@given(some.lists(rings, min_size=1, max_size=4), some.sampled_from([1, 2, 3.7]), fits)
def test_outline_boxes(outlines, reduction, fit):
    boxes = outline_boxes([(str(k), [[ring]]) for k, ring in enumerate(outlines)], reduction, fit)
    for box in boxes:
        assert box.width % fit.multiple == box.height % fit.multiple == 0
        assert not fit.longest or max(box.width, box.height) <= fit.longest
        assert min(box.x, box.y) > -fit.multiple and max(box.x, box.y) <= 300 / reduction
        assert box.annotation == str(box.piece - 1)
        assert box.tissue == inside([[outlines[box.piece - 1]]], reduction, box).sum() > 0
    if not fit.least or not fit.longest:
        around = Box(x=-1, y=-1, width=302, height=302)
        assert sum(box.tissue for box in boxes) == sum(inside([[ring]], reduction, around).sum() for ring in outlines)


def test_neighbors_that_share_an_edge_share_no_pixel_and_leave_none():
    line = np.array([[100, 3], [40.3, 77.7], [120.9, 160.2], [90, 197]])
    left, right = (np.concatenate([line, [[x, 197], [x, 3]]]) for x in (5, 195))
    box = Box(x=0, y=0, width=200, height=200)
    both = [inside([[ring]], 1, box) for ring in (left, right)]
    whole = inside([[np.array([[5, 3], [195, 3], [195, 197], [5, 197]])]], 1, box)
    assert not (both[0] & both[1]).any() and np.array_equal(both[0] | both[1], whole)
    assert whole.sum() == 190 * 194


@given(
    some.sampled_from([1.25, 5, 10, 20, 40]),
    some.sampled_from([32, 128, 96]),
    some.floats(1, 1e6, allow_nan=False),
)
def test_the_largest_side_is_the_largest_whole_multiple_below_it(magnification, multiple, um):
    fit = TilingSettings(
        magnification=magnification,
        multiple=multiple,
        unit="tissue",
        grid=GridSettings(**GRID),
        max_side_um=um,
        min_area_um2=0,
        jpeg_quality=95,
    ).fit
    assert fit.longest % multiple == 0 and fit.longest <= 65500
    assert fit.longest * 10 / magnification <= um + 1e-3
    assert (fit.longest + multiple) * 10 / magnification > min(um, 65500 * 10 / magnification)


@pytest.fixture(scope="module")
def drawn_slide(tmp_path_factory):
    pieces = [(60, 40, 180, 420), (320, 80, 300, 200), (300, 380, 330, 240)]
    return write_slide(tmp_path_factory.mktemp("slides") / "a.svs", draw_tissue(680, 700, pieces))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    some.sampled_from(["tissue", "grid", "slide"]),
    some.sampled_from([2, 4]),
    some.sampled_from([0, 128, 256]),
)
def test_regions_agree_across_magnifications(drawn_slide, unit, reduction, max_side_um):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cut_slide(folder, drawn_slide, unit=unit, multiple=128, max_side_um=max_side_um)
        downsample_slide(folder / "regions.zip", reduction, folder / "low.zip")
        rows, high, low = (
            files.read_rows(folder / "regions.csv"),
            read_images(folder / "regions.zip"),
            read_images(folder / "low.zip"),
        )
    assert rows and len(rows) == len(high) == len(low)
    for row in rows:
        region, reduced = high[row["member"]], low[row["member"].replace("jpg", "png")]
        assert region.shape == (int(row["px_height"]), int(row["px_width"]), 3)
        assert region.size == reduced.size * reduction**2
        assert np.array_equal(reduced, mean_by(region, reduction))
        # one pixel stands for n x n of the teacher's: the share of tissue, and with it its area, is the same
        um2 = reduced[..., 0].size * float(row["tissue"]) * reduction**2 * float(row["mpp"]) ** 2
        assert um2 / 1e6 == pytest.approx(float(row["area_mm2"]), rel=0.01)
        assert not max_side_um or unit == "grid" or max(region.shape) <= max_side_um
