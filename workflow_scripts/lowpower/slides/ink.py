"""Detection of pen ink on the glass: its absorbance spectrum and its smoothness distinguish it from stained tissue.

Hematoxylin and eosin both absorb more green light than red or blue, at any strength and in any mixture. Red ink absorbs
nearly as much blue as green and hardly any red; green and blue ink absorb more red than green; black ink absorbs much
of all three. Absorbances are compared relative to green, so the result does not depend on the thickness of the ink.

Other stains have such colors too: Giemsa and the collagen of Masson's trichrome are blue, cytoplasm in Papanicolaou's
is green. But ink is on the cover glass, out of focus, and smooth over 16 µm; stained cells are not.
"""

import numpy as np
from scipy import ndimage

from lowpower.slides.glass import is_black
from lowpower.slides.morphology import EIGHT, crowded, drop_small, keep_pieces, strips

INKS = ("red", "green", "blue", "black")
STEP_UM = 16  # ink is compared with pixels at this distance: wider than a nucleus, narrower than a stroke
# A pixel is smooth if it differs from the mean of four pixels at that distance, all of them sure ink too, by less than
# this share of its absorbance. Median in scanned ink: .01-.02 (.03 at 36 µm per pixel); in simulated strokes over lymph
# node: up to .09; in simulated Giemsa .27, Masson .18, dense Papanicolaou .10 (the third of its pixels so deep)
SMOOTH = 0.1
OTHER = 0.25  # up to .02 on three slides, .19 in fields of lung, .35-1 in simulated DAB, Masson and Papanicolaou
COLORED = 0.1  # least spread of absorbance between the channels; less is dust or shadow
LITTLE = 0.1  # if a smaller share of the colored pixels is free of ink, the share of other stains counts as 0
CALM = 0.025  # likely ink smoother than this (red: also dark) joins sure ink at any distance: blots, halos, mixed inks
WHOLE = 0.25  # least smooth share of a stroke: narrow thick red over tissue .3, others .42-.9, those stains up to .22


def absorbance(glass: np.ndarray) -> np.ndarray:
    """Absorbance of each value of each channel, -ln(value / glass), (256, 3). glass: (3,); brighter counts as glass."""
    return -np.log(np.clip(np.arange(256)[:, None] / glass, 1 / 255, 1)).astype(np.float32)


def sure_inks(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> list[np.ndarray]:
    """Masks, for each of INKS, of colors that tissue rarely shows at 8 µm. red, green, blue: absorbances of any shape.

    False positives on three pen-free slides and on 370 fields of lung tissue rich in blood: red ink in 0 and at most
    4 % of the pixels, green and blue in up to .4 and 7 % (refracting hair, bluish scans), black in up to 1 % (hair
    follicles). All are thin or scattered; a stroke is neither.
    """
    red_ink = (green > 0.5) & (red < 0.13 * green) & (blue > 0.54 * green)  # eosin there: blue .46-.53 of green
    cool_ink = (np.maximum(red, blue) > 0.3) & (red > 1.1 * green)  # tissue: red .2-.9 of green
    green_ink = cool_ink & (blue > 0.8 * green)  # blue of green: green ink 1.1-1.2, blue ink .25, Giemsa .4
    # folds: blue .5-.65 of green; DAB, which is brown: 1.4
    black_ink = (green > 1) & (red > 0.45 * green) & (blue > 0.66 * green) & (blue < 1.2 * green)
    return [red_ink, green_ink, cool_ink & ~green_ink, black_ink]


def likely_inks(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> list[np.ndarray]:
    """Masks, for each of INKS, of pixels that count as ink if connected to it: its thin edge, and ink on tissue."""
    colored = np.maximum(np.maximum(red, green), blue) > 0.04  # as FAINT of the tissue mask
    cool, warm = colored & (red > green), colored & (blue >= 0.7 * green)
    red_ink = warm | pale_red_ink(red, green, blue)
    return [red_ink, cool & warm, cool, warm & (red > 0.4 * green) & (blue < 1.2 * green)]


def pale_red_ink(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    """Mask of red ink that is as certain as sure red ink if connected to it: thin, or a single stroke on tissue."""
    thin = ((red < 0.15 * green) & (blue > 0.52 * green)) | ((red < 0.2 * green) & (blue > 0.63 * green))
    # thin red beside black ink; stroma in a yellow scan has blue up to .75 of green
    thin |= (red < 0.5 * green) & (blue > 0.8 * green) & (blue < 1.1 * green)
    # eosin of that hue is paler: green .3-.4; such ink has .7-1.3
    return ((green > 0.07) & thin) | ((green > 0.7) & (red < 0.35 * green) & (blue > 0.6 * green))


def find_ink(image: np.ndarray, glass: np.ndarray, mpp: float, pen_um: float) -> tuple[np.ndarray, float]:
    """Find ink in strokes of about ``pen_um`` or wider, (H, W) bool, and the share of other stains.

    image: (H, W, 3) uint8 at ``mpp`` µm per pixel. glass: its color (3,). The share: of the colored pixels without ink,
    those in colors that hematoxylin and eosin never have. Above OTHER the slide has another stain: no ink is found.
    """
    step = max(1, round(STEP_UM / mpp))
    codes = _read_inks(image, glass, step)
    ink = _follow_strokes(codes, pen_um / mpp, step)
    colored = codes & _COLORED > 0
    fewest_pixels = LITTLE * np.count_nonzero(colored)
    colored &= ~ink
    ink_free = np.count_nonzero(colored)
    colored &= codes & _OTHER > 0
    other_stains = np.count_nonzero(colored) / ink_free if ink_free > fewest_pixels else 0.0
    return (ink if other_stains <= OTHER else np.zeros_like(ink)), other_stains


def _follow_strokes(codes: np.ndarray, width: float, step: int) -> np.ndarray:
    """Strokes of ink (H, W), with the connected ink of the same hue. width, step: in pixels."""
    sure = codes & _SURE * 15 > 0
    # a stroke half as wide as the window fills half of it, in any direction; at least half of that is sure
    window = max(1, round(2 * width))
    starts = crowded(sure, window, 0.25) & sure
    starts &= crowded(codes & (_SURE | _FREE) * 15 > 0, window, 0.5)
    smooth = ndimage.binary_erosion(sure, _cross(step), border_value=1) & (codes & _SMOOTH > 0)
    starts = drop_small(keep_pieces(starts, smooth, WHOLE), width**2)  # a few smooth pixels would admit a whole stain
    ink = np.zeros(codes.shape, bool)
    for k in range(len(INKS)):
        ink_of_hue = starts & (codes & (_SURE << k) > 0)
        if ink_of_hue.any():
            ink_of_hue = ndimage.binary_propagation(ink_of_hue, EIGHT, codes & ((_SURE | _FREE) << k) > 0)
            likely = codes & (_LIKELY << k) > 0
            ink |= ndimage.binary_dilation(ink_of_hue, EIGHT, max(1, round(width)), mask=ink_of_hue | likely)
    return ink


# bits of a pixel; each of the first three begins four bits, one per ink. FREE: ink at any distance from sure ink
_SURE, _FREE, _LIKELY, _SMOOTH, _COLORED, _OTHER = (1 << bit for bit in (0, 4, 8, 12, 13, 14))


def _read_inks(image: np.ndarray, glass: np.ndarray, step: int) -> np.ndarray:
    """Bit codes of the kinds of ink and stain that each pixel of an image may be; (H, W) uint16."""
    absorbances, height = absorbance(glass), len(image)
    codes = np.zeros(image.shape[:2], np.uint16)
    for rows in strips(image):
        channels = [absorbances[:, c][image[rows, :, c]] for c in range(3)]
        scanned = ~is_black(image[rows])  # a black border would count as ink, and pale tissue beside it as its edge
        band = image[np.arange(rows.start - step, min(rows.stop, height) + step).clip(0, height - 1)]
        peak = np.maximum.reduce([absorbances[:, c][band[..., c]] for c in range(3)])
        peak = np.pad(peak, ((0, 0), (step, step)), "edge")
        center, n = peak[step:-step, step:-step], step
        neighbors = (peak[: -2 * n, n:-n] + peak[2 * n :, n:-n]) + (peak[n:-n, : -2 * n] + peak[n:-n, 2 * n :])
        difference = np.abs(center - neighbors / 4)
        red, green, blue = channels
        calm = difference < CALM * center + 0.01
        dark_red = calm & (green > 0.7)  # paler likely red may be stroma; pale_red_ink finds thin red ink
        codes[rows] = (difference < SMOOTH * center) * np.uint16(_SMOOTH)
        codes[rows] |= ((red > 1.1 * green) | (blue > 0.85 * green)) * np.uint16(_OTHER)
        spread = np.maximum.reduce(channels) - np.minimum.reduce(channels)
        codes[rows] |= (spread > COLORED) * np.uint16(_COLORED)
        codes[rows] |= pale_red_ink(*channels) * np.uint16(_FREE)
        for k, (sure, likely) in enumerate(zip(sure_inks(*channels), likely_inks(*channels), strict=True)):
            codes[rows] |= (sure & scanned) * np.uint16(_SURE << k)
            codes[rows] |= (likely & (calm if k else dark_red)) * np.uint16(_FREE << k)
            codes[rows] |= likely * np.uint16(_LIKELY << k)
    return codes


def _cross(step: int) -> np.ndarray:
    """Structuring element: a pixel and the four at distance ``step``."""
    cross = np.zeros((2 * step + 1, 2 * step + 1), bool)
    cross[step, [0, step, -1]] = cross[[0, -1], step] = True
    return cross
