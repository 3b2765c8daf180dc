"""The empty glass, of any tint, beside what was never scanned: the tissue found is that on clean, clear glass."""

from functools import cache

import numpy as np
import pytest
from ink_drawing import disk, draw_slide, finish, ink, stroke
from mirax_file import write_mirax
from PIL import Image
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import rng
from lowpower.slides.glass import find_glass, find_scanned
from lowpower.slides.tissue import TissueSettings, find_tissue

SIDE = 160  # pixels of 8 µm
CLEAR = (243, 242, 244)
# scanners' glass, and drawn ones: brightness of 150 to 255, up to 12 % of a tint
TINTS = [(236, 230, 222), (223, 215, 213), (241, 237, 240), (180, 178, 176), (255, 250, 240), (225, 215, 225)]
_draw = rng.generator(0, "test tints")
for _ in range(24):
    _tint = 1 - _draw.uniform(0, 0.12, 3)
    TINTS.append(tuple(int(v) for v in _draw.uniform(150, 255) * _tint / _tint.max()))
FILLS = ["", "white", "black", "white and black"]
# here a level more or less of a channel, of JPEG, takes pale tissue below the bound of clear stain
DIM = [(177, 166, 159), (137, 148, 150)]


def draw_on(glass, *, strength=1.0, noise=1.0, shading=0.0, fill=""):
    """A slide of stained tissue on glass of a color, as JPEG; a part of it filled as where nothing was scanned."""
    tissue = disk(SIDE, (0.55, 0.68), 0.22) | disk(SIDE, (0.25, 0.5), 0.1)
    light = draw_slide(tissue, strength=strength, noise=0) * np.array(glass) / CLEAR
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    light *= 1 + shading * np.cos(np.pi * np.hypot(y - 0.5, x - 0.5) / np.hypot(0.5, 0.5))[..., None]
    light += rng.generator(0, "test glass").normal(0, noise, light.shape)
    if "white" in fill:
        light[:, : SIDE // 3] = 255
    if "black" in fill:
        light[:9], light[-12:], light[:, -12:] = 0, 0, 0
    return finish(light, 85)


@cache
def area_on(glass, **changes):
    return find_tissue(draw_on(glass, **changes), 8, TissueSettings()).sum()


@pytest.mark.slow
@pytest.mark.parametrize("tint", TINTS)
def test_tissue_on_tinted_glass_has_the_area_of_that_on_clear_glass(tint):
    clear = area_on(CLEAR)
    assert {fill: area_on(tint, fill=fill) for fill in FILLS} == dict.fromkeys(FILLS, pytest.approx(clear, rel=0.05))


@pytest.mark.slow
@pytest.mark.parametrize("tint", TINTS + DIM)
def test_pale_tissue_on_tinted_glass_is_found(tint):
    clear = area_on(CLEAR, strength=0.4)
    found = {fill: area_on(tint, strength=0.4, fill=fill) for fill in FILLS}
    assert found == dict.fromkeys(FILLS, pytest.approx(clear, rel=0.1))


@pytest.mark.parametrize("glass", [(152, 150, 148), (200, 190, 180), CLEAR])
@pytest.mark.parametrize("trouble", [{"noise": 3}, {"shading": 0.03}, {"shading": -0.03, "noise": 2}])
def test_noise_and_uneven_light_are_no_stain(glass, trouble):
    assert area_on(glass, fill="white", **trouble) == pytest.approx(area_on(CLEAR, **trouble), rel=0.05)


@pytest.mark.parametrize("glass", TINTS[:4])
def test_ink_on_tinted_glass_is_no_tissue(glass):
    light = draw_slide(disk(center=(0.5, 0.7), radius=0.2)) * np.array(glass) / CLEAR
    drawn = ink(light, stroke(0, offset=-0.3), "green")
    drawn[-20:], light[-20:] = 255, 255
    without, beside = (find_tissue(finish(picture), 8, TissueSettings()) for picture in (light, drawn))
    assert np.array_equal(without, beside) and without.any()


def test_white_is_glass_where_nothing_else_is():
    white = draw_slide(disk(), noise=0) * 255 / np.array(CLEAR)
    clear = find_tissue(finish(draw_slide(disk())), 8, TissueSettings()).sum()
    assert find_tissue(finish(white), 8, TissueSettings()).sum() == pytest.approx(clear, rel=0.02)
    assert find_scanned(finish(white), find_glass(finish(white)), 8).all()


def test_a_little_glass_beside_much_that_was_not_scanned_is_found():
    image = np.full((400, 400, 3), 255, np.uint8)
    image[:SIDE, :SIDE] = draw_on((223, 215, 213))  # 16 % of the picture, a fifth of which is tissue
    assert find_tissue(image, 8, TissueSettings()).sum() == pytest.approx(area_on(CLEAR), rel=0.05)
    scanned = find_scanned(image, find_glass(image), 8)
    assert scanned[:SIDE, :SIDE].all() and scanned.mean() == pytest.approx(0.16)


def test_the_glass_is_found_beside_tissue_that_fills_most_of_the_slide():
    tissue = np.ones((SIDE, SIDE))
    tissue[:, -12:] = 0
    for glass in TINTS[:5]:
        image = finish(draw_slide(tissue) * np.array(glass) / CLEAR)
        assert find_glass(image) == pytest.approx(np.array(glass), abs=3)
        assert find_tissue(image, 8, TissueSettings()).mean() == pytest.approx(tissue.mean(), abs=0.01)


@pytest.mark.parametrize("fill", [0, 255])
def test_a_slide_without_glass_is_all_tissue(fill):
    image = finish(draw_slide(np.ones((SIDE, SIDE))))
    image[:, :40] = fill
    mask = find_tissue(image, 8, TissueSettings())
    assert mask[:, 40:].all() and not mask[:, :40].any()


@pytest.mark.slow
def test_a_slide_file_with_tinted_glass_and_an_area_that_was_not_scanned(tmp_path):
    image = draw_tissue(1024, 1536, [(300, 600, 500, 700)])
    clear = cut_slide(tmp_path / "clear", write_slide(tmp_path / "clear.svs", image))[1]
    tinted = (image * (np.array((223, 215, 213)) / CLEAR)).clip(0, 253).astype(np.uint8)
    tinted[:, :500] = 255
    found = cut_slide(tmp_path / "tinted", write_slide(tmp_path / "tinted.svs", tinted))[1]
    assert found["tissue_mm2"] == pytest.approx(clear["tissue_mm2"], rel=0.05)


@pytest.mark.slow
def test_what_is_transparent_in_a_mirax_slide_is_no_glass(tmp_path):
    image = draw_tissue(1024, 1536, [(300, 600, 500, 700)])
    tinted = (image * (np.array((223, 215, 213)) / CLEAR)).clip(0, 253).astype(np.uint8)
    masks = {}
    for name, picture, missing in (("clear", image, ()), ("tinted", tinted, [(row, 0) for row in range(4)])):
        (tmp_path / name).mkdir()
        path = write_mirax(tmp_path / name, picture, missing)
        cut_slide(tmp_path / name / "out", path)
        masks[name] = np.asarray(Image.open(tmp_path / name / "out/mask.png")) > 0
    assert masks["tinted"].sum() == pytest.approx(masks["clear"].sum(), rel=0.05)
