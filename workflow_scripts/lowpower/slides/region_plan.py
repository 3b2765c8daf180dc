"""Plan of a slide's regions: boxes, by the study's unit, and the pixels to whiten in each."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from lowpower.magnification import describe, mpp_of
from lowpower.slide_state import MaskedSlide
from lowpower.slides import regions
from lowpower.slides.annotation import read_annotations, scan_corner
from lowpower.slides.annotation_warnings import warn_of_annotations
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.outlines import inside, outline_boxes
from lowpower.slides.regions import Box, Fit
from lowpower.slides.resampling import Scale
from lowpower.slides.slide_reader import AnySlide

JPEG_SIDE = 65500  # pixels; the limit of JPEG


@dataclass(frozen=True)
class GridSettings:
    """Fields of view for the unit grid; the section ``grid`` of the config."""

    size_um: float  # side of a field
    stride_um: float  # distance between fields; 0: size_um
    min_tissue: float  # least share of tissue in a field


@dataclass(frozen=True)
class TilingSettings:
    """Settings for cutting a cohort into regions. multiple: teacher pixels.

    max_side_um: longer boxes are cut (0: only at the limit of JPEG); parts with less tissue than min_area_um2 are
    dropped.
    """

    magnification: float
    multiple: int
    unit: str  # tissue, grid, annotation or slide
    grid: GridSettings
    max_side_um: float
    min_area_um2: float
    jpeg_quality: int

    @property
    def fit(self) -> Fit:
        """Size constraints on boxes. The longest side is the largest whole multiple up to max_side_um."""
        mpp = mpp_of(self.magnification)
        longest = min(self.max_side_um / mpp + 1e-6, JPEG_SIDE) if self.max_side_um else JPEG_SIDE
        return Fit(self.multiple, int(longest // self.multiple) * self.multiple, self.min_area_um2 / mpp**2)


@dataclass(frozen=True)
class Plan:
    """Boxes of a slide, and a function that gives the foreign pixels of a box, (height, width) bool.

    foreign: None if a box keeps all its pixels. warnings: a function that returns warnings about the plan; it is
    called once per slide, not by every reader of the plan.
    """

    boxes: list[Box]
    foreign: Callable[[Box], np.ndarray] | None = None
    warnings: Callable[[], Sequence[str]] = tuple


def plan_regions(
    slide: AnySlide,
    scale: Scale,
    mask: str | Path,
    masked: MaskedSlide,
    annotation: str,
    settings: TilingSettings,
) -> Plan:
    """Plan the regions of a slide. Raises ExcludedSlide when there is nothing to cut.

    scale: of the teacher. mask, masked: outputs of mask_tissue. annotation: file (unit annotation only).
    """
    tissue, reduction, mask_mpp = np.asarray(Image.open(mask)) > 0, masked.reduction, masked.mask_mpp
    assert reduction is not None and mask_mpp is not None  # every usable slide has them
    if settings.unit == "annotation":
        return _plan_annotations(slide, scale, annotation, tissue, reduction, mask_mpp, settings.fit)
    step = reduction / scale.reduction
    if settings.unit == "grid":
        width, height = (round(side / scale.reduction) for side in slide.dimensions)
        return _plan_grid(tissue, step, (width, height), settings)
    if settings.unit == "slide":  # all tissue is one piece
        return Plan(regions.tissue_boxes(tissue.astype(np.uint8), step, settings.fit))
    pieces = regions.label_pieces(tissue)
    territories = regions.mark_territories(pieces, mask_mpp)
    return Plan(
        regions.tissue_boxes(pieces, step, settings.fit), lambda box: regions.foreign_tissue(territories, step, box)
    )


def _plan_grid(tissue: np.ndarray, step: float, slide_size: tuple[int, int], settings: TilingSettings) -> Plan:
    grid = settings.grid
    widths = (grid.size_um, grid.stride_um or grid.size_um)
    size, stride = (round(um / mpp_of(settings.magnification)) for um in widths)
    if size > JPEG_SIDE:
        raise ExcludedSlide(
            f"a field of {grid.size_um:g} µm is {size} pixels wide at {describe(settings.magnification)}, more than "
            f"the {JPEG_SIDE} of a JPEG; lower size_um of the grid, or teacher_magnification"
        )
    boxes = regions.grid_boxes(tissue, step, slide_size, size, stride, grid.min_tissue)
    if not boxes:
        raise ExcludedSlide(
            f"no field of {grid.size_um:g} µm holds a share of {grid.min_tissue:g} of tissue; lower "
            "min_tissue or size_um of the grid"
        )
    return Plan(boxes)


def _plan_annotations(
    slide: AnySlide, scale: Scale, path: str, tissue: np.ndarray, reduction: float, mask_mpp: float, fit: Fit
) -> Plan:
    corner = scan_corner(slide)
    annotations = read_annotations(path, slide.dimensions, corner)
    boxes = outline_boxes(annotations, scale.reduction, fit)
    small = len(annotations) - len({box.piece for box in boxes})
    if small:
        print(f"annotations left out: {small} smaller than a pixel", file=sys.stderr, flush=True)
    if not boxes:
        raise ExcludedSlide(
            "its annotations are smaller than a pixel that the teacher reads; draw larger ones, or export them in "
            "pixels of the finest level"
        )
    mpp = mask_mpp / reduction
    warnings = partial(warn_of_annotations, annotations, tissue, reduction, mpp, slide.level_downsamples, corner)
    return Plan(boxes, lambda box: ~inside(annotations[box.piece - 1][1], scale.reduction, box), warnings)
