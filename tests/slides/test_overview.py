"""The picture of each slide: its tissue outlined, its regions boxed, gray when it is left out."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files
from lowpower.slides.overview import (
    LONGEST,
    MANY,
    UNREADABLE,
    draw_found,
    frame_tissue,
    gray_out,
    place_boxes,
    shrink_mask,
)
from lowpower.slides.phantom import PhantomSettings, make_slide
from lowpower.slides.region_row import RegionRow
from lowpower.typed_values import typed_rows

PIECES = [(300, 80, 260, 300), (40, 700, 500, 360), (700, 200, 300, 420)]  # y, x, height, width at 0.5 µm


def picture_of(folder):
    with Image.open(folder / "overview.jpg") as picture:
        return picture.convert("RGB")


def blue_and_vermilion(picture):
    """Which pixels are of either color, (H, W) bool each; a JPEG pales lines, pink tissue is neither."""
    difference = np.subtract(*np.asarray(picture).astype(int).transpose(2, 0, 1)[[0, 2]])
    return difference < -70, difference > 45


def frame_of(folder):
    with Image.open(folder / "mask.png") as mask:
        state = files.read_json(folder / "mask.json")
        return frame_tissue(np.asarray(mask) > 0, state["reduction"], (1200, 1100))


def gray(picture):
    return np.ptp(np.asarray(picture).astype(int), axis=2).max() == 0


@pytest.fixture
def pieces_slide(tmp_path):
    return write_slide(tmp_path / "slides/a.svs", draw_tissue(1100, 1200, PIECES))


@pytest.mark.slow
def test_tissue_is_outlined_and_regions_are_boxed_where_they_are(tmp_path, pieces_slide):
    cut_slide(tmp_path, pieces_slide)
    picture = picture_of(tmp_path)
    assert max(picture.size) == LONGEST
    left, top, right, bottom = frame = frame_of(tmp_path)
    assert 40 < left < 80 and 1060 < right < 1110 and 1000 < bottom < 1050  # the pieces and a margin
    scale = picture.height / (bottom - top)
    y, x = np.mgrid[: picture.height, : picture.width] / scale + np.reshape([top, left], (2, 1, 1))
    blue, red = blue_and_vermilion(picture)
    edges = np.zeros(blue.shape, bool)
    for top, left, height, width in PIECES:
        distance = np.hypot((y - top - height / 2) / (height / 2), (x - left - width / 2) / (width / 2))
        edge = np.abs(distance - 1) * min(height, width) / 2 < 24  # a pixel of the mask is 16 wide, one here 3.5
        assert blue[edge].mean() > 0.08
        edges |= edge
    assert blue.sum() > 500 and blue[~edges].mean() < 0.002
    regions = typed_rows(RegionRow, files.read_rows(tmp_path / "regions.csv"))
    for left, top, right, bottom in place_boxes(regions, frame, picture.size):
        for line in (red[top, left:right], red[bottom, left:right], red[top:bottom, left], red[top:bottom, right]):
            assert line.mean() > 0.7  # the outline of the tissue pales it where they touch
        assert red[top + 4 : bottom - 3, left + 4 : right - 3].mean() < 0.01


def test_the_mask_and_the_boxes_fit_the_picture():
    mask = np.zeros((10, 13), np.uint8)  # 1600 x 1240 pixels at 128 each: it reaches beyond the slide
    mask[5:, :6] = 255
    tissue = shrink_mask(Image.fromarray(mask), 128, frame=(0, 0, 1600, 1240), size=(200, 155))
    assert np.argwhere(tissue).min(axis=0).tolist() == [80, 0] and np.argwhere(tissue).max(axis=0).tolist() == [154, 95]
    regions = [SimpleNamespace(x=x, y=y, width=832, height=640) for x, y in ((-64, 640), (768, 0))]
    assert place_boxes(regions, (0, 0, 1600, 1240), (200, 155)).tolist() == [[0, 80, 96, 154], [96, 0, 199, 80]]
    part = (128, 640, 640, 1240)  # of which the tissue starts one pixel of the mask beyond the left edge
    assert shrink_mask(Image.fromarray(mask), 128, frame=part, size=(64, 75)).all()
    assert place_boxes(regions[:1], part, (64, 75)).tolist() == [[0, 0, 63, 74]]
    inside = SimpleNamespace(x=256, y=800, width=128, height=80)
    assert place_boxes([inside], part, (64, 75)).tolist() == [[16, 20, 32, 30]]


def test_the_frame_holds_the_tissue_and_a_margin_within_the_slide():
    mask = np.zeros((100, 200), bool)
    mask[40:60, 50:150] = True
    assert frame_tissue(mask, 16, (3200, 1600)) == (47 * 16, 37 * 16, 153 * 16, 63 * 16)
    mask[95:, 199] = True
    assert frame_tissue(mask, 16, (3190, 1590)) == (45 * 16, 35 * 16, 3190, 1590)


def test_tissue_stays_visible_under_a_mesh_of_boxes():
    dark = Image.new("RGB", (120, 120), (48, 48, 48))
    regions = [SimpleNamespace(x=4 * x, y=4 * y, width=4, height=4) for y in range(30) for x in range(30)]
    boxes = place_boxes(regions, (0, 0, 120, 120), (120, 120))
    few, many = (np.asarray(draw_found(dark, np.ones((120, 120), bool), drawn)) for drawn in (boxes[: MANY - 1], boxes))
    paled, vermilion = few[2, 2, 0], few[0, 2, 0]
    assert many[2, 2, 0] == paled > 48
    assert paled + 40 < many[0, 2, 0] < vermilion - 40


@pytest.mark.slow
def test_an_excluded_slide_is_gray_and_has_no_boxes(tmp_path, pieces_slide):
    *_, state = cut_slide(tmp_path, pieces_slide, unit="grid", grid={"size_um": 512, "stride_um": 0, "min_tissue": 1})
    assert state["state"] == "excluded"
    picture = picture_of(tmp_path)
    assert gray(picture) and max(picture.size) == LONGEST
    left, top, right, bottom = map(round, frame_of(tmp_path))
    shown = Image.fromarray(draw_tissue(1100, 1200, PIECES)[top:bottom, left:right])
    expected = gray_out(shown.resize(picture.size, Image.Resampling.BOX))
    difference = np.asarray(picture.convert("L")).astype(int) - np.asarray(expected)
    assert np.abs(difference).mean() < 4
    assert 180 < np.median(picture) < 215  # its glass is not white


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"exclude": "out of focus"}, {"min_area_um2": 1e9}])
def test_a_slide_without_tissue_to_show_has_a_placeholder(tmp_path, pieces_slide, how):
    cut_slide(tmp_path, pieces_slide if "min_area_um2" in how else tmp_path / "none.svs", **how)
    picture = picture_of(tmp_path)
    assert picture.size == UNREADABLE and gray(picture)
    assert np.asarray(picture).std() > 1  # crossed out


@pytest.mark.slow
def test_an_overview_is_small(tmp_path):
    path = tmp_path / "demo.tiff"
    make_slide(path, slide="S001", label="sheet_atypical", fault="", settings=PhantomSettings(pieces=12, piece_px=128))
    cut_slide(tmp_path, path)
    data = (tmp_path / "overview.jpg").read_bytes()
    assert len(data) < 40_000
    assert max(Image.open(io.BytesIO(data)).size) <= 400


@pytest.mark.slow
def test_real_slides_take_24_kB_in_the_mean(tmp_path, shared):
    sizes = []
    for name, how in (
        ("cmu-1-small-region.svs", {}),
        ("tcga-cr-7395-01a-01-ts1.svs", {"mpp": 0.25, "unit": "grid"}),
        ("CMU-0-small.tiff", {"magnification": 2.5}),
    ):
        cut_slide(tmp_path, shared / "data/slides" / name, min_area_um2=10000, **how)
        sizes.append((tmp_path / "overview.jpg").stat().st_size)
    assert np.mean(sizes) < 24_000
