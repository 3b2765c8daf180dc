"""The tissue mask."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image
from region_images import read_mask
from scipy import ndimage
from slide_files import GLASS, cut_slide, draw_tissue, write_slide

from lowpower import rng
from lowpower.slides.morphology import close_gaps, drop_small, fill_small
from lowpower.slides.slide_check import check_slide
from lowpower.slides.tissue import TissueSettings, find_tissue, mask_tissue


def test_tissue_is_found_where_it_is():
    image = draw_tissue(100, 120, [(10, 10, 40, 50), (60, 70, 30, 40)])
    mask = find_tissue(image, 8, TissueSettings(close_um=0, max_hole_um2=0))
    y, x = np.mgrid[:100, :120] + 0.5
    truth = ((y - 30) / 20) ** 2 + ((x - 35) / 25) ** 2 <= 1
    truth |= ((y - 75) / 15) ** 2 + ((x - 90) / 20) ** 2 <= 1
    assert np.array_equal(mask, truth)


@pytest.mark.parametrize(
    "ground", [(255, 255, 255), GLASS, (235, 232, 222), (225, 215, 225), (120, 120, 120), (0, 0, 0)]
)
def test_an_empty_slide_has_no_tissue(ground):
    image = np.full((60, 60, 3), ground, np.uint8)
    image[20:40, 20:40] //= 2  # a gray shadow is no stain
    noise = np.random.default_rng(0).integers(0, 3, image.shape).astype(np.uint8)
    assert not find_tissue(np.minimum(image, 252) + noise, 8, TissueSettings()).any()


def test_a_slide_that_is_all_tissue_is_all_tissue():
    assert find_tissue(np.full((40, 40, 3), (200, 110, 170), np.uint8), 8, TissueSettings()).all()


def test_sizes_are_in_micrometers():
    # 40 x 40 µm of tissue, once at 8 and once at 2 µm per pixel
    for mpp, side in ((8, 5), (2, 20)):
        image = np.full((30 * 8 // mpp, 30 * 8 // mpp, 3), 240, np.uint8)
        image[side : 2 * side, side : 2 * side] = (200, 110, 170)
        assert find_tissue(image, mpp, TissueSettings(1600, close_um=0)).sum() == side * side
        assert not find_tissue(image, mpp, TissueSettings(1601, close_um=0)).any()


def test_gaps_are_closed_up_to_a_width():
    mask = np.ones((20, 30), bool)
    mask[:, 10:13] = False
    assert close_gaps(mask, 4).all(axis=1)[8:12].all()
    assert not close_gaps(mask, 2)[:, 11].any()
    assert np.array_equal(close_gaps(mask, 0), mask)


def test_closing_adds_no_edge():
    mask = np.zeros((20, 20), bool)
    mask[:6, :7] = True
    assert np.array_equal(close_gaps(mask, 6), mask)


@pytest.mark.parametrize("width", [3, 4, 50])
def test_closing_in_strips_is_the_closing_of_the_whole(width):
    mask = rng.generator(0, "test closing").random((500, 90)) < 2 / width**2
    mask[200:330] = False
    away = ndimage.distance_transform_edt(~np.pad(mask, width + 1))
    closed = ndimage.distance_transform_edt(away <= width / 2) > width / 2
    assert np.array_equal(close_gaps(mask, width), closed[width + 1 : -width - 1, width + 1 : -width - 1])


@pytest.mark.slow
def test_a_mask_takes_15_bytes_a_pixel_at_most():
    # 59 million pixels of 8 µm, a slide of 75 x 50 mm, then stay below 1 GB
    image = draw_tissue(2000, 500, [(20 + k * 250, 50, 220, 400) for k in range(8)])
    tracemalloc.start()
    try:
        find_tissue(image, 8, TissueSettings())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (image.nbytes + peak) / (2000 * 500) < 15


def test_small_holes_are_filled_and_small_pieces_dropped():
    mask = np.zeros((20, 20), bool)
    mask[2:12, 2:12] = True
    mask[4:6, 4:6] = False  # 4 px
    mask[7:11, 7:11] = False  # 16 px
    mask[15, 15] = mask[16, 16] = True  # touch at a corner
    filled = fill_small(mask, 5)
    assert filled[4:6, 4:6].all() and not filled[7:11, 7:11].any()
    assert drop_small(mask, 2)[15, 15] and not drop_small(mask, 3)[15, 15]
    assert drop_small(mask, 3)[2, 2]


def test_what_touches_the_edge_is_no_hole():
    mask = np.ones((10, 10), bool)
    mask[0, 3] = False
    assert not fill_small(mask, 50)[0, 3]


@pytest.mark.slow
def test_the_mask_covers_the_slide_at_its_own_scale(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1605, [(300, 300, 400, 600)]), reductions=())
    _, masked, _ = cut_slide(tmp_path / "out", path)
    assert masked["mask_mpp"] == 8.0 and masked["reduction"] == 16
    mask = read_mask(tmp_path / "out")
    assert mask.shape == (69, 101)
    assert masked["tissue_mm2"] == pytest.approx(np.pi * 200 * 300 * 0.25 / 1e6, rel=0.06)  # half-full pixels count
    assert masked["tissue_mm2"] == pytest.approx(mask.sum() * 64 / 1e6)


def test_a_slide_without_tissue_says_what_to_do(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(600, 600, []))
    for state in cut_slide(tmp_path / "out", path)[1:]:
        assert state["step"] == "mask_tissue" and state["state"] == "excluded"
        assert state["reason"].startswith("no tissue of at least 1000 µm² was found")
    assert read_mask(tmp_path / "out").shape == (38, 38)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "expected", "mpp", "overlap"),
    [
        ("cmu-1-small-region.svs", "expected-tissue-mask-cmu-1-small-region.npy", None, 0.85),
        ("tcga-cr-7395-01a-01-ts1.svs", "expected-tissue-mask-tcga-cr-7395.npy", 0.25, 0.93),
    ],
)
def test_masks_agree_with_another_tools(tmp_path, shared, name, expected, mpp, overlap):
    masked = tmp_path / "mask.png"
    check_slide("s", path=str(shared / "data/slides" / name), mpp=mpp, exclude="", state=tmp_path / "check.json")
    mask_tissue(
        tmp_path / "check.json",
        path=str(shared / "data/slides" / name),
        own_mask="",
        mask_mpp=8,
        settings=TissueSettings(),
        mask=masked,
        state=tmp_path / "mask.json",
    )
    theirs = np.load(shared / "data/masks" / expected)
    ours = np.asarray(Image.open(masked).resize(theirs.shape[::-1], Image.Resampling.NEAREST)) > 0
    assert (ours & theirs).sum() / (ours | theirs).sum() > overlap
    assert (ours & theirs).sum() / ours.sum() > 0.999  # theirs is wider all around


def read_thumbnail(shared, name):
    with Image.open(shared / "data/masks" / f"{name}.png") as image:
        return np.asarray(image.convert("RGB"))


# The thumbnails do not say their scale. 8 µm is the mask's own; the slide with three colors of pen is taken for 17 mm
# wide, and the field of view with fat for 1.9 mm.
@pytest.mark.slow
@pytest.mark.parametrize("name", ["no-tissue-line", "no-tissue-red-pen"])
@pytest.mark.parametrize("mpp", [1, 2, 4, 8])
def test_nothing_is_found_where_there_is_no_tissue(shared, name, mpp):
    assert not find_tissue(read_thumbnail(shared, name), mpp, TissueSettings()).any()


@pytest.mark.parametrize("mpp", [16, 32])
def test_soft_ink_is_no_pale_tissue_where_pixels_are_coarse(shared, mpp):
    assert not find_tissue(read_thumbnail(shared, "no-tissue-red-pen"), mpp, TissueSettings()).any()


def test_pale_stain_is_tissue_where_it_is_broad():
    lines, field = np.full((2, 120, 120, 3), GLASS, np.uint8)
    pale = np.round(np.array(GLASS) * (1, 0.935, 0.97))
    lines[::16], lines[1::16], lines[2::16] = pale, pale, pale  # 24 µm wide, 104 µm apart
    field[40:80, 30:90] = pale
    assert not find_tissue(lines, 8, TissueSettings()).any()
    assert np.array_equal(find_tissue(field, 8, TissueSettings()), field[..., 1] < 240)


def test_red_ink_over_fat_is_dropped_and_the_tissue_beside_it_stays(shared):
    mask = find_tissue(read_thumbnail(shared, "tcga-red-pen"), 4, TissueSettings())
    assert not mask[150:400, 50:110].any() and not mask[:15, 30:60].any()
    assert mask[150:440, 230:470].mean() > 0.95


def test_pens_of_three_colors_are_dropped_and_the_tissue_between_them_stays(shared):
    mask = find_tissue(read_thumbnail(shared, "diagnostic-slide-thumb-rgb"), 36, TissueSettings())
    ink = {
        "green": np.s_[20:45, 100:150],
        "green below": np.s_[492:500, 105:140],
        "red": np.s_[250:330, 449:468],
        "red on tissue": np.s_[120:128, 215:222],
        "black on tissue": np.s_[314:322, 215:255],
        "black blot": np.s_[115:130, 82:92],
    }
    assert {name: mask[area].mean() for name, area in ink.items()} == dict.fromkeys(ink, 0)
    assert mask[120:190, 130:170].mean() > 0.99 and mask[410:440, 150:300].mean() > 0.99
