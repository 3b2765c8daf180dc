"""The empty glass of a slide: its color, of any tint, and the scanned pixels."""

import math

import numpy as np
from scipy import ndimage

from lowpower.slides.morphology import drop_small, strips

BRIGHT = 150  # glass is at least this bright in one channel; a darker slide shows no glass
TINT, PINK = 0.2, 0.13  # largest tint of glass, as a share of its brightest channel; PINK if it absorbs green most
FLAT = 12  # five neighboring pixels of glass differ by less: mostly true with noise of 3, rarely true of tissue
BIN = 4  # values of a channel per histogram bin
STRONG, RARE = 0.25, 0.02  # a peak has at least these shares of the highest peak's pixels and of all scanned pixels
NEAR = 10  # distance of glass from its peak, at most: 3 % of shading, noise of 3
WHITE, BLACK = 254, 12  # fill outside the scan has all channels >= WHITE or <= BLACK. Ink lets 20 through
CLIPPED = 250  # glass this bright may itself be pure white
PLAIN = 220  # if no glass shows, it is assumed as bright as the brightest tissue, and at least this
SMALLEST_UM2 = 250_000  # smaller fill is a bright or dark spot inside the scan
SAMPLE = 250_000  # pixels sampled
_CROSS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


def find_glass(image: np.ndarray) -> np.ndarray | None:
    """Find the color of the empty glass (3,) in an image of a slide (H, W, 3) uint8; None if no glass shows.

    It is the brightest frequent color among flat, bright pixels with little tint: each channel's 90th percentile near
    that peak. White and black fill is ignored, except that white counts as glass if nothing else does.
    """
    (height, width), step = image.shape[:2], _sampling_step(image)
    neighbors = [image[1 + y : height - 1 + y : step, 1 + x : width - 1 + x : step] for y, x in _CROSS]
    colors = neighbors[0]
    flat = (np.maximum.reduce(neighbors) - np.minimum.reduce(neighbors)).max(axis=2, initial=0) < FLAT
    is_fill = is_white(colors) | is_black(colors)
    glass = _brightest_peak(colors[flat & ~is_fill], (~is_fill).sum())
    return _brightest_peak(colors[flat], is_fill.size) if glass is None else glass


def measure_noise(image: np.ndarray, glass: np.ndarray) -> float:
    """Apparent color of glass due to noise: 97th percentile of the spread between its channels, as a share of glass.

    image: (H, W, 3) uint8 of a slide. glass: its color (3,).
    """
    step = _sampling_step(image)
    colors = image[::step, ::step]
    light = colors[((colors >= glass - NEAR) & (colors <= glass + NEAR)).all(axis=2)].astype(np.float32)
    light = np.minimum(1, np.divide(light, glass.astype(np.float32), out=light), out=light)
    return float(np.percentile(light.max(axis=1) - light.min(axis=1), 97)) if len(light) else 0.0


def assume_glass(image: np.ndarray) -> np.ndarray:
    """Assumed color of glass (3,) for an image (H, W, 3) uint8 that shows none."""
    return np.maximum([np.percentile(image[..., c], 95) for c in range(3)], PLAIN)


def find_scanned(image: np.ndarray, glass: np.ndarray | None, mpp: float) -> np.ndarray:
    """True (H, W) for the scanned pixels, all but fill, of an image (H, W, 3) uint8 at ``mpp`` µm per pixel.

    glass: its color (3,), or None. If the glass itself is that bright, pure white counts as glass.
    """
    white_is_fill = glass is None or glass.min() < CLIPPED
    is_fill = np.empty(image.shape[:2], bool)
    for rows in strips(image):
        is_fill[rows] = is_white(image[rows]) & white_is_fill | is_black(image[rows])
    return ~drop_small(is_fill, SMALLEST_UM2 / mpp**2)


def _sampling_step(image: np.ndarray) -> int:
    return max(1, round(math.sqrt(image.shape[0] * image.shape[1] / SAMPLE)))


def is_white(image: np.ndarray) -> np.ndarray:
    """True (H, W) for pixels of an image (H, W, 3) uint8 that are pure white."""
    # channel by channel: a minimum over the last axis takes five times as long
    return np.minimum(np.minimum(image[..., 0], image[..., 1]), image[..., 2]) >= WHITE


def is_black(image: np.ndarray) -> np.ndarray:
    """True (H, W) for pixels of an image (H, W, 3) uint8 as black as the border of a scan; ink rarely is."""
    return np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2]) <= BLACK


def _brightest_peak(colors: np.ndarray, scanned: int) -> np.ndarray | None:
    """Color of glass (3,) among the colors (n, 3) of flat pixels. scanned: number of pixels, flat or not."""
    brightest = colors.max(axis=1, initial=0)
    pink = (colors[:, 1] < colors[:, 0]) & (colors[:, 1] < colors[:, 2])
    tint = brightest - colors.min(axis=1, initial=255)
    colors = colors[(brightest >= BRIGHT) & (tint <= np.where(pink, PINK, TINT) * brightest)]
    if not len(colors):
        return None
    side = 256 // BIN
    counts = np.bincount((colors // BIN) @ np.array([side**2, side, 1]), minlength=side**3).reshape(3 * [side])
    nearby = ndimage.uniform_filter(counts, 3, np.float32, mode="constant") * 27
    peaks = (
        (nearby >= ndimage.maximum_filter(nearby, 5)) & (nearby >= STRONG * nearby.max()) & (nearby >= RARE * scanned)
    )
    if not peaks.any():
        return None
    bins = np.argwhere(peaks)
    peak = (bins[bins.sum(axis=1).argmax()] + 0.5) * BIN
    glass = colors[(np.abs(colors - peak) <= NEAR).all(axis=1)]
    return np.percentile(glass, 90, axis=0)
