"""Where a pen has drawn on the glass: told from stained tissue by which colors of light the ink takes.

Hematoxylin and eosin both take more green light than red or blue, at any strength and in any mixture. Red ink takes
nearly as much blue as green and hardly any red, green and blue ink take more red than green, black ink takes much of
all three. So absorbances are compared with that of green light, which does not depend on how thick the ink lies.
"""

import numpy as np
from scipy import ndimage

EIGHT = np.ones((3, 3), int)


def absorbance(glass: np.ndarray) -> np.ndarray:
    """Absorbance of each value of each channel, -ln(value / glass), (256, 3). glass: (3,), brighter counts as glass."""
    return -np.log(np.clip(np.arange(256)[:, None] / glass, 1 / 255, 1)).astype(np.float32)


def sure_ink(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """Pixels of any shape that tissue hardly ever shows at 8 µm; red, green, blue: absorbances.

    Seen on three pen-free slides and 370 fields of lung tissue rich in blood: red ink in 0 and at most 4 % of the
    pixels, green and blue in up to .4 and 7 % (refracting hair, bluish scans), black in up to 1 % (hair follicles).
    All are thin or scattered, which a stroke is not.
    """
    red_ink = (green > 0.5) & (red < 0.13 * green) & (blue > 0.54 * green)  # eosin's blue: .46-.53 of green there
    cool_ink = (np.maximum(red, blue) > 0.3) & (red > 1.1 * green)  # tissue: red .2-.9 of green
    black_ink = (green > 1) & (red > 0.45 * green) & (blue > 0.66 * green)  # folds: blue .5-.65 of green
    return red_ink | cool_ink | black_ink


def likely_ink(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """Pixels of any shape that are ink where they join sure ink: its thin edge, and ink that lies on tissue."""
    colored = np.maximum(np.maximum(red, green), blue) > 0.07
    any_edge = (blue > 0.7 * green) | (red > green)
    pale_red = ((red < 0.15 * green) & (blue > 0.52 * green)) | ((red < 0.2 * green) & (blue > 0.63 * green))
    # one stroke of red on tissue; eosin of that hue is paler: green .3-.4 where such ink has .7-1.3
    red_on_tissue = (green > 0.7) & (red < 0.35 * green) & (blue > 0.6 * green)
    return colored & (any_edge | pale_red | red_on_tissue)


def follow_strokes(sure: np.ndarray, likely: np.ndarray, width: float) -> np.ndarray:
    """Sure ink (H, W) in strokes about as wide as ``width`` pixels or wider, with the likely ink that joins it."""
    # a stroke as wide as half the window fills half of it, wherever it runs
    window = max(1, round(2 * width))
    starts = sure & (ndimage.uniform_filter(sure, window, np.float32, mode="nearest") > 0.5)
    return ndimage.binary_propagation(starts, EIGHT, sure | likely)
