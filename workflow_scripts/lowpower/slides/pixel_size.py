"""Pixel size of a slide: from the sheet, else from the slide, if plausible."""

from dataclasses import dataclass, field

import openslide

from lowpower.magnification import MPP_AT_1X, WHOLE
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.ome_xml import number, read_ome

BELIEVED_MPP = (0.05, 20.0)  # values outside are errors: 72-dpi tags, for example, give 352
DOUBT = 0.05  # relative difference between two scales of a slide above which a warning is given
SAME = 1e-6  # µm: a sheet drafted by 0.1.0 holds the slide's value, rounded to six digits
DOUBTED_POWER = 2  # a 20x objective has 0.5 µm per pixel; scanners differ from that by less than this factor


@dataclass(frozen=True)
class PixelSize:
    """Micrometres per pixel of level 0."""

    mpp: float
    source: str  # slide or sheet
    warnings: list[str] = field(default_factory=list)


def find_mpp(slide: openslide.OpenSlide, sheet_mpp: float | None) -> PixelSize:
    """Find the pixel size of a slide: from the sheet, else from the slide.

    Raises ExcludedSlide when neither gives a plausible value, or when pixels are not square within 2 % and the sheet
    gives none. Never guesses.
    """
    in_header = tuple(number(slide.properties.get(f"openslide.mpp-{axis}")) for axis in "xy")
    in_xml, _ = _ome(slide)
    stated = [sides for sides in (in_header, in_xml) if sides and all(sides)]
    believed = [sides for sides in stated if all(_is_believed(side) for side in sides)]
    own = believed[0] if believed else None
    if sheet_mpp is None:
        found = PixelSize(_own_mpp(own, stated), "slide", _two_scales(believed))
    elif not _is_believed(sheet_mpp):
        raise ExcludedSlide(
            f"the sheet says {sheet_mpp:g} µm per pixel; write a value between {BELIEVED_MPP[0]:g} and "
            f"{BELIEVED_MPP[1]:g} into its column mpp, or leave it blank if the slide's file has it"
        )
    elif own and _is_square(own) and abs(sheet_mpp - sum(own) / 2) <= SAME:
        found = PixelSize(sum(own) / 2, "slide")
    else:
        found = PixelSize(float(sheet_mpp), "sheet", _sheet_against(sheet_mpp, own))
    found.warnings.extend(_power_against(found, objective_power(slide)))
    return found


def objective_power(slide: openslide.OpenSlide) -> float | None:
    """Magnification of the objective, such as 20 or 40, or None if the slide does not give it."""
    return number(slide.properties.get("openslide.objective-power")) or _ome(slide)[1]


def _ome(slide: openslide.OpenSlide) -> tuple[tuple[float, float] | None, float | None]:
    xml = slide.properties.get("tiff.ImageDescription")
    return read_ome(xml, slide.dimensions) if xml else (None, None)


def _is_believed(mpp: float) -> bool:
    return BELIEVED_MPP[0] <= mpp <= BELIEVED_MPP[1]


def _is_square(sides: tuple[float, float]) -> bool:
    return abs(sides[0] / sides[1] - 1) <= WHOLE


def _say(sides: tuple[float, float]) -> str:
    return f"{sides[0]:g} x {sides[1]:g} µm per pixel"


def _own_mpp(own: tuple[float, float] | None, stated: list[tuple[float, float]]) -> float:
    """Pixel size from the slide. Raises ExcludedSlide if it gives none, or no plausible one."""
    if not own:
        found = f"the slide says {_say(stated[0])}, which is implausible" if stated else "the slide has no mpp"
        raise ExcludedSlide(f"{found}; write the µm per pixel of its finest level into the sheet's column mpp")
    if not _is_square(own):
        raise ExcludedSlide(
            f"its pixels are not square ({own[0]:g} x {own[1]:g} µm); export it again with square pixels, or, if they "
            "are square and the file is wrong, write their µm into the sheet's column mpp"
        )
    return sum(own) / 2


def _sheet_against(mpp: float, own: tuple[float, float] | None) -> list[str]:
    if not own or (_is_square(own) and all(abs(mpp / side - 1) <= DOUBT for side in own)):
        return []
    return [
        f"the sheet says {mpp:g} µm per pixel, the slide {_say(own)}: the sheet's value is used; correct its column "
        "mpp, or leave it blank to use the slide's"
    ]


def _two_scales(believed: list[tuple[float, float]]) -> list[str]:
    if len(believed) < 2 or all(abs(a / b - 1) <= DOUBT for a, b in zip(*believed, strict=True)):
        return []
    return [
        f"the slide's tags say {_say(believed[0])}, its OME XML {_say(believed[1])}: the tags' value is used; write "
        "the correct one into the sheet's column mpp"
    ]


def _power_against(found: PixelSize, power: float | None) -> list[str]:
    """Warn if scale and objective contradict each other: 0.05 µm with a 20x objective is wrong by a factor of ten."""
    if not power or 1 / DOUBTED_POWER <= found.mpp * power / MPP_AT_1X <= DOUBTED_POWER:
        return []
    return [
        f"the {found.source} says {found.mpp:g} µm per pixel, but its objective, {power:g}x, gives about "
        f"{MPP_AT_1X / power:g}; if that is right, write {MPP_AT_1X / power:g} into the sheet's column mpp"
    ]
