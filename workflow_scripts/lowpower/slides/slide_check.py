"""Check that a slide is usable: the first step of the workflow."""

from dataclasses import replace
from pathlib import Path

from lowpower.slide_state import CheckedSlide
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.pixel_size import find_mpp
from lowpower.slides.slide import check_size, describe_slide, fingerprint_slide, open_slide


def check_slide(
    slide: str, path: str, mpp: float | None, exclude: str, state: str | Path, sheet_warning: str = ""
) -> None:
    """Write the state of a slide: usable, or excluded with the reason. Never fails on a bad slide.

    mpp: from the sheet, or None. exclude: the sheet's reason to exclude the slide, or "". state: JSON. sheet_warning:
    about the slide's row of the sheet. No pixels are stored at this step, because the positions of tissue, of labels
    and of names are still unknown.
    """
    of_sheet = (sheet_warning,) if sheet_warning else ()
    checked = CheckedSlide(slide, reason=f"the sheet excludes it: {exclude}" if exclude else "", warnings=of_sheet)
    if checked.is_usable:
        try:
            with open_slide(path) as opened:
                checked = replace(checked, **describe_slide(opened))
                content = fingerprint_slide(opened, path)
                checked = replace(checked, content=content, warnings=(*of_sheet, *opened.warnings))
                size = find_mpp(opened, mpp)
                warnings = (*checked.warnings, *size.warnings)
                checked = replace(checked, mpp=size.mpp, mpp_source=size.source, warnings=warnings)
                check_size(opened, size.mpp)
        except ExcludedSlide as error:
            checked = replace(checked, reason=str(error))
    checked.write(state)
    checked.announce("{width:,} x {height:,} px at {mpp:g} µm/px ({mpp_source}), {vendor}")
