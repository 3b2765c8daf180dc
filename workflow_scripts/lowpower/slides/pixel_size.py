"""Pixel size of a slide: from the sheet, else from the slide, if plausible."""

from dataclasses import dataclass, field

from lowpower.magnification import MPP_AT_1X, WHOLE
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.ome_xml import number, read_ome
from lowpower.slides.slide_reader import AnySlide

PLAUSIBLE_MPP = (0.05, 20.0)  # values outside are errors: 72-dpi tags, for example, give 352
LARGEST_DIFFERENCE = 0.05  # relative difference between two scales of a slide above which a warning is given
SAME = 1e-6  # µm: a sheet drafted by 0.1.0 holds the slide's value, rounded to six digits
LARGEST_FACTOR = 2  # a 20x objective has 0.5 µm per pixel; scanners differ from that by less than this factor


@dataclass(frozen=True)
class PixelSize:
    """Micrometres per pixel of level 0."""

    mpp: float
    source: str  # slide or sheet
    warnings: list[str] = field(default_factory=list)


def find_mpp(slide: AnySlide, sheet_mpp: float | None) -> PixelSize:
    """Find the pixel size of a slide: from the sheet, else from the slide.

    Raises ExcludedSlide when neither gives a plausible value, or when pixels are not square within 2 % and the sheet
    gives none. Never guesses.
    """
    x, y = (number(slide.properties.get(f"openslide.mpp-{axis}")) for axis in "xy")
    in_xml, _ = _read_ome_xml(slide)
    stated = [(x, y)] if x and y else []
    stated += [in_xml] if in_xml else []
    plausible = [sides for sides in stated if all(_is_plausible(side) for side in sides)]
    slide_sides = plausible[0] if plausible else None
    if sheet_mpp is None:
        size = PixelSize(_mpp_of_slide(slide_sides, stated), "slide", _warn_of_two_scales(plausible))
    elif not _is_plausible(sheet_mpp):
        raise ExcludedSlide(
            f"the sheet says {sheet_mpp:g} µm per pixel; write a value between {PLAUSIBLE_MPP[0]:g} and "
            f"{PLAUSIBLE_MPP[1]:g} into its column mpp, or leave it blank if the slide's file has it"
        )
    elif slide_sides and _is_square(slide_sides) and abs(sheet_mpp - sum(slide_sides) / 2) <= SAME:
        size = PixelSize(sum(slide_sides) / 2, "slide")
    else:
        size = PixelSize(float(sheet_mpp), "sheet", _warn_of_sheet(sheet_mpp, slide_sides))
    size.warnings.extend(_warn_of_power(size, objective_power(slide)))
    return size


def objective_power(slide: AnySlide) -> float | None:
    """Magnification of the objective, such as 20 or 40, or None if the slide does not give it."""
    return number(slide.properties.get("openslide.objective-power")) or _read_ome_xml(slide)[1]


def _read_ome_xml(slide: AnySlide) -> tuple[tuple[float, float] | None, float | None]:
    xml = slide.properties.get("tiff.ImageDescription")
    return read_ome(xml, slide.dimensions) if xml else (None, None)


def _is_plausible(mpp: float) -> bool:
    return PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1]


def _is_square(sides: tuple[float, float]) -> bool:
    return abs(sides[0] / sides[1] - 1) <= WHOLE


def _format_sides(sides: tuple[float, float]) -> str:
    return f"{sides[0]:g} x {sides[1]:g} µm per pixel"


def _mpp_of_slide(sides: tuple[float, float] | None, stated: list[tuple[float, float]]) -> float:
    """Pixel size from the slide. Raises ExcludedSlide if it gives none, or no plausible one."""
    if not sides:
        problem = (
            f"the slide says {_format_sides(stated[0])}, which is implausible" if stated else "the slide has no mpp"
        )
        raise ExcludedSlide(f"{problem}; write the µm per pixel of its finest level into the sheet's column mpp")
    if not _is_square(sides):
        raise ExcludedSlide(
            f"its pixels are not square ({sides[0]:g} x {sides[1]:g} µm); export it again with square pixels, or, if "
            "they are square and the file is wrong, write their µm into the sheet's column mpp"
        )
    return sum(sides) / 2


def _warn_of_sheet(mpp: float, sides: tuple[float, float] | None) -> list[str]:
    if not sides or (_is_square(sides) and all(abs(mpp / side - 1) <= LARGEST_DIFFERENCE for side in sides)):
        return []
    return [
        f"the sheet says {mpp:g} µm per pixel, the slide {_format_sides(sides)}: the sheet's value is used; correct "
        "its column mpp, or leave it blank to use the slide's"
    ]


def _warn_of_two_scales(scales: list[tuple[float, float]]) -> list[str]:
    if len(scales) < 2 or all(abs(a / b - 1) <= LARGEST_DIFFERENCE for a, b in zip(*scales, strict=True)):
        return []
    return [
        f"the slide's tags say {_format_sides(scales[0])}, its OME XML {_format_sides(scales[1])}: the tags' "
        "value is used; write the correct one into the sheet's column mpp"
    ]


def _warn_of_power(size: PixelSize, power: float | None) -> list[str]:
    """Warn if scale and objective contradict each other: 0.05 µm with a 20x objective is wrong by a factor of ten."""
    if not power or 1 / LARGEST_FACTOR <= size.mpp * power / MPP_AT_1X <= LARGEST_FACTOR:
        return []
    return [
        f"the {size.source} says {size.mpp:g} µm per pixel, but its objective, {power:g}x, gives about "
        f"{MPP_AT_1X / power:g}; if that is right, write {MPP_AT_1X / power:g} into the sheet's column mpp"
    ]
