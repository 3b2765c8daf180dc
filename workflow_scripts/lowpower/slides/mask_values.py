"""Marked pixels of a mask image with two values, 0 and another, in the forms that programs save.

The values may be 0 and 1 or 0 and 255, gray or colored, with soft edges, or with the ringing of a JPEG. Other images
are refused, not guessed at: labels of several kinds, or a picture of the slide, would all become tissue.
"""

import numpy as np
from scipy import ndimage

from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.morphology import fill_small, strips

SAVE = "save it with one value for tissue and 0 everywhere else"
FEW = 8  # values; more belong to a picture, or to two values after JPEG compression
SLACK, REACH = 1 / 4, 8  # JPEG ringing: distance from the two values, and pixels from an edge, at most
STRAY = 0.01  # largest share of non-black pixels with neither value, nor one in between at an edge
NEARLY = 0.9  # share of a mask, or of its rim, above which the background may be marked instead
HOLLOW = 3  # area that lines enclose, in areas of the lines, above which they may be outlines to be filled


def find_marked(pixels: np.ndarray, lossy: bool) -> tuple[np.ndarray, list[str]]:
    """Find the nonzero pixels of an image (H, W, channels) of two values, 0 and another; bool (H, W), and warnings.

    lossy: with lossy compression. Values between the two may occur at edges. Raises ExcludedSlide for other images.
    """
    bright = _find_bright(pixels)
    if not bright.any():
        return bright, []
    color = np.median(pixels[bright], axis=0).astype(np.float32)
    values = np.unique(_color_codes(pixels))
    is_noisy = lossy or len(values) > FEW
    slack, reach = (SLACK, REACH) if is_noisy else (0, 1)
    largest = color.max() or 1  # a mask may hold numbers of any size; as shares of the largest they cannot overflow
    color /= largest
    is_color, is_black, marked = (np.empty(bright.shape, bool) for _ in range(3))
    for rows in strips(pixels):
        band = pixels[rows].astype(np.float32) / largest
        is_color[rows] = (np.abs(band - color) <= slack).all(axis=2)
        is_black[rows] = (band <= slack).all(axis=2)
        marked[rows] = band @ color >= color @ color / 2
    edge = ndimage.maximum_filter(is_color, 2 * reach + 1) & ndimage.maximum_filter(is_black, 2 * reach + 1)
    stray = np.count_nonzero(~(is_color | is_black | edge))
    if stray > STRAY * np.count_nonzero(~is_black):
        raise ExcludedSlide(
            f"the mask has {_describe_values(values, pixels)}, but should have 0 and one other: it holds several "
            f"labels, or is a picture; {SAVE}"
        )
    warnings = []
    if stray and not is_noisy:
        warnings = [
            f"the mask has {_describe_values(values, pixels)}, but should have 0 and one other; those nearer to 0 "
            f"were read as background; {SAVE}"
        ]
    return marked, warnings + warn_of_mask(marked)


def warn_of_mask(marked: np.ndarray) -> list[str]:
    """Warn of a mask (H, W) bool that marks nearly everything, or outlines instead of areas."""
    share, area = marked.mean(), np.count_nonzero(marked)
    rim = np.concatenate([marked[0], marked[-1], marked[:, 0], marked[:, -1]]).mean()
    if max(share, rim) > NEARLY:
        return [
            f"its mask marks {share:.0%} of the slide as tissue, and {rim:.0%} of the rim; if its background is the "
            f"part that is not 0, {SAVE}"
        ]
    filled = np.count_nonzero(fill_small(marked, marked.size))
    if filled > HOLLOW * area:
        return [f"its mask marks lines, which enclose {filled / area:.0f} times their area; fill the outlines in it"]
    return []


def _find_bright(pixels: np.ndarray) -> np.ndarray:
    """True (H, W) for pixels brighter than half the maximum of an image (H, W, channels); all False if it is black."""
    light = pixels.sum(axis=2, dtype=np.float32)
    return light > light.max(initial=0) / 2


def _color_codes(pixels: np.ndarray) -> np.ndarray:
    """Integer code of each pixel's color, (H, W)."""
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    codes = pixels[..., 0].astype(np.uint32)
    for k in (1, 2):
        codes <<= 8
        codes |= pixels[..., k]
    return codes


def _describe_values(values: np.ndarray, pixels: np.ndarray) -> str:
    """Values of an image in words, or their number if many; gray pixels as one number."""
    if len(values) > FEW:
        return f"{len(values):,} values"
    if pixels.shape[2] == 1:
        return "the values " + ", ".join(f"{value:g}" for value in values.tolist())
    colors = (values[:, None] >> np.array([16, 8, 0]) & 255).tolist()
    gray = all(red == green == blue for red, green, blue in colors)
    return "the values " + ", ".join(str(color[0] if gray else tuple(color)) for color in colors)
