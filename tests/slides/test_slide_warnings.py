"""Doubt about a slide's tissue is a warning with the numbers found and what to do; it excludes nothing."""

import numpy as np
import pytest
from ink_drawing import disk, draw_slide, finish, ink, stroke
from PIL import Image
from slide_files import cut_slide, draw_tissue, write_slide
from stain_drawing import draw_stained

from lowpower import files
from lowpower.slides import slide_warnings
from lowpower.slides.slide_check import check_slide
from lowpower.slides.tissue import TissueSettings, mask_tissue

OWN = "name a mask of your own in the sheet's column mask"
GLASS_FRAME = ((40, 40), (40, 40), (0, 0))


def mask_of(folder, image, pen_um=100, own_mask=""):
    """The state of a slide file whose pixels of 8 µm are an image's (H, W, 3)."""
    path = write_slide(folder / "a.svs", image, mpp=8, reductions=())
    check_slide("S1", path=str(path), mpp=None, exclude="", state=folder / "check.json")
    mask_tissue(
        folder / "check.json",
        path=str(path),
        own_mask=own_mask,
        mask_mpp=8,
        settings=TissueSettings(pen_um=pen_um),
        mask=folder / "mask.png",
        state=folder / "mask.json",
    )
    return files.read_json(folder / "mask.json")


def on_glass(image):
    return np.pad(image, GLASS_FRAME, constant_values=243)


def test_a_slide_as_it_should_be_has_no_warning(tmp_path):
    assert mask_of(tmp_path, finish(draw_slide(disk())))["warnings"] == []


def test_much_ink_is_told(tmp_path):
    drawn = ink(draw_slide(disk(center=(0.5, 0.7), radius=0.2)), stroke(0, offset=-0.3), "green")
    state = mask_of(tmp_path, finish(drawn))
    assert state["state"] == "usable" and len(state["warnings"]) == 1
    # a disk of 0.2 and a stroke of 50 x 160 pixels and its edge, of 64 µm²
    assert "0.55 of 0.76 mm² of colored area (73%) are classified as ink" in state["warnings"][0]
    assert "set tissue.pen_um: 0" in state["warnings"][0] and OWN in state["warnings"][0]


def test_ink_below_a_third_is_not_told(tmp_path):
    drawn = ink(draw_slide(disk(center=(0.5, 0.6), radius=0.35)), stroke(0, offset=-0.4, width_um=150), "green")
    assert mask_of(tmp_path, finish(drawn))["warnings"] == []


def test_no_tissue_says_how_much_was_ink(tmp_path):
    empty = draw_slide(np.zeros((160, 160)))
    state = mask_of(tmp_path, finish(ink(empty, stroke(0), "green")))
    assert state["state"] == "excluded" and state["warnings"] == []
    assert state["reason"] == (
        "no tissue of at least 10000 µm² was found, and 0.55 mm² were left out as ink; if there is some, set "
        f"tissue.pen_um: 0 where the ink is stained tissue, or {OWN}"
    )
    assert "ink" not in mask_of(tmp_path, finish(empty))["reason"]


@pytest.mark.slow
def test_another_stain_is_told(tmp_path):
    (warning,) = mask_of(tmp_path, finish(draw_stained("Masson")))["warnings"]
    assert "% of the colored area is brown, blue or green" in warning and "set tissue.pen_um: 0" in warning
    assert mask_of(tmp_path, finish(draw_stained("Masson")), pen_um=0)["warnings"] == []


def test_tissue_that_is_all_or_nearly_nothing_is_told(tmp_path):
    area, border = mask_of(tmp_path, finish(draw_slide(np.ones((160, 160)))))["warnings"]
    assert area.startswith("tissue is 100% of the scanned area (1.64 of 1.64 mm²)") and OWN in area
    assert border.startswith("tissue touches 100% of the border of the scanned area") and OWN in border
    (little,) = mask_of(tmp_path, on_glass(finish(draw_slide(disk(radius=0.07)))))["warnings"]
    assert little.startswith("tissue is 0.7% of the scanned area (0.03")
    assert "if some is missing, " + OWN in little


def test_what_was_not_scanned_is_no_glass(tmp_path):
    """Of a slide of which a tenth was scanned, tissue that fills that."""
    image = np.full((500, 500, 3), 255, np.uint8)
    image[:160, :160] = finish(draw_slide(disk(radius=0.1)) * (223 / 243, 215 / 242, 213 / 244))
    assert mask_of(tmp_path, image)["warnings"] == []  # 3 % of what was scanned, 0.3 % of the picture


def test_tissue_that_is_cut_off_is_told(tmp_path):
    tissue = np.zeros((160, 160))
    tissue[:, :110] = 1
    (warning,) = mask_of(tmp_path, finish(draw_slide(tissue)))["warnings"]
    assert warning.startswith("tissue touches 59%") and "scan all of it" in warning


def test_an_image_without_color_is_told(tmp_path):
    gray = np.asarray(Image.fromarray(finish(draw_slide(disk()))).convert("L").convert("RGB"))
    state = mask_of(tmp_path, gray)
    assert state["state"] == "excluded" and state["reason"].startswith("no tissue")
    assert state["warnings"][0].startswith("the image has no color") and OWN in state["warnings"][0]


def test_fluorescence_is_told(tmp_path):
    image = np.random.default_rng(0).integers(0, 20, (160, 160, 3)).astype(np.uint8)
    image[disk(), 2] = 200
    (warning,) = mask_of(tmp_path, image)["warnings"]
    assert warning.startswith("72% of the image is dark and there is no bright glass") and OWN in warning


def test_a_mask_of_ones_own_is_not_doubted_here(tmp_path):
    marked = np.pad(np.full((8, 8), 255, np.uint8), 4)
    Image.fromarray(marked).save(tmp_path / "own.png")
    assert (
        mask_of(tmp_path, finish(draw_slide(np.ones((160, 160)))), own_mask=str(tmp_path / "own.png"))["warnings"] == []
    )


def test_a_warning_excludes_nothing(tmp_path):
    image = draw_tissue(600, 600, [(0, 0, 600, 600)])[100:500, 100:500]
    _, masked, tiled = cut_slide(tmp_path / "out", write_slide(tmp_path / "a.svs", image))
    assert masked["warnings"] and tiled["state"] == "usable" and tiled["warnings"] == []


@pytest.mark.parametrize("share", [0.29, 0.31])
def test_the_share_of_ink_that_is_much(share):
    assert bool(slide_warnings.warn_of_ink(round(share * 1000), 1000, 1e-4)) == (share > slide_warnings.INKED)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cmu-1-small-region.svs", "tcga-cr-7395-01a-01-ts1.svs", "CMU-0-small.tiff"])
def test_real_slides_have_no_false_warning(tmp_path, shared, name):
    path = str(shared / "data/slides" / name)
    check_slide(
        "S1", path=path, mpp=0.25 if name.startswith("tcga") else None, exclude="", state=tmp_path / "check.json"
    )
    mask_tissue(
        tmp_path / "check.json",
        path=path,
        own_mask="",
        mask_mpp=8,
        settings=TissueSettings(),
        mask=tmp_path / "mask.png",
        state=tmp_path / "mask.json",
    )
    assert files.read_json(tmp_path / "mask.json")["warnings"] == []


def test_a_warning_of_the_sheet_comes_first_and_an_excluded_slide_keeps_it(tmp_path):
    path = write_slide(tmp_path / "a.svs", np.full((64, 64, 3), 240, np.uint8), mpp=1, reductions=())
    for exclude in ("", "a fold"):
        state = tmp_path / "check.json"
        check_slide("S1", path=str(path), mpp=2.0, exclude=exclude, state=state, sheet_warning="its cell is long")
        assert files.read_json(state)["warnings"][0] == "its cell is long"
