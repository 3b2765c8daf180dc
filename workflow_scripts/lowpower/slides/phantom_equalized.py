"""Light of atypical nuclei, equalized: no mean over windows of a given width, or of whole multiples, tells them.

Let D be the light of a piece less that of its regular twin, the same piece with regular nuclei. The frequencies of D
that a mean over a window passes are taken out, D is clipped to what can be drawn, and so in turns until every window
of the width, wherever it begins, holds a mean of at most ``TOLERANCE``. The check is part of the loop, so the bound
holds for each piece. A wider window of whole multiples is a mean of such windows, so it holds there too.
"""

import numpy as np
from scipy import fft, ndimage

TOLERANCE = 0.5  # gray levels of 255; rounded to whole levels, pieces differ by at most one
STEEPNESS = 256  # of the filter: 64 keeps 5 % more at 1 µm but takes three times as long; 1024 keeps 15 % less
ROUNDS = 1000  # 12 to 40 are usual


def equalize(difference: np.ndarray, width: int, least: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Remove from ``difference`` what means over windows of ``width`` x ``width`` pixels show.

    difference, least, most: (H, W, C). The result lies between least and most, which enclose 0. Its mean over any
    window, also over one that lies partly outside (as 0), is at most ``TOLERANCE``.
    """
    around = ((width, width), (width, width), (0, 0))
    least, most, rest = (np.pad(array, around) for array in (least, most, difference))
    rest = np.clip(rest, least, most)
    kept = (1 - np.outer(_passed(len(rest), width), _passed(rest.shape[1], width))) ** STEEPNESS
    kept = kept[:, : rest.shape[1] // 2 + 1, None].astype(np.float32)
    for _ in range(ROUNDS):
        if np.abs(window_means(rest, width)).max() <= TOLERANCE:
            break
        spectrum = fft.rfft2(rest, axes=(0, 1)) * kept
        rest = np.clip(fft.irfft2(spectrum, rest.shape[:2], axes=(0, 1)), least, most)
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
