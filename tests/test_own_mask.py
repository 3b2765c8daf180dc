"""A tissue mask that the sheet names."""

import numpy as np
import pytest
from PIL import Image
from slide_files import cut_slide, draw_tissue, write_slide
from test_tissue import read_mask

from lowpower.slides.own_mask import read_own_mask


def test_a_pathologists_mask_is_used_instead(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(512, 1024, [(50, 50, 300, 300)]))
    own = np.zeros((20, 40), np.uint8)
    own[10:20, 20:40] = 1
    Image.fromarray(own).save(tmp_path / "own.png")
    _, masked, tiled = cut_slide(tmp_path / "out", path, own_mask=str(tmp_path / "own.png"))
    expected = np.zeros((32, 64), bool)
    expected[16:, 32:] = True
    assert np.array_equal(read_mask(tmp_path / "out"), expected)
    assert masked["tissue_mm2"] == tiled["area_mm2"] == pytest.approx(0.5**2 * 256 * 512 / 1e6)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "RGB", "RGBA", "LA"])
def test_masks_of_any_kind(tmp_path, mode):
    marked = np.zeros((4, 6), np.uint8)
    marked[1:3, 2:5] = 255
    image = Image.fromarray(marked)
    if mode == "I;16":
        image = Image.fromarray(marked.astype(np.uint16) * 200)
    elif mode == "P":
        image = Image.fromarray(marked // 255).convert("P")
        image.putpalette([255, 255, 255, 0, 0, 0])  # the number counts, not the color
    elif mode != "L":
        image = image.convert(mode)
    image.save(tmp_path / "own.png")
    assert np.array_equal(read_own_mask(tmp_path / "own.png", (600, 400), (6, 4)), marked > 0)


def test_transparent_is_background(tmp_path):
    pixels = np.full((4, 6, 4), 255, np.uint8)
    pixels[:2, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "own.png")
    assert read_own_mask(tmp_path / "own.png", (600, 400), (6, 4)).sum() == 12


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "column mask does not exist"),
        (b"no image", "column mask cannot be read as an image"),
        (np.ones((100, 100), np.uint8), "has not the shape of the slide, 1024 x 512 px"),
        (np.zeros((50, 100), np.uint8), "marks no tissue"),
    ],
)
def test_a_mask_that_cannot_be_used_excludes_the_slide(tmp_path, content, reason):
    path = write_slide(tmp_path / "a.svs", draw_tissue(512, 1024, [(50, 50, 300, 300)]))
    own = tmp_path / "own.png"
    if isinstance(content, bytes):
        own.write_bytes(content)
    elif content is not None:
        Image.fromarray(content).save(own)
    *_, tiled = cut_slide(tmp_path / "out", path, own_mask=str(own))
    assert tiled["state"] == "excluded" and tiled["step"] == "mask_tissue" and reason in tiled["reason"]
