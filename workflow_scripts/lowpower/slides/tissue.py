"""Where the tissue is: one mask per slide, at a fixed scale, that all magnifications share."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from lowpower import files
from lowpower.slides.area import choose_scale, read_area
from lowpower.slides.mask_place import doubt_place
from lowpower.slides.own_mask import read_own_mask, scanned_area
from lowpower.slides.pen import absorbance, follow_strokes, likely_ink, sure_ink
from lowpower.slides.shape import EIGHT, close_gaps, drop_small, fill_small, strips
from lowpower.slides.slide import ExcludedSlide, open_slide
from lowpower.slides.state import carry_on, is_usable, say_state, write_picture

# Stain takes more light of one color than of another; dust, shadows and black corners do not. The bounds are on the
# spread between the channels, as shares of the glass. STAIN makes a piece of tissue: up to .06 the edge of a cover
# glass did too. FAINT is followed from there: pale tissue, and edges that fill half of a pixel. At .02 it would follow
# the tinted glass of one slide beside its unscanned white.
STAIN, FAINT = 0.07, 0.04
GLASS = 220  # the brightest part of a slide is its glass only where it is this bright; else all of it is tissue


@dataclass(frozen=True)
class Sizes:
    """What is small on a slide; the section ``tissue`` of the config, without the scale of the mask."""

    min_area_um2: float = 10000  # pieces below are dropped
    max_hole_um2: float = 20000  # holes below are filled; a large fat cell, 150 µm across, has 17,700
    close_um: float = 32  # gaps up to this width are closed
    faint_um: float = 64  # faint stain is followed this far
    pen_um: float = 100  # strokes of ink from about this width on are dropped; 0 looks for none


def find_tissue(image: np.ndarray, mpp: float, sizes: Sizes) -> np.ndarray:
    """The tissue in an image of a slide stained with hematoxylin and eosin, (H, W) bool, without ink.

    image: (H, W, 3) uint8 at ``mpp`` µm per pixel.
    """
    tissue, faint, pen = _read_colors(image, sizes.pen_um / mpp)
    tissue = _settle(tissue, pen, mpp, sizes)
    reach = round(sizes.faint_um / mpp)
    if reach and tissue.any():
        tissue = ndimage.binary_dilation(tissue, EIGHT, reach, mask=tissue | faint)
        tissue = _settle(tissue, pen, mpp, sizes)
    return tissue


def _read_colors(image: np.ndarray, pen: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where an image (H, W, 3) is stained, at least faintly stained, and drawn on; three masks (H, W), apart from ink.

    pen: width of a stroke in pixels, 0 for none.
    """
    glass = np.maximum([np.percentile(image[..., c], 95) for c in range(3)], GLASS)
    light = np.minimum(1, np.arange(256)[:, None] / glass).astype(np.float32)
    dark = absorbance(glass)
    stained, faint, sure, likely = (np.zeros(image.shape[:2], bool) for _ in range(4))
    for rows in strips(image):
        channels = [light[:, c][image[rows, :, c]] for c in range(3)]
        spread = np.maximum.reduce(channels) - np.minimum.reduce(channels)
        stained[rows], faint[rows] = spread > STAIN, spread > FAINT
        if pen:
            channels = [dark[:, c][image[rows, :, c]] for c in range(3)]
            sure[rows], likely[rows] = sure_ink(*channels), likely_ink(*channels)
    ink = follow_strokes(sure, likely, pen) if pen else sure
    return stained & ~ink, faint & ~ink, ink


def _settle(tissue: np.ndarray, pen: np.ndarray, mpp: float, sizes: Sizes) -> np.ndarray:
    """Tissue (H, W) with its gaps closed, small holes filled and small pieces dropped; what is pen stays out."""
    tissue = close_gaps(tissue, round(sizes.close_um / mpp)) & ~pen
    tissue = fill_small(tissue, sizes.max_hole_um2 / mpp**2) & ~pen
    return drop_small(tissue, sizes.min_area_um2 / mpp**2)


def mask_tissue(
    check: str | Path,
    path: str,
    own_mask: str,
    mask_mpp: float,
    sizes: Sizes,
    mask: str | Path,
    state: str | Path,
) -> None:
    """Write a slide's tissue mask (PNG, 0 and 255; one black pixel for an excluded slide) and its state.

    check: the state that check_slide wrote. path: the slide. own_mask: a pathologist's mask to use instead, or "".
    mask_mpp: wanted µm per pixel. state: JSON with the mask_mpp that came of it, the mask's reduction (pixels of
    level 0 per pixel of the mask) and the area of tissue.
    """
    checked = files.read_json(check)
    tissue, reason, warnings = np.zeros((1, 1), bool), "", []
    found = {"mask_mpp": None, "reduction": None, "tissue_mm2": None}
    if is_usable(checked):
        try:
            tissue, reduction, warnings = _mask(path, checked["mpp"], own_mask, mask_mpp, sizes)
            mpp = checked["mpp"] * reduction
            area = round(int(tissue.sum()) * mpp**2 / 1e6, 6)
            found = {"mask_mpp": round(mpp, 6), "reduction": reduction, "tissue_mm2": area}
            if not tissue.any() and own_mask:
                reason = "the mask of the sheet marks no tissue; mark some, or leave the column mask blank"
            elif not tissue.any():
                reason = (
                    f"no tissue of at least {sizes.min_area_um2:g} µm² was found; if there is some, name a mask "
                    "of your own in the sheet's column mask"
                )
        except ExcludedSlide as error:
            reason = str(error)
    write_picture(mask, tissue.astype(np.uint8) * 255)
    masked = carry_on(checked, "mask_tissue", reason, warnings, **found)
    files.write_json(state, masked)
    say_state(masked, "mask_tissue", "{tissue_mm2:,.2f} mm² of tissue")


def _mask(path: str, mpp: float, own_mask: str, mask_mpp: float, sizes: Sizes) -> tuple[np.ndarray, float, list[str]]:
    """The mask, its reduction and what is doubtful about it. A slide coarser than mask_mpp is masked pixel by pixel."""
    with open_slide(path) as slide:
        scale = choose_scale(slide.level_downsamples, max(1, mask_mpp / mpp))
        # rounded up, so that the last mask pixel may reach beyond the slide but all of the slide is covered
        size = [math.ceil(side / scale.reduction) for side in slide.dimensions]
        if own_mask:
            mask, warnings = read_own_mask(own_mask, slide.dimensions, size, scanned_area(slide))
            return mask, scale.reduction, warnings + doubt_place(slide, mask)
        image = read_area(slide, scale, 0, 0, *size)
    return find_tissue(image, mpp * scale.reduction, sizes), scale.reduction, []
