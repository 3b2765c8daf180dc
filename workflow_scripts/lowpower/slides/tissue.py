"""Tissue detection: one mask per slide, at a fixed scale, shared by all magnifications."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from lowpower import files
from lowpower.slide_state import CheckedSlide, MaskedSlide
from lowpower.slides import slide_warnings
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.glass import assume_glass, find_glass, find_scanned, measure_noise
from lowpower.slides.ink import OTHER, find_ink
from lowpower.slides.mask_alignment import warn_of_alignment
from lowpower.slides.morphology import EIGHT, close_gaps, crowded, drop_small, fill_small, strips
from lowpower.slides.resampling import choose_scale, read_area
from lowpower.slides.slide import open_slide
from lowpower.slides.user_mask import read_own_mask, scanned_area

# Stain absorbs more light of one color than of another; dust, shadows and black corners do not. The thresholds apply to
# the spread between the channels, as shares of the glass. STAIN starts a piece of tissue: at up to .06 the edge of a
# cover glass did too. FAINT continues from there: pale tissue, and edges that fill half of a pixel.
STAIN, FAINT = 0.07, 0.04
# PALE starts a piece if it is broad: it fills most of a window of BROAD_UM, which the edge of a cover glass does not.
# Tissue of .08 drops to .068 if glass of 150 and the tissue are each off by one level (JPEG), and whole pieces were
# lost. In a window of fewer pixels, from 12 µm per pixel on, such edges and soft ink are broad too.
PALE, BROAD_UM, MOST, PIXELS = 0.06, 64, 0.75, 6


@dataclass(frozen=True)
class TissueSettings:
    """Sizes for tissue detection; the section ``tissue`` of the config, without the scale of the mask."""

    min_area_um2: float = 10000  # smaller pieces are dropped
    max_hole_um2: float = 20000  # smaller holes are filled; a large fat cell, 150 µm across, has 17,700
    close_um: float = 32  # gaps up to this width are closed
    faint_um: float = 64  # faint stain is added up to this distance
    pen_um: float = 100  # strokes of ink of about this width or wider are dropped; 0 turns ink detection off


@dataclass(frozen=True)
class Survey:
    """Findings in an image of a slide: masks (H, W) bool, and the values behind the warnings."""

    tissue: np.ndarray
    colored: np.ndarray  # tissue, dirt and ink
    ink: np.ndarray
    scanned: np.ndarray  # all but white and black fill
    other_stains: float  # share of the stain, without ink, in colors that hematoxylin and eosin never have
    glass: np.ndarray | None  # its color (3,); None if none shows


def find_tissue(image: np.ndarray, mpp: float, sizes: TissueSettings) -> np.ndarray:
    """Find the tissue, without ink, in an image of a slide stained with hematoxylin and eosin, (H, W) bool.

    image: (H, W, 3) uint8 at ``mpp`` µm per pixel.
    """
    return survey_slide(image, mpp, sizes).tissue


def survey_slide(image: np.ndarray, mpp: float, sizes: TissueSettings) -> Survey:
    """Find the tissue as ``find_tissue`` does, with ink, glass and scanned area."""
    visible_glass = find_glass(image)
    glass = assume_glass(image) if visible_glass is None else visible_glass
    if sizes.pen_um:
        ink, other_stains = find_ink(image, glass, mpp, sizes.pen_um)
    else:
        ink, other_stains = np.zeros(image.shape[:2], bool), 0.0
    # noise of 2 % of dim glass would count as faint stain: the area of tissue then grew by up to 19 %
    faintest = FAINT if visible_glass is None else min(STAIN, max(FAINT, measure_noise(image, visible_glass)))
    stained, pale, faint = _read_colors(image, glass, (STAIN, PALE, faintest))
    window = round(BROAD_UM / mpp)
    if window >= PIXELS:
        stained |= pale & crowded(pale, window, MOST)
    tissue = _clean_up(stained & ~ink, ink, mpp, sizes)
    reach = round(sizes.faint_um / mpp)
    if reach and tissue.any():
        tissue = ndimage.binary_dilation(tissue, EIGHT, reach, mask=tissue | faint & ~ink)
        tissue = _clean_up(tissue, ink, mpp, sizes)
    stained |= ink
    return Survey(tissue, stained, ink, find_scanned(image, visible_glass, mpp), other_stains, visible_glass)


def _read_colors(image: np.ndarray, glass: np.ndarray, bounds: Sequence[float]) -> list[np.ndarray]:
    """Threshold the spread between the channels of an image (H, W, 3), as a share of the glass, at each bound.

    glass: its color (3,). Returns a mask (H, W) for each bound.
    """
    light = np.minimum(1, np.arange(256)[:, None] / glass).astype(np.float32)
    masks = [np.zeros(image.shape[:2], bool) for _ in bounds]
    for rows in strips(image):
        channels = [light[:, c][image[rows, :, c]] for c in range(3)]
        spread = np.maximum.reduce(channels) - np.minimum.reduce(channels)
        for mask, bound in zip(masks, bounds, strict=True):
            mask[rows] = spread > bound
    return masks


def _clean_up(tissue: np.ndarray, ink: np.ndarray, mpp: float, sizes: TissueSettings) -> np.ndarray:
    """Close gaps, fill small holes and drop small pieces of tissue (H, W); ink stays excluded."""
    tissue = close_gaps(tissue, round(sizes.close_um / mpp)) & ~ink
    tissue = fill_small(tissue, sizes.max_hole_um2 / mpp**2) & ~ink
    return drop_small(tissue, sizes.min_area_um2 / mpp**2)


def mask_tissue(
    check: str | Path,
    path: str,
    own_mask: str,
    mask_mpp: float,
    settings: TissueSettings,
    mask: str | Path,
    state: str | Path,
) -> None:
    """Write a slide's tissue mask (PNG, 0 and 255; one black pixel for an excluded slide) and its state.

    check: the state written by check_slide. path: the slide. own_mask: a pathologist's mask to use instead, or "".
    mask_mpp: wanted µm per pixel. state: JSON with the actual mask_mpp, the mask's reduction (pixels of level 0 per
    pixel of the mask) and the area of tissue.
    """
    checked = CheckedSlide.read(check)
    tissue, masked = np.zeros((1, 1), bool), MaskedSlide(checked.slide)
    if checked.is_usable:
        assert checked.mpp is not None  # every usable slide has it
        try:
            tissue, reduction, warnings, reason = _make_mask(path, checked.mpp, own_mask, mask_mpp, settings)
            mpp = checked.mpp * reduction
            area = round(int(tissue.sum()) * mpp**2 / 1e6, 6)
            masked = replace(masked, mask_mpp=round(mpp, 6), reduction=reduction, tissue_mm2=area)
            masked = replace(masked, reason=reason, warnings=tuple(warnings))
        except ExcludedSlide as error:
            masked = replace(masked, reason=str(error))
    with files.replacing(mask) as part:
        part.write_bytes(files.encode(tissue.astype(np.uint8) * 255))
    masked = masked.after(checked)
    masked.write(state)
    masked.announce("{tissue_mm2:,.2f} mm² of tissue")


def _make_mask(
    path: str, mpp: float, own_mask: str, mask_mpp: float, sizes: TissueSettings
) -> tuple[np.ndarray, float, list[str], str]:
    """Make the mask; return it with its reduction, its warnings, and the reason if it is blank, or "".

    A slide coarser than mask_mpp is masked pixel by pixel.
    """
    with open_slide(path) as slide:
        scale = choose_scale(slide.level_downsamples, max(1, mask_mpp / mpp))
        # rounded up to cover the whole slide; the last mask pixel may extend beyond it
        width, height = (math.ceil(side / scale.reduction) for side in slide.dimensions)
        if own_mask:
            tissue, warnings = read_own_mask(own_mask, slide.dimensions, (width, height), scanned_area(slide))
            reason = "the mask of the sheet marks no tissue; mark some, or leave the column mask blank"
            warnings += warn_of_alignment(slide, tissue)
            return tissue, scale.reduction, warnings, "" if tissue.any() else reason
        image = read_area(slide, scale, 0, 0, width, height)
    mpp *= scale.reduction
    survey = survey_slide(image, mpp, sizes)
    reason = "" if survey.tissue.any() else _explain_no_tissue(survey, mpp, sizes)
    return survey.tissue, scale.reduction, _mask_warnings(image, survey, mpp), reason


def _mask_warnings(image: np.ndarray, survey: Survey, mpp: float) -> list[str]:
    """Warnings about the mask of an image (H, W, 3) at ``mpp`` µm per pixel."""
    mm2, scanned = mpp**2 / 1e6, survey.scanned
    light = slide_warnings.warn_of_light(image, survey.glass)
    if light or not survey.tissue.any():  # without tissue, the reason describes the findings
        return light
    ink, colored = (int(np.count_nonzero(mask & scanned)) for mask in (survey.ink, survey.colored))
    return [
        *slide_warnings.warn_of_stain(survey.other_stains, OTHER),
        *slide_warnings.warn_of_ink(ink, colored, mm2),
        *slide_warnings.warn_of_area(survey.tissue, scanned, mm2),
        *slide_warnings.warn_of_border(survey.tissue, scanned),
    ]


def _explain_no_tissue(survey: Survey, mpp: float, sizes: TissueSettings) -> str:
    ink = np.count_nonzero(survey.ink & survey.scanned) * mpp**2 / 1e6
    dropped = f", and {ink:,.2f} mm² were left out as ink" if ink else ""
    keep = "set tissue.pen_um: 0 where the ink is stained tissue, or " if ink else ""
    return (
        f"no tissue of at least {sizes.min_area_um2:g} µm² was found{dropped}; if there is some, {keep}name a mask "
        "of your own in the sheet's column mask"
    )
