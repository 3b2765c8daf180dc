"""Whether a slide can be used: the first step of its way."""

from pathlib import Path

from lowpower import files
from lowpower.slides.pixel_size import find_mpp
from lowpower.slides.slide import ExcludedSlide, check_size, describe_slide, fingerprint_slide, open_slide
from lowpower.slides.slide_state import make_state, say_state

_UNKNOWN = ("content", "vendor", "width", "height", "levels", "mpp", "mpp_source", "objective_power")


def check_slide(slide: str, path: str, mpp: float | None, exclude: str, state: str | Path) -> None:
    """Write the state of a slide, usable or excluded and why; never fails on a bad slide.

    mpp: what the sheet says, or None. exclude: the sheet's reason to leave the slide out, or "". state: JSON. Nothing
    of the slide's pixels is kept here: where its tissue is, and where a label or a name may be, is not known yet.
    """
    found, warnings = dict.fromkeys(_UNKNOWN), []
    reason = f"the sheet excludes it: {exclude}" if exclude else ""
    if not reason:
        try:
            with open_slide(path) as opened:
                found |= describe_slide(opened)
                found["content"] = fingerprint_slide(opened, path)
                warnings += opened.warnings
                size = find_mpp(opened, mpp)
                found |= {"mpp": size.mpp, "mpp_source": size.source}
                warnings += size.warnings
                check_size(opened, found["mpp"])
        except ExcludedSlide as error:
            reason = str(error)
    checked = make_state(slide, "check_slide", reason, warnings, **found)
    files.write_json(state, checked)
    say_state(checked, "check_slide", "{width:,} x {height:,} px at {mpp:g} µm/px ({mpp_source}), {vendor}")
