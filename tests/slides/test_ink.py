"""Ink and the rest that is no tissue, on drawn slides at 8 µm per pixel."""

import numpy as np
import pytest
from ink_drawing import EOSIN, HEMATOXYLIN, PENS, SIDE, disk, draw_slide, finish, ink, stroke
from slide_files import GLASS

from lowpower import rng
from lowpower.slides.tissue import TissueSettings, find_tissue


@pytest.mark.slow
@pytest.mark.parametrize("pen", PENS)
@pytest.mark.parametrize("width_um", [120, 400])
def test_a_stroke_on_glass_is_no_tissue(pen, width_um):
    for angle in (0, 0.5, np.pi / 2):
        image = finish(ink(draw_slide(np.zeros((SIDE, SIDE))), stroke(angle, width_um=width_um), pen), 85)
        assert not find_tissue(image, 8, TissueSettings()).any()


def test_without_a_width_of_strokes_ink_is_kept():
    image = finish(ink(draw_slide(np.zeros((SIDE, SIDE))), stroke(0), "red"))
    assert find_tissue(image, 8, TissueSettings(pen_um=0)).mean() > 0.2


@pytest.mark.parametrize("pen", PENS)
def test_a_stroke_beside_tissue_leaves_the_tissue_as_it_is(pen):
    tissue = disk(center=(0.5, 0.7), radius=0.2)
    light, where = draw_slide(tissue), stroke(0, offset=-0.3)
    without, beside = (find_tissue(finish(picture), 8, TissueSettings()) for picture in (light, ink(light, where, pen)))
    assert np.array_equal(without, beside)
    assert (without & tissue).sum() / (without | tissue).sum() > 0.97


@pytest.mark.parametrize("pen", PENS)
def test_a_stroke_across_tissue_is_dropped_and_the_tissue_around_it_stays(pen):
    tissue, where = disk(), stroke(0.4)
    mask = find_tissue(finish(ink(draw_slide(tissue), where, pen), 90), 8, TissueSettings())
    assert mask[where > 0.9].mean() < 0.001
    clear = tissue & (where == 0)
    assert mask[clear].mean() > 0.97
    assert mask[~tissue].mean() < 0.01


def test_blood_folds_and_specks_of_any_color_are_tissue():
    tissue = disk().astype(float)
    light = draw_slide(tissue)
    light[60:80, 60:80] = (190, 60, 60)  # red cells: as red as ink, but not as clear in the red
    light[90:110, 60:80] = np.array(GLASS) * np.exp(-3 * (0.3 * HEMATOXYLIN + 0.4 * EOSIN))
    light[75:79, 95:99] = 255 * np.array(PENS["green"])  # light refracted by a hair: as ink, but no stroke
    mask = find_tissue(finish(light), 8, TissueSettings())
    assert mask[55:115, 55:100].all()


def test_faint_tissue_is_followed_from_clear_tissue():
    tissue = disk(radius=0.2).astype(float)
    pale = disk(radius=0.23) & ~disk(radius=0.2)
    light = draw_slide(tissue)
    light[pale] = np.array(GLASS) * (1, 0.95, 0.99)
    assert find_tissue(finish(light), 8, TissueSettings())[pale].mean() > 0.97
    assert find_tissue(finish(light), 8, TissueSettings(faint_um=0))[pale].mean() < 0.1


def test_fat_is_kept_with_its_cells_and_large_lumina_stay_open():
    y, x = np.mgrid[:SIDE, :SIDE]
    strands = (y % 16 < 2) | (x % 16 < 2)  # cells 112 µm wide
    tissue = strands & disk(radius=0.45)
    tissue[56:104, 56:104] = False  # a lumen of 384 µm
    mask = find_tissue(finish(draw_slide(tissue)), 8, TissueSettings())
    inner = disk(radius=0.38)
    inner[48:114, 48:114] = False  # cells that open into the lumen
    assert mask[inner].mean() > 0.99
    assert not mask[60:100, 60:100].any()


def test_debris_and_specks_are_dropped():
    specks = rng.generator(0, "test specks").random((SIDE, SIDE)) < 0.01
    debris = disk(radius=0.04)
    image = draw_slide((specks | debris).astype(float), strength=2)
    assert debris.sum() * 64 < 10000
    assert not find_tissue(finish(image), 8, TissueSettings()).any()


@pytest.mark.parametrize("colored", [False, True])
def test_glass_edges_shadows_and_black_corners_are_no_tissue(colored):
    light = draw_slide(np.zeros((SIDE, SIDE)))
    away = np.abs(np.arange(SIDE) - 40 - 10 * np.sin(np.arange(SIDE) / 40)[:, None])
    light *= 1 - 0.85 * np.exp(-(away[..., None] ** 2) / 4)  # a dark line, 5 px wide
    light *= np.linspace(1, 0.9, SIDE)[:, None, None]  # and the lamp off the middle
    light[120:, 120:] = 5
    if colored:
        light *= (1, 0.98, 0.99)
    image = finish(light, 80)
    assert not find_tissue(image, 8, TissueSettings()).any()


def test_an_image_that_is_all_tissue_has_no_ink():
    image = finish(draw_slide(np.ones((SIDE, SIDE))), 90)
    assert find_tissue(image, 8, TissueSettings()).all()


def test_the_mask_is_the_same_twice_and_at_half_the_scale():
    masks = {}
    for mpp, side in ((8, SIDE), (4, 2 * SIDE)):
        light = ink(draw_slide(disk(side), mpp=mpp), stroke(0.4, mpp=mpp, side=side), "red")
        masks[mpp] = find_tissue(finish(light), mpp, TissueSettings())
        assert masks[mpp].tobytes() == find_tissue(finish(light), mpp, TissueSettings()).tobytes()
    coarse = np.kron(masks[8], np.ones((2, 2), bool))
    assert (coarse & masks[4]).sum() / (coarse | masks[4]).sum() > 0.96


@pytest.mark.slow
def test_more_rows_than_are_taken_at_once():
    image = finish(ink(draw_slide(disk(600)), stroke(0.4, side=600), "green"))
    turned = find_tissue(np.rot90(image), 8, TissueSettings())
    assert np.array_equal(np.rot90(find_tissue(image, 8, TissueSettings())), turned)
