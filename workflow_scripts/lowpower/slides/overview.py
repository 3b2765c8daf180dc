"""One small picture of each slide, to be seen at a glance: what was taken for tissue, and which regions were cut.

An excluded slide is gray; one that could not be read is a crossed-out field.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from lowpower import files

LONGEST = 340  # pixels; at this QUALITY a slide of nearly all tissue takes 20 kB, so that one HTML page holds 500
QUALITY = 80
TISSUE, REGION = (0, 114, 178), (213, 94, 0)  # Okabe and Ito's blue and vermilion: told apart by any color vision
PALE = 0.25  # share of white laid over the slide: dark nuclei would drown lines of one pixel
MANY = 150  # boxes; a mesh of so many would hide the tissue, so its lines are half transparent
UNREADABLE = (200, 150)


def write_overview(
    output: str | Path,
    thumbnail: str | Path,
    mask: str | Path,
    reduction: float | None,
    slide_size: tuple[int, int],
    regions: list[dict],
) -> None:
    """Write the overview of a slide: JPEG, longest side at most ``LONGEST`` pixels.

    thumbnail, mask: the PNGs of check_slide and mask_tissue. reduction: pixels of level 0 per pixel of the mask.
    slide_size: (width, height) at level 0. regions: x, y, width, height of each at level 0; none at all means that
    the slide is excluded.
    """
    with Image.open(thumbnail) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BILINEAR)
    if picture.size == (1, 1):
        picture = draw_unreadable()
    elif not regions:
        picture = gray_out(picture)
    else:
        with Image.open(mask) as opened:
            tissue = shrink_mask(opened, reduction, slide_size, picture.size)
        picture = draw_found(picture, tissue, place_boxes(regions, slide_size, picture.size))
    with files.replacing(output) as part:
        picture.save(part, "JPEG", quality=QUALITY, optimize=True)


def shrink_mask(mask: Image.Image, reduction: float, slide_size: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Where the tissue is in a picture of the whole slide, (H, W) bool. slide_size, size: (width, height)."""
    # the last pixels of the mask may reach beyond the slide, the picture does not
    right, bottom = (min(whole / reduction, side) for whole, side in zip(slide_size, mask.size, strict=True))
    return np.asarray(mask.resize(size, Image.Resampling.BOX, box=(0, 0, right, bottom))) >= 128


def place_boxes(regions: list[dict], slide_size: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Left, top, right, bottom (n, 4) of each region in a picture, cut off at its edges; neighbors share a line."""
    boxes = np.array([[region[name] for name in ("x", "y", "width", "height")] for region in regions], float)
    boxes[:, 2:] += boxes[:, :2]
    placed = (boxes * np.tile(np.divide(size, slide_size), 2)).round().astype(int)
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
    """What stands for a slide that cannot be shown: a gray field, crossed out."""
    field = Image.new("L", UNREADABLE, 200)
    pen = ImageDraw.Draw(field)
    right, bottom = (side - 1 for side in UNREADABLE)
    pen.line((0, 0, right, bottom), 150)
    pen.line((0, bottom, right, 0), 150)
    return field
