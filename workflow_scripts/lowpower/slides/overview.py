"""One small picture of each slide, to be seen at a glance: what was taken for tissue, and which regions were cut.

It shows the tissue and no more of the glass than a narrow margin: handwriting and labels stay out of what is kept. An
excluded slide is gray; one whose tissue was not found is a crossed-out field.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openslide
from PIL import Image, ImageDraw
from scipy import ndimage

from lowpower import files
from lowpower.slides.resampling import choose_scale, read_area

LONGEST = 340  # pixels; at this QUALITY a slide of nearly all tissue takes 20 kB, so that one HTML page holds 500
QUALITY = 80
MARGIN = 0.03  # of the longer side of what the tissue spans, so that its outline does not lie on the edge
TISSUE, REGION = (0, 114, 178), (213, 94, 0)  # Okabe and Ito's blue and vermilion: told apart by any color vision
PALE = 0.25  # share of white laid over the slide: dark nuclei would drown lines of one pixel
MANY = 150  # boxes; a mesh of so many would hide the tissue, so its lines are half transparent
UNREADABLE = (200, 150)


@dataclass(frozen=True)
class TissuePicture:
    """The part of a slide that holds its tissue. picture: RGB, longest side at most ``LONGEST`` pixels."""

    picture: Image.Image
    tissue: np.ndarray  # (H, W) bool, as large as the picture
    frame: tuple[float, float, float, float]  # left, top, right, bottom of the picture in pixels of level 0


def picture_tissue(slide: openslide.OpenSlide, mask: str | Path, reduction: float) -> TissuePicture:
    """A slide's tissue with a margin, from the slide's own levels: its associated images may show the patient's name.

    mask: the PNG of mask_tissue, not blank. reduction: pixels of level 0 per pixel of the mask. Raises ExcludedSlide.
    """
    with Image.open(mask) as opened:
        frame = frame_tissue(np.asarray(opened) > 0, reduction, slide.dimensions)
        left, top, right, bottom = frame
        scale = choose_scale(slide.level_downsamples, max(1, (right - left) / LONGEST, (bottom - top) / LONGEST))
        x, y, width, height = (round(side / scale.reduction) for side in (left, top, right - left, bottom - top))
        picture = Image.fromarray(read_area(slide, scale, x, y, max(1, width), max(1, height)))
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
        return TissuePicture(picture, shrink_mask(opened, reduction, frame, picture.size), frame)


def frame_tissue(tissue: np.ndarray, reduction: float, slide_size: tuple[int, int]) -> tuple[float, ...]:
    """Left, top, right, bottom in pixels of level 0 of what a mask (H, W) spans, with a margin, within the slide."""
    rows, columns = (np.flatnonzero(tissue.any(axis=axis)) for axis in (1, 0))
    spans = [(found[0], found[-1] + 1) for found in (columns, rows)]
    margin = int(np.ceil(MARGIN * max(last - first for first, last in spans)))
    low = [max(0, first - margin) * reduction for first, _ in spans]
    # the last pixels of the mask may reach beyond the slide, the picture does not
    high = [min((last + margin) * reduction, side) for (_, last), side in zip(spans, slide_size, strict=True)]
    return tuple(map(float, low + high))


def write_overview(output: str | Path, sight: TissuePicture | None, regions: list[dict]) -> None:
    """Write the overview of a slide: JPEG, longest side at most ``LONGEST`` pixels.

    sight: its tissue, or None where none was found. regions: x, y, width, height of each at level 0; none at all means
    that the slide is excluded.
    """
    if sight is None:
        picture = draw_unreadable()
    elif not regions:
        picture = gray_out(sight.picture)
    else:
        picture = draw_found(sight.picture, sight.tissue, place_boxes(regions, sight.frame, sight.picture.size))
    with files.replacing(output) as part:
        picture.save(part, "JPEG", quality=QUALITY, optimize=True)


def shrink_mask(
    mask: Image.Image, reduction: float, frame: tuple[float, float, float, float], size: tuple[int, int]
) -> np.ndarray:
    """Where the tissue is in a picture of a frame of the slide, (H, W) bool. size: (width, height) of the picture."""
    box = [min(side / reduction, most) for side, most in zip(frame, mask.size * 2, strict=True)]
    return np.asarray(mask.resize(size, Image.Resampling.BOX, box=box)) >= 128


def place_boxes(regions: list[dict], frame: tuple[float, float, float, float], size: tuple[int, int]) -> np.ndarray:
    """Left, top, right, bottom (n, 4) of each region in a picture, cut off at its edges; neighbors share a line."""
    boxes = np.array([[region[name] for name in ("x", "y", "width", "height")] for region in regions], float)
    boxes[:, 2:] += boxes[:, :2]
    left, top, right, bottom = frame
    boxes -= np.tile((left, top), 2)
    placed = (boxes * np.tile(np.divide(size, (right - left, bottom - top)), 2)).round().astype(int)
    return placed.clip(0, np.tile(size, 2) - 1)


def draw_found(picture: Image.Image, tissue: np.ndarray, boxes: np.ndarray) -> Image.Image:
    """A picture with the outline of its tissue (H, W) bool, 2 pixels wide, and with boxes (n, 4), 1 pixel wide."""
    drawn = Image.blend(picture, Image.new("RGB", picture.size, "white"), PALE)
    drawn.paste(TISSUE, mask=Image.fromarray(tissue & ~ndimage.binary_erosion(tissue, iterations=2, border_value=1)))
    lines = Image.new("L", picture.size)
    pen = ImageDraw.Draw(lines)
    for box in boxes.tolist():
        pen.rectangle(box, outline=255 if len(boxes) < MANY else 128)
    drawn.paste(REGION, mask=lines)
    return drawn


def gray_out(picture: Image.Image) -> Image.Image:
    """The picture of a slide that is left out: without color, and its glass gray too."""
    return picture.convert("L").point(lambda light: 48 + 0.6 * light)


def draw_unreadable() -> Image.Image:
    """What stands for a slide without tissue to show: a gray field, crossed out."""
    field = Image.new("L", UNREADABLE, 200)
    pen = ImageDraw.Draw(field)
    right, bottom = (side - 1 for side in UNREADABLE)
    pen.line((0, 0, right, bottom), 150)
    pen.line((0, bottom, right, 0), 150)
    return field
