"""Tissue on glass with strokes of a pen, drawn at 8 µm per pixel."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage
from slide_files import GLASS

from lowpower import rng

# what a stroke lets through of red, green and blue light
PENS = {
    "red": (0.92, 0.30, 0.42),
    "red, thick": (0.85, 0.09, 0.11),
    "green": (0.10, 0.55, 0.48),
    "blue": (0.15, 0.27, 0.72),
    "black": (0.10, 0.08, 0.09),
}
# absorbance per channel as scanners give it: in three scans red is .2-.6 and blue .5-.65 of green
HEMATOXYLIN, EOSIN = np.array((0.60, 0.75, 0.42)), np.array((0.15, 0.70, 0.39))
SIDE = 160  # pixels of 8 µm


def draw_slide(tissue, *, strength=1.0, mpp=8, noise=1.0):
    """Glass with stained tissue: tissue (H, W) shares of 0 to 1. Returns floats (H, W, 3)."""
    draw = rng.generator(0, "test pen", *tissue.shape)
    cells = ndimage.gaussian_filter(draw.standard_normal(tissue.shape), 8 / mpp) * 8 / mpp
    stain = (0.25 + 0.15 * cells.clip(-1, 1))[..., None] * HEMATOXYLIN + 0.35 * EOSIN
    light = np.array(GLASS) * np.exp(-strength * tissue[..., None] * stain)
    return light + draw.normal(0, noise, light.shape)


def finish(light, quality=None):
    image = light.clip(0, 255).astype(np.uint8)
    if quality is None:
        return image
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out))


def disk(side=SIDE, center=(0.5, 0.5), radius=0.3):
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    return np.hypot(y - center[0], x - center[1]) < radius


def stroke(angle, offset=0.0, width_um=400, mpp=8, side=SIDE):
    """A soft-edged stroke through the middle, (side, side) shares of 0 to 1."""
    y, x = (np.mgrid[:side, :side] + 0.5) - side / 2
    away = np.abs(x * np.cos(angle) + y * np.sin(angle) - offset * side) - width_um / mpp / 2
    return np.clip(0.5 - away / (32 / mpp), 0, 1)


def ink(light, where, pen):
    return light * np.array(PENS[pen]) ** where[..., None]
