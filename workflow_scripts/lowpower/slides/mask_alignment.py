"""Check that a user's mask covers stained tissue: a mirrored mask, or another slide's, may have the right shape."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from lowpower.slides.glass import assume_glass, find_glass
from lowpower.slides.resampling import choose_scale, read_area
from lowpower.slides.slide_reader import AnySlide

LONGEST = 500  # pixels of the picture examined
STAINED = 0.07  # spread between the channels, as a share of the glass, from which a pixel is stained tissue
BARE, MOST, BETTER = 0.05, 0.5, 2  # shares of stained pixels, as for annotations
ORIENTATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored from left to right": lambda mask: mask[:, ::-1],
    "upside down": lambda mask: mask[::-1],
    "turned by 180 degrees": lambda mask: mask[::-1, ::-1],
}


def warn_of_alignment(slide: AnySlide, mask: np.ndarray) -> list[str]:
    """Warn of a mask (H, W) bool that marks glass, or that would mark far more stained pixels if turned.

    Slides without color give no warning. Raises ExcludedSlide if the slide cannot be read.
    """
    scale = choose_scale(slide.level_downsamples, max(1, max(slide.dimensions) / LONGEST))
    width, height = (max(1, round(side / scale.reduction)) for side in slide.dimensions)
    picture = read_area(slide, scale, 0, 0, width, height)
    glass = find_glass(picture)
    light = np.minimum(1, picture / (assume_glass(picture) if glass is None else glass))
    stained = light.max(axis=2) - light.min(axis=2) > STAINED
    marked = np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))
    if not stained.any() or not marked.any():
        return []
    share = stained[marked].mean()
    shares = {orientation: stained[turn(marked)].mean() for orientation, turn in ORIENTATIONS.items()}
    orientation = max(shares, key=lambda orientation: shares[orientation])
    if shares[orientation] >= max(MOST, BETTER * share):
        return [
            f"its mask looks {orientation}: {share:.0%} of the area it marks is stained, and "
            f"{shares[orientation]:.0%} would be after correction; save it in the orientation of the slide, "
            "unless the overview shows it in the right place"
        ]
    if share < BARE:
        return [
            f"{share:.1%} of the area its mask marks is stained: it may belong to another slide; look at the overview, "
            "and name the right mask"
        ]
    return []
