"""Overview of each slide: one small picture of the detected tissue and the regions cut.

It shows the tissue and only a narrow margin of glass, so that no handwriting or label is stored. An excluded slide is
gray; a slide without detected tissue is a crossed-out field.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from lowpower import files
from lowpower.slides.region_row import RegionRow
from lowpower.slides.resampling import choose_scale, read_area
from lowpower.slides.slide_reader import AnySlide

LONGEST = 340  # pixels; at this QUALITY a slide full of tissue takes 20 kB, so one HTML page holds 500
QUALITY = 80
MARGIN = 0.03  # of the longer side of the tissue's extent, so that the outline is not on the edge
TISSUE, REGION = (0, 114, 178), (213, 94, 0)  # Okabe and Ito's blue and vermilion, distinct in any color vision
PALE = 0.25  # share of white blended over the slide: dark nuclei would hide lines of one pixel
MANY = 150  # boxes, from which lines are half transparent: a dense mesh would hide the tissue
UNREADABLE = (200, 150)

Frame = tuple[float, float, float, float]


@dataclass(frozen=True)
class TissuePicture:
    """The part of a slide that holds its tissue, as a picture (RGB)."""

    picture: Image.Image
    tissue: np.ndarray  # (H, W) bool, as large as the picture
    frame: tuple[float, float, float, float]  # left, top, right, bottom of the picture in pixels of level 0


def picture_tissue(slide: AnySlide, mask: str | Path, reduction: float, longest: int = LONGEST) -> TissuePicture:
    """Read the tissue with a margin from the slide's levels; associated images may show the patient's name.

    mask: the PNG of mask_tissue, not blank. reduction: pixels of level 0 per pixel of the mask. longest: the picture's
    longest side in pixels, at most. Raises ExcludedSlide.
    """
    with Image.open(mask) as opened:
        frame = frame_tissue(np.asarray(opened) > 0, reduction, slide.dimensions)
        left, top, right, bottom = frame
        scale = choose_scale(slide.level_downsamples, max(1, (right - left) / longest, (bottom - top) / longest))
        x, y, width, height = (round(side / scale.reduction) for side in (left, top, right - left, bottom - top))
        picture = Image.fromarray(read_area(slide, scale, x, y, max(1, width), max(1, height)))
        picture.thumbnail((longest, longest), Image.Resampling.BILINEAR)
        return TissuePicture(picture, shrink_mask(opened, reduction, frame, picture.size), frame)


def frame_tissue(tissue: np.ndarray, reduction: float, slide_size: tuple[int, int]) -> Frame:
    """Left, top, right, bottom, in pixels of level 0, of a mask's (H, W) extent plus a margin, within the slide."""
    rows, columns = (np.flatnonzero(tissue.any(axis=axis)) for axis in (1, 0))
    spans = [(indices[0], indices[-1] + 1) for indices in (columns, rows)]
    margin = int(np.ceil(MARGIN * max(last - first for first, last in spans)))
    low = [max(0, first - margin) * reduction for first, _ in spans]
    # the last pixels of the mask may extend beyond the slide, the picture does not
    high = [min((last + margin) * reduction, side) for (_, last), side in zip(spans, slide_size, strict=True)]
    left, top, right, bottom = map(float, low + high)
    return left, top, right, bottom


def write_overview(output: str | Path, tissue: TissuePicture | None, regions: Sequence[RegionRow]) -> None:
    """Write the overview of a slide: JPEG, longest side at most ``LONGEST`` pixels.

    tissue: None if none was found. regions: empty for an excluded slide.
    """
    if tissue is None:
        picture = draw_unreadable()
    elif not regions:
        picture = gray_out(tissue.picture)
    else:
        picture = draw_found(tissue.picture, tissue.tissue, place_boxes(regions, tissue.frame, tissue.picture.size))
    with files.replacing(output) as part:
        picture.save(part, "JPEG", quality=QUALITY, optimize=True)


def shrink_mask(
    mask: Image.Image, reduction: float, frame: tuple[float, float, float, float], size: tuple[int, int]
) -> np.ndarray:
    """Resample a tissue mask to the picture of a frame, (H, W) bool. size: (width, height) of the picture."""
    left, top, right, bottom = (min(side / reduction, most) for side, most in zip(frame, mask.size * 2, strict=True))
    return np.asarray(mask.resize(size, Image.Resampling.BOX, box=(left, top, right, bottom))) >= 128


def place_boxes(
    regions: Sequence[RegionRow], frame: tuple[float, float, float, float], size: tuple[int, int]
) -> np.ndarray:
    """Left, top, right, bottom (n, 4) of each region in a picture, clipped to its edges; neighbors share a line."""
    boxes = np.array([[region.x, region.y, region.width, region.height] for region in regions], float)
    boxes[:, 2:] += boxes[:, :2]
    left, top, right, bottom = frame
    boxes -= np.tile((left, top), 2)
    placed = (boxes * np.tile(np.divide(size, (right - left, bottom - top)), 2)).round().astype(int)
    return placed.clip(0, np.tile(size, 2) - 1)


def draw_found(picture: Image.Image, tissue: np.ndarray, boxes: np.ndarray) -> Image.Image:
    """Draw the outline of the tissue (H, W) bool, 2 pixels wide, and boxes (n, 4), 1 pixel wide, on a picture."""
    drawn = Image.blend(picture, Image.new("RGB", picture.size, "white"), PALE)
    drawn.paste(TISSUE, mask=Image.fromarray(tissue & ~ndimage.binary_erosion(tissue, iterations=2, border_value=1)))
    lines = Image.new("L", picture.size)
    pen = ImageDraw.Draw(lines)
    for box in boxes.tolist():
        pen.rectangle(box, outline=255 if len(boxes) < MANY else 128)
    drawn.paste(REGION, mask=lines)
    return drawn


def gray_out(picture: Image.Image) -> Image.Image:
    """Convert the picture of an excluded slide to gray, its glass included."""
    return picture.convert("L").point(lambda light: 48 + 0.6 * light)


def draw_unreadable() -> Image.Image:
    """Placeholder for a slide without detected tissue: a gray field, crossed out."""
    field = Image.new("L", UNREADABLE, 200)
    pen = ImageDraw.Draw(field)
    right, bottom = (side - 1 for side in UNREADABLE)
    pen.line((0, 0, right, bottom), 150)
    pen.line((0, bottom, right, 0), 150)
    return field
