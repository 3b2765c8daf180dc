"""Other stains than hematoxylin and eosin, drawn by Beer-Lambert: what is stained is not taken for ink."""

import numpy as np
import pytest
from scipy import ndimage
from slide_files import GLASS
from test_pen import PENS, finish, ink, stroke

from lowpower import rng
from lowpower.slides.ink import OTHER, absorbance, find_ink
from lowpower.slides.tissue import TissueSettings, find_tissue, survey_slide

SIDE, FINE = 160, 4  # pixels of 8 µm, drawn at 2 µm
# absorbance per channel (Ruifrok and Johnston 2001, and ImageJ's and scikit-image's matrices), each of length 1
VECTORS = {
    "hematoxylin": (0.65, 0.70, 0.29),
    "eosin": (0.07, 0.99, 0.11),
    "DAB": (0.27, 0.57, 0.78),
    "methylene blue": (0.835, 0.514, 0.196),
    "eosin of Giemsa": (0.093, 0.954, 0.283),
    "methyl blue": (0.800, 0.591, 0.105),
    "ponceau fuchsin": (0.100, 0.737, 0.668),
    "orange G": (0.05, 0.35, 0.93),
    "light green": (0.86, 0.40, 0.29),
}


def smooth(draw, width):
    field = ndimage.gaussian_filter(draw.standard_normal((FINE * SIDE, FINE * SIDE)), width)
    return field / field.std()


def spots(draw, um2, radius):
    """One spot per so many µm², of a radius in µm; shares of about 0 to 1.5."""
    seeds = (draw.random((FINE * SIDE, FINE * SIDE)) < 4 / um2).astype(float)
    y, x = np.mgrid[-9:10, -9:10]
    return ndimage.gaussian_filter(ndimage.convolve(seeds, (np.hypot(y, x) <= radius / 2).astype(float)), 0.7).clip(
        0, 1.5
    )


def amounts(stain, draw):
    """How much of each dye lies where, in a piece of tissue."""
    nuclei, cytoplasm = spots(draw, 240, 4.5), (0.5 + 0.2 * smooth(draw, 2) + 0.2 * smooth(draw, 12)).clip(0.05)
    zone = ndimage.gaussian_filter((smooth(draw, 50) > 0.2).astype(float), 2)
    if stain == "H&E":
        return {"hematoxylin": 1.2 * nuclei, "eosin": 0.6 * cytoplasm}
    if stain == "DAB":
        return {"hematoxylin": nuclei, "DAB": 2.8 * zone * (cytoplasm + 0.3)}
    if stain == "Giemsa":
        return {"methylene blue": 1.2 * nuclei + cytoplasm, "eosin of Giemsa": 0.2 * cytoplasm}
    if stain == "Masson":
        blue, red = 1.4 * zone * (cytoplasm + 0.2), 1.2 * (1 - zone) * (cytoplasm + 0.2)
        return {"methyl blue": blue, "ponceau fuchsin": red, "hematoxylin": 0.6 * nuclei}
    if stain == "Masson, even":  # collagen that is as smooth as ink
        even = 0.9 + 0.1 * smooth(draw, 6)
        return {"methyl blue": zone * even, "ponceau fuchsin": 0.9 * (1 - zone) * even}
    cells = spots(draw, 1600, 18), spots(draw, 1600, 18)
    return {"light green": 0.8 * cells[0], "orange G": 0.6 * cells[1], "hematoxylin": 1.5 * nuclei}


def draw_stained(stain, strength=1.0):
    """A disk of tissue on glass, (SIDE, SIDE, 3) floats."""
    draw = rng.generator(0, "test stains", stain)
    y, x = (np.mgrid[: FINE * SIDE, : FINE * SIDE] + 0.5) / (FINE * SIDE)
    tissue = np.hypot(y - 0.5, x - 0.5) < 0.42
    dark = sum(a[..., None] * VECTORS[dye] for dye, a in amounts(stain, draw).items()) * tissue[..., None]
    light = np.array(GLASS) * np.exp(-strength * dark) + draw.normal(0, 2, (*tissue.shape, 3))
    return light.clip(0, 255).reshape(SIDE, FINE, SIDE, FINE, 3).mean(axis=(1, 3))


STAINS = ("DAB", "Giemsa", "Masson", "Masson, even", "Papanicolaou")


@pytest.mark.parametrize("strength", [0.6, 1, 1.5])
@pytest.mark.parametrize("stain", [*STAINS, "H&E"])
def test_what_is_stained_is_not_dropped_as_ink(stain, strength):
    image = finish(draw_stained(stain, strength), 90)
    with_ink, without = (find_tissue(image, 8, TissueSettings(pen_um=pen)).sum() for pen in (0, 100))
    assert without > 0.95 * with_ink > 0.4 * image[..., 0].size


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
    found, _ = find_ink(finish(ink(light, where, pen)), np.array(GLASS), 8, 100)
    away = ndimage.distance_transform_edt(where < 0.5) * 8
    assert found[where > 0.9].mean() > 0.98
    assert away[found].max() < 150


@pytest.mark.parametrize("pen", PENS)
def test_each_ink_goes_no_farther_than_a_stroke_into_tissue(pen):
    where = stroke(0.4, width_um=400)
    image = finish(ink(draw_stained("H&E"), where, pen))
    found, _ = find_ink(image, np.array(GLASS), 8, 100)
    away = ndimage.distance_transform_edt(where < 0.5) * 8
    assert found[where > 0.9].mean() > 0.98 or pen == "red"  # one thin stroke of red on tissue goes only in part
    assert away[found].max() < 150
    red, green, blue = (absorbance(np.array(GLASS))[:, c][image[..., c]] for c in range(3))
    if pen in ("green", "blue"):
        assert (green > np.maximum(red, blue))[found].mean() < 0.01
