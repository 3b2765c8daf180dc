"""Other stains than hematoxylin and eosin, drawn by Beer-Lambert: what is stained is not taken for ink."""

import numpy as np
import pytest
from ink_drawing import PENS, finish, ink, stroke
from scipy import ndimage
from slide_files import GLASS
from stain_drawing import FINE, SIDE, draw_stained, smooth

from lowpower import rng
from lowpower.slides.ink import OTHER, absorbance, find_ink
from lowpower.slides.tissue import TissueSettings, find_tissue, survey_slide

STAINS = ("DAB", "Giemsa", "Masson", "Masson, even", "Papanicolaou")


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.6, 1, 1.5])
@pytest.mark.parametrize("stain", [*STAINS, "H&E"])
def test_what_is_stained_is_not_dropped_as_ink(stain, strength):
    image = finish(draw_stained(stain, strength), 90)
    with_ink, without = (find_tissue(image, 8, TissueSettings(pen_um=pen)).sum() for pen in (0, 100))
    assert without > 0.95 * with_ink > 0.4 * image[..., 0].size


@pytest.mark.slow
@pytest.mark.parametrize("stain", STAINS)
def test_a_strange_stain_is_told_from_hematoxylin_and_eosin(stain):
    other = survey_slide(finish(draw_stained(stain), 90), 8, TissueSettings()).other_stains
    assert other > OTHER or stain == "Giemsa"  # whose pale cells are as purple as those of hematoxylin
    assert survey_slide(finish(draw_stained("H&E"), 90), 8, TissueSettings()).other_stains < 0.02


@pytest.mark.parametrize("pen", ["green", "blue", "black"])
def test_ink_does_not_spread_over_pink_stroma(pen):
    """Stroma that takes .75 of green in blue, as in a scan that is a little yellow, was taken for the ink's edge."""
    draw, where = rng.generator(0, "test stroma"), stroke(0.4, width_um=400)
    pink = (0.5 + 0.1 * smooth(draw, 2)).reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    light = np.array(GLASS) * np.exp(-pink[..., None] * (0.15, 0.70, 0.525)) + draw.normal(0, 1, (SIDE, SIDE, 3))
    light[:40] = GLASS
    found, _ = find_ink(finish(ink(light, where, pen)), np.array(GLASS), mpp=8, pen_um=100)
    away = ndimage.distance_transform_edt(where < 0.5) * 8
    assert found[where > 0.9].mean() > 0.98
    assert away[found].max() < 150


@pytest.mark.slow
@pytest.mark.parametrize("pen", PENS)
def test_each_ink_goes_no_farther_than_a_stroke_into_tissue(pen):
    where = stroke(0.4, width_um=400)
    image = finish(ink(draw_stained("H&E"), where, pen))
    found, _ = find_ink(image, np.array(GLASS), mpp=8, pen_um=100)
    away = ndimage.distance_transform_edt(where < 0.5) * 8
    assert found[where > 0.9].mean() > 0.98 or pen == "red"  # one thin stroke of red on tissue goes only in part
    assert away[found].max() < 150
    red, green, blue = (absorbance(np.array(GLASS))[:, c][image[..., c]] for c in range(3))
    if pen in ("green", "blue"):
        assert (green > np.maximum(red, blue))[found].mean() < 0.01
