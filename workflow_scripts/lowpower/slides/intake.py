"""Whether a slide can be used: the first step of its way."""

from pathlib import Path

import numpy as np
import openslide

from lowpower import files
from lowpower.slides.slide import ExcludedSlide, choose_scale, describe_slide, find_mpp, open_slide, read_area
from lowpower.slides.state import make_state, say_state, write_picture

THUMBNAIL = 500  # longest side in pixels; at most 2 % more, where the reduction is a whole number
_UNKNOWN = ("vendor", "width", "height", "levels", "mpp", "mpp_source", "objective_power")


def check_slide(
    slide: str, path: str, mpp: float | None, exclude: str, state: str | Path, thumbnail: str | Path
) -> None:
    """Write the state of a slide, usable or excluded and why, and a thumbnail; never fails on a bad slide.

    mpp: what the sheet says, or None. exclude: the sheet's reason to leave the slide out, or "". state: JSON.
    thumbnail: PNG of the slide itself, a white pixel where nothing can be read.
    """
    found = dict.fromkeys(_UNKNOWN)
    picture = np.full((1, 1, 3), 255, np.uint8)
    reason = f"the sheet excludes it: {exclude}" if exclude else ""
    if not reason:
        try:
            with open_slide(path) as opened:
                found |= describe_slide(opened)
                picture = draw_thumbnail(opened)
                found["mpp"], found["mpp_source"] = find_mpp(opened, mpp)
        except ExcludedSlide as error:
            reason = str(error)
    write_picture(thumbnail, picture)
    checked = make_state(slide, "check_slide", reason, **found)
    files.write_json(state, checked)
    say_state(checked, "check_slide", "{width:,} x {height:,} px at {mpp:g} µm/px ({mpp_source}), {vendor}")


def draw_thumbnail(slide: openslide.OpenSlide) -> np.ndarray:
    """The whole slide, (H, W, 3) uint8, from its own levels: its associated images may show the patient's name."""
    width, height = slide.dimensions
    scale = choose_scale(slide.level_downsamples, max(1, max(width, height) / THUMBNAIL))
    return read_area(slide, scale, 0, 0, *(max(1, round(side / scale.reduction)) for side in (width, height)))
