"""Tissue in stains other than hematoxylin and eosin, drawn by Beer-Lambert."""

import numpy as np
from scipy import ndimage
from slide_files import GLASS

from lowpower import rng

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
