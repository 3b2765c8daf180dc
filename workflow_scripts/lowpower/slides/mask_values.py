"""Which pixels of a mask are marked: an image of two values, 0 and another, as tools save it.

As 0 and 1 or 0 and 255, in gray or in a color, with soft edges, or as a JPEG whose edges ring. What is not two values
is refused, not guessed at: labels of several kinds, or a picture of the slide, would all be tissue.
"""

import numpy as np
from scipy import ndimage

from lowpower.slides.morphology import fill_small, strips
from lowpower.slides.slide import ExcludedSlide

SAVE = "save it with one value for tissue and 0 everywhere else"
FEW = 8  # values: more, and they are those of a picture, or of two values that went through a JPEG
SLACK, REACH = 1 / 4, 8  # of a JPEG: how far from its two values, and how many pixels from an edge, its rings are
STRAY = 0.01  # share of what is not black that may be neither of the two values, nor lie between them at an edge
NEARLY = 0.9  # share of a mask, or of its rim, from which on it may be its background that is marked
HOLLOW = 3  # what lines enclose, in areas of the lines, from which on they may be outlines to be filled


def find_marked(pixels: np.ndarray, lossy: bool) -> tuple[np.ndarray, list[str]]:
    """Where an image (H, W, channels) of two values, 0 and another, has the other; bool (H, W), and warnings.

    lossy: it was saved with a loss. Values between the two may lie at edges. Raises ExcludedSlide for other images.
    """
    strong = _strongest(pixels)
    if not strong.any():
        return strong, []
    color = np.median(pixels[strong], axis=0).astype(np.float32)
    values = np.unique(_codes(pixels))
    rough = lossy or len(values) > FEW
    slack, reach = (SLACK, REACH) if rough else (0, 1)
    largest = color.max() or 1  # numbers of any size are masks too: as shares of it they cannot overflow
    color /= largest
    own, black, marked = (np.empty(strong.shape, bool) for _ in range(3))
    for rows in strips(pixels):
        part = pixels[rows].astype(np.float32) / largest
        own[rows] = (np.abs(part - color) <= slack).all(axis=2)
        black[rows] = (part <= slack).all(axis=2)
        marked[rows] = part @ color >= color @ color / 2
    edge = ndimage.maximum_filter(own, 2 * reach + 1) & ndimage.maximum_filter(black, 2 * reach + 1)
    stray = np.count_nonzero(~(own | black | edge))
    if stray > STRAY * np.count_nonzero(~black):
        raise ExcludedSlide(
            f"the mask has {_listed(values, pixels)}, where 0 and one other are wanted: it holds several "
            f"labels, or is a picture; {SAVE}"
        )
    doubts = []
    if stray and not rough:
        doubts = [
            f"the mask has {_listed(values, pixels)}, where 0 and one other are wanted; those nearer to 0 "
            f"were taken for background; {SAVE}"
        ]
    return marked, doubts + doubt_mask(marked)


def doubt_mask(marked: np.ndarray) -> list[str]:
    """What is doubtful about a mask (H, W) bool: that it marks nearly everything, or outlines instead of areas."""
    share, area = marked.mean(), np.count_nonzero(marked)
    rim = np.concatenate([marked[0], marked[-1], marked[:, 0], marked[:, -1]]).mean()
    if max(share, rim) > NEARLY:
        return [
            f"its mask marks {share:.0%} of the slide as tissue, and {rim:.0%} of the rim; if it is the background "
            f"that is not 0 in it, {SAVE}"
        ]
    filled = np.count_nonzero(fill_small(marked, marked.size))
    if filled > HOLLOW * area:
        return [f"its mask marks lines, which enclose {filled / area:.0f} times their area; fill the outlines in it"]
    return []


def _strongest(pixels: np.ndarray) -> np.ndarray:
    """The pixels (H, W) of an image (H, W, channels) with more than half of its most light; none of a black one."""
    light = pixels.sum(axis=2, dtype=np.float32)
    return light > light.max(initial=0) / 2


def _codes(pixels: np.ndarray) -> np.ndarray:
    """One number for each color, (H, W)."""
    if pixels.shape[2] == 1:
        return pixels[..., 0]
    codes = pixels[..., 0].astype(np.uint32)
    for k in (1, 2):
        codes <<= 8
        codes |= pixels[..., k]
    return codes


def _listed(values: np.ndarray, pixels: np.ndarray) -> str:
    """The values of an image in words, or how many there are; those of gray pixels as one number."""
    if len(values) > FEW:
        return f"{len(values):,} values"
    if pixels.shape[2] == 1:
        return "the values " + ", ".join(f"{value:g}" for value in values.tolist())
    colors = (values[:, None] >> np.array([16, 8, 0]) & 255).tolist()
    gray = all(red == green == blue for red, green, blue in colors)
    return "the values " + ", ".join(str(color[0] if gray else tuple(color)) for color in colors)
