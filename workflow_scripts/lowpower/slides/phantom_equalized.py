"""Equalized light: at a given width of pixels and coarser, a piece looks like the same piece with regular nuclei.

The difference of both pieces, in light, loses the frequencies that a mean over a window passes, and is clipped to what
can be drawn, in turns, until its mean over each window of that width is at most ``TOLERANCE``, wherever the window
begins: regions of a slide begin anywhere. The loop ends with this check, so the bound holds for each piece. A window of
a whole multiple of the width is a set of such windows, so the bound holds there too, but not at widths in between.
"""

import numpy as np
from scipy import fft, ndimage

TOLERANCE = 0.5  # gray levels of 255; rounded to whole levels, pieces differ by at most one
ROUNDS = 1000  # 10 to 40 are usual


def equalize(difference: np.ndarray, width: int, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Remove from ``difference`` what means over windows of ``width`` x ``width`` pixels show.

    difference, least, most: (H, W, C). The result lies between least and most, which enclose 0. Its mean over any
    window, also over one that lies partly outside (as 0), is at most ``TOLERANCE``; 0 if rounds do not suffice.
    """
    around = ((width, width), (width, width), (0, 0))
    least, most, rest = (np.pad(array, around) for array in (least, most, difference))
    rest = np.clip(rest, least, most)
    height, breadth = rest.shape[:2]
    passed = np.outer(_passed(height, width), _passed(breadth, width)[: breadth // 2 + 1])
    kept = ((1 - passed) ** width**2).astype(np.float32)[..., None]  # a lower power keeps more, in more rounds
    for _ in range(ROUNDS):
        if np.abs(window_means(rest, width)).max() <= TOLERANCE:
            break
        spectrum = fft.rfft2(rest, axes=(0, 1)) * kept
        rest = np.clip(fft.irfft2(spectrum, (height, breadth), axes=(0, 1)), least, most)
    else:
        rest = np.zeros_like(rest)  # equal in any case
    return rest[width:-width, width:-width]


def window_means(image: np.ndarray, width: int) -> np.ndarray:
    """Means over the windows around every pixel of image (H, W, C), with 0 outside."""
    for axis in (0, 1):
        image = ndimage.uniform_filter1d(image, width, axis, mode="constant")
    return image


def _passed(count: int, width: int) -> np.ndarray:
    """Share of the power at each of ``count`` frequencies that a mean over ``width`` samples passes, 0 to 1."""
    kernel = np.zeros(count)
    kernel[:width] = 1 / width
    return np.abs(np.fft.fft(kernel)) ** 2
