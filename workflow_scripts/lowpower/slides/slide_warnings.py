"""Warnings about a slide's tissue, with the numbers found and advice. No warning excludes a slide."""

import numpy as np
from scipy import ndimage

INKED = 0.3  # share of the colored pixels; .5 on a slide with pen marks in three colors
MOST, LEAST = 0.9, 0.02  # tissue as a share of the scanned area
BORDER = 0.5  # share of the border of the scanned area; .4 or more for a field cut out of tissue
DIM, DARK = 64, 0.5  # fluorescence: no channel above DIM in more than the share DARK of the pixels, and no glass
LOOK = "look at the outline on the intake page"
OWN = "name a mask of your own in the sheet's column mask"


def warn_of_ink(ink: int, colored: int, mm2: float) -> list[str]:
    """Warn of much ink. ink, colored (ink, tissue and dirt): pixels of ``mm2`` each."""
    if ink <= INKED * colored:
        return []
    return [
        f"{ink * mm2:,.2f} of {colored * mm2:,.2f} mm² of colored area ({ink / colored:.0%}) are classified as ink and "
        f"excluded; {LOOK}, and if stained tissue is missing, set tissue.pen_um: 0, or {OWN}"
    ]


def warn_of_stain(other: float, limit: float) -> list[str]:
    """Warn of stains other than hematoxylin and eosin. other: share of colored pixels in colors these never have."""
    if other <= limit:
        return []
    return [
        f"{other:.0%} of the colored area is brown, blue or green, unlike hematoxylin and eosin, so no ink was "
        f"excluded; for another stain set tissue.pen_um: 0; if a pen drew on the slide, {OWN}"
    ]


def warn_of_area(tissue: np.ndarray, scanned: np.ndarray, mm2: float) -> list[str]:
    """Warn of tissue (H, W) that is nearly all or almost none of the scanned area (H, W). mm2: of a pixel."""
    tissue_pixels, scanned_pixels = int(np.count_nonzero(tissue)), max(1, int(np.count_nonzero(scanned)))
    share = tissue_pixels / scanned_pixels
    if not tissue_pixels or LEAST <= share <= MOST:
        return []
    percent = f"{share:.0%}" if share > 0.5 else f"{share:.1%}"
    problem = "it includes glass or dirt" if share > 0.5 else "some is missing"
    return [
        f"tissue is {percent} of the scanned area ({tissue_pixels * mm2:,.2f} of {scanned_pixels * mm2:,.2f} mm²); "
        f"{LOOK}, and if {problem}, {OWN}"
    ]


def warn_of_border(tissue: np.ndarray, scanned: np.ndarray) -> list[str]:
    """Warn of tissue (H, W) that is cut off at the border of the scan (H, W)."""
    border = scanned & ~ndimage.binary_erosion(scanned)
    share = np.count_nonzero(tissue & border) / max(1, int(np.count_nonzero(border)))
    if share <= BORDER:
        return []
    return [
        f"tissue touches {share:.0%} of the border of the scanned area; if it was cut off there, scan all of it; if it "
        f"is not tissue, {OWN}"
    ]


def warn_of_light(image: np.ndarray, glass: np.ndarray | None) -> list[str]:
    """Warn of an image (H, W, 3) uint8 that is gray or dark. glass: color of its glass, None if none shows."""
    red, green, blue = (image[..., c] for c in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return [f"the image has no color (red, green and blue are equal), but tissue is detected by its stain; {OWN}"]
    dark = np.count_nonzero(np.maximum(np.maximum(red, green), blue) <= DIM) / red.size
    if glass is not None or dark <= DARK:
        return []
    return [
        f"{dark:.0%} of the image is dark and there is no bright glass, as in fluorescence; the colored area counts as "
        f"stained tissue: {OWN}, or write a reason into its column exclude"
    ]
