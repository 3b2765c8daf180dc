"""The empty glass of a slide: its color, of any tint, and which pixels were scanned at all."""

import math

import numpy as np
from scipy import ndimage

from lowpower.slides.morphology import drop_small, strips

BRIGHT = 150  # glass is at least this bright in one channel; a slide that is darker shows none
TINT, PINK = 0.2, 0.13  # the largest tint of glass, as a share of its brightest channel; PINK where it takes green most
FLAT = 12  # five neighboring pixels of glass differ by less: noise of 3 mostly does, tissue hardly ever
BIN = 4  # values of a channel that are counted together
STRONG, RARE = 0.25, 0.02  # a peak has at least these shares of the highest peak's pixels, and of all scanned ones
NEAR = 10  # glass lies within this of its peak: 3 % of shading, noise of 3
WHITE, BLACK = 254, 12  # all channels from here on, or up to here: fill where nothing was scanned. Ink lets 20 through
CLIPPED = 250  # glass this bright may itself be exact white
PLAIN = 220  # where no glass shows, it is taken to be as bright as the brightest tissue, and at least this
SMALLEST_UM2 = 250_000  # smaller fill is a bright or dark spot of what was scanned
SAMPLE = 250_000  # pixels that are looked at
_CROSS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


def find_glass(image: np.ndarray) -> np.ndarray | None:
    """The color of the empty glass (3,) in an image of a slide (H, W, 3) uint8; None where no glass shows.

    Of the flat, bright and hardly colored pixels it is the brightest color that many share; of those near it each
    channel's 90th percentile. White and black fill does not count, but where nothing else is glass, white is.
    """
    (height, width), step = image.shape[:2], _step(image)
    around = [image[1 + y : height - 1 + y : step, 1 + x : width - 1 + x : step] for y, x in _CROSS]
    colors = around[0]
    flat = (np.maximum.reduce(around) - np.minimum.reduce(around)).max(axis=2, initial=0) < FLAT
    filled = is_white(colors) | is_black(colors)
    glass = _brightest_peak(colors[flat & ~filled], (~filled).sum())
    return _brightest_peak(colors[flat], filled.size) if glass is None else glass


def measure_noise(image: np.ndarray, glass: np.ndarray) -> float:
    """How colored glass itself looks for noise: the spread between its channels that 97 % of it stay below, as a share.

    image: (H, W, 3) uint8 of a slide. glass: its color (3,).
    """
    step = _step(image)
    colors = image[::step, ::step]
    light = np.float32(colors[((colors >= glass - NEAR) & (colors <= glass + NEAR)).all(axis=2)])
    light = np.minimum(1, np.divide(light, np.float32(glass), out=light), out=light)
    return float(np.percentile(light.max(axis=1) - light.min(axis=1), 97)) if len(light) else 0.0


def assume_glass(image: np.ndarray) -> np.ndarray:
    """What to take for glass (3,) in an image (H, W, 3) uint8 that shows none."""
    return np.maximum([np.percentile(image[..., c], 95) for c in range(3)], PLAIN)


def find_scanned(image: np.ndarray, glass: np.ndarray | None, mpp: float) -> np.ndarray:
    """Which pixels (H, W) of an image (H, W, 3) uint8 at ``mpp`` µm per pixel were scanned: all but fill.

    glass: its color (3,), or None. Where the glass itself is that bright, exact white is glass.
    """
    white_too = glass is None or glass.min() < CLIPPED
    filled = np.empty(image.shape[:2], bool)
    for rows in strips(image):
        filled[rows] = is_white(image[rows]) & white_too | is_black(image[rows])
    return ~drop_small(filled, SMALLEST_UM2 / mpp**2)


def _step(image: np.ndarray) -> int:
    return max(1, round(math.sqrt(image.shape[0] * image.shape[1] / SAMPLE)))


def is_white(image: np.ndarray) -> np.ndarray:
    """Which pixels (H, W) of an image (H, W, 3) uint8 are exact white."""
    # channel by channel: a minimum over the last axis takes five times as long
    return np.minimum(np.minimum(image[..., 0], image[..., 1]), image[..., 2]) >= WHITE


def is_black(image: np.ndarray) -> np.ndarray:
    """Which pixels (H, W) of an image (H, W, 3) uint8 are as black as the border of a scan; ink hardly ever is."""
    return np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2]) <= BLACK


def _brightest_peak(colors: np.ndarray, scanned: int) -> np.ndarray | None:
    """The glass (3,) among the colors (n, 3) of flat pixels; scanned: how many pixels there are, flat or not."""
    most = colors.max(axis=1, initial=0)
    pink = (colors[:, 1] < colors[:, 0]) & (colors[:, 1] < colors[:, 2])
    tint = most - colors.min(axis=1, initial=255)
    colors = colors[(most >= BRIGHT) & (tint <= np.where(pink, PINK, TINT) * most)]
    if not len(colors):
        return None
    side = 256 // BIN
    counts = np.bincount((colors // BIN) @ np.array([side**2, side, 1]), minlength=side**3).reshape(3 * [side])
    near = ndimage.uniform_filter(counts, 3, np.float32, mode="constant") * 27
    peaks = (near >= ndimage.maximum_filter(near, 5)) & (near >= STRONG * near.max()) & (near >= RARE * scanned)
    if not peaks.any():
        return None
    bins = np.argwhere(peaks)
    peak = (bins[bins.sum(axis=1).argmax()] + 0.5) * BIN
    glass = colors[(np.abs(colors - peak) <= NEAR).all(axis=1)]
    return np.percentile(glass, 90, axis=0)
