"""Regions of a slide as a student reads them: planned as in its study, with the pixels of one of two ways.

averaged: pixels at the teacher's magnification, through the JPEG in which the study keeps them, and their area means.
level: the nearest finer stored level alone. Both are the functions of the study's rules, without files between them.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowpower.config.package import Package
from lowpower.log import Progress
from lowpower.magnification import describe, mpp_of, reduction_between
from lowpower.slide_state import CheckedSlide, MaskedSlide
from lowpower.slides.downsampling import area_means
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.level_regions import finer_level, read_pixels
from lowpower.slides.region_plan import GridSettings, Plan, TilingSettings, plan_regions
from lowpower.slides.region_row import RegionRow
from lowpower.slides.resampling import Scale, choose_scale
from lowpower.slides.slide_reader import AnySlide
from lowpower.slides.strips import read_jpeg
from lowpower.slides.tiling import cut_regions, region_row


@dataclass(frozen=True)
class Regions:
    """Regions of one slide. images: each (3, H, W) uint8, to be read once, in the order of rows."""

    rows: list[RegionRow]
    images: Iterator[NDArray]
    megapixels: float  # stored pixels that the images are made of
    warnings: Sequence[str] = field(default_factory=tuple)


def find_regions(
    slide: AnySlide,
    checked: CheckedSlide,
    mask: str | Path,
    masked: MaskedSlide,
    annotation: str,
    package: Package,
    pixels: str,
) -> Regions:
    """Plan the regions of an open slide; their pixels are read as ``images`` is used. Raises ExcludedSlide.

    checked, mask, masked: outputs of check_slide and mask_tissue. annotation: file, for unit annotation only.
    """
    assert checked.mpp is not None  # every usable slide has it
    settings, reduction = tiling_of(package), reduction_between(package.teacher_magnification, package.magnification)
    teacher = _teacher_scale(slide, checked.mpp, package, pixels)
    plan = plan_regions(slide, teacher, mask, masked, annotation, settings)
    if pixels == "level":
        scale = _level_scale(slide, checked.mpp, teacher, package, reduction)
        images: Iterator[NDArray] = map(_as_image, read_pixels(slide, scale, plan, reduction))
        area = sum(box.width * box.height for box in plan.boxes) / reduction**2
    else:
        scale, area = teacher, sum(box.width * box.height for box in plan.boxes)
        images = _averaged(slide, teacher, plan, settings.jpeg_quality, reduction)
    name = slide.reader(scale.level).name
    rows = [region_row(checked.slide, checked.mpp, k, box, teacher, name) for k, box in enumerate(plan.boxes)]
    return Regions(rows, images, area * scale.shrink**2 / 1e6, plan.warnings())


def tiling_of(package: Package) -> TilingSettings:
    """Settings of tile_slide in the package's study."""
    return TilingSettings(
        magnification=package.teacher_magnification,
        multiple=package.region_multiple,
        unit=package.unit,
        grid=GridSettings(**package.grid.as_dict()),
        max_side_um=package.max_side_um,
        min_area_um2=package.tissue.min_area_um2,
        jpeg_quality=package.jpeg_quality,
    )


def _teacher_scale(slide: AnySlide, mpp: float, package: Package, pixels: str) -> Scale:
    """Scale at which regions are planned. A slide too coarse for it can still be read from its levels."""
    reduction = mpp_of(package.teacher_magnification) / mpp
    try:
        return choose_scale(slide.level_downsamples, reduction)
    except ValueError:
        if pixels == "level":
            return Scale(0, 1.0, reduction)
        other_way = "write --pixels level" if "level" in package.pixels else "use a package of a lower magnification"
        raise _too_coarse(mpp, package.teacher_magnification, f"{other_way}, or leave the slide out") from None


def _level_scale(slide: AnySlide, mpp: float, teacher: Scale, package: Package, reduction: int) -> Scale:
    try:
        return finer_level(slide.level_dimensions, slide.level_downsamples, teacher.reduction * reduction)
    except ValueError:
        advice = "use a package of a lower magnification, or leave the slide out"
        raise _too_coarse(mpp, package.magnification, advice) from None


def _too_coarse(mpp: float, magnification: float, advice: str) -> ExcludedSlide:
    return ExcludedSlide(f"its pixels are {mpp:g} µm wide, too coarse for {describe(magnification)}; {advice}")


def _averaged(slide: AnySlide, scale: Scale, plan: Plan, quality: int, reduction: int) -> Iterator[NDArray]:
    for _, jpeg in cut_regions(slide, scale, plan, quality, Progress("", len(plan.boxes), every=float("inf"))):
        data = jpeg if isinstance(jpeg, bytes) else b"".join(jpeg)
        yield _as_image(area_means(read_jpeg(io.BytesIO(data))[1], reduction))


def _as_image(strips: Iterator[NDArray]) -> NDArray:
    """Join strips (any, W, 3) to an image as networks take it, (3, H, W)."""
    return np.ascontiguousarray(np.concatenate(list(strips)).transpose(2, 0, 1))
