"""Read a pathologist's own tissue mask, and resample it to the position and scale of lowpower's masks.

It shows the whole slide or, if the slide file gives one, the scanned area; the aspect ratio decides which.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from lowpower.magnification import WHOLE
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.mask_values import find_marked
from lowpower.slides.slide_reader import AnySlide

FILE = "the file in the sheet's column mask"
AS_STORED = ("1", "L", "P", "LA", "RGB", "RGBA", "I", "I;16", "I;16B", "F")  # for a palette, the indices count
LOSSY = ("JPEG", "MPO", "JPEG2000", "WEBP")

Area = tuple[int, int, int, int]  # left, top, width, height in pixels of level 0


def scanned_area(slide: AnySlide) -> Area:
    """Scanned part of level 0, if the file gives it (MIRAX), else all of level 0."""
    try:
        x, y, width, height = (int(slide.properties[f"openslide.bounds-{k}"]) for k in ("x", "y", "width", "height"))
    except (KeyError, ValueError):
        return 0, 0, *slide.dimensions
    return (x, y, width, height) if width > 0 and height > 0 else (0, 0, *slide.dimensions)


def read_own_mask(
    path: str | Path, slide_size: tuple[int, int], size: tuple[int, int], scanned: Area
) -> tuple[np.ndarray, list[str]]:
    """Read a pathologist's mask of a slide at a size, with warnings.

    path: an image, at any scale, of the whole slide or of its scanned area; transparent pixels are background.
    slide_size, size: (width, height) of level 0 and of the result. Returns (height, width) bool and warnings. Raises
    ExcludedSlide when it is not an image, matches the shape of neither area, or has more than two values.
    """
    try:
        with Image.open(path) as opened:
            opened.load()
            kind = opened.format
            image: Image.Image = opened
            if image.mode not in AS_STORED:
                image = image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, "RGB"))
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises many kinds, depending on the file
        problems = {FileNotFoundError: "does not exist", Image.DecompressionBombError: "has too many pixels"}
        problem = problems.get(type(error), "cannot be read as an image")
        raise ExcludedSlide(f"{FILE} {problem}; correct it, or leave it blank") from error
    area, warnings = _find_area(image.size, slide_size, scanned)
    x, y = (_stored_at(image.size[k], area[k], area[k + 2], slide_size[k], size[k]) for k in (0, 1))
    (columns, column), (rows, row) = (np.unique(index[index >= 0], return_inverse=True) for index in (x, y))
    marked, value_warnings = find_marked(_select_pixels(image, rows, columns), kind in LOSSY)
    mask = np.zeros((size[1], size[0]), bool)
    mask[np.ix_(y >= 0, x >= 0)] = marked[row][:, column]
    return mask, warnings + value_warnings


def _stored_at(stored: int, start: int, length: int, slide: int, count: int) -> np.ndarray:
    """Index of the mask pixel at the center of each of ``count`` pixels across a slide; -1 outside the mask.

    stored: pixels of the mask. start, length: of the area that it shows. start, length, slide: in pixels of level 0.
    """
    index = ((2 * np.arange(count) + 1) * slide - 2 * count * start) * stored // (2 * count * length)
    return np.where((index >= 0) & (index < stored), index, -1)


def _find_area(mask: tuple[int, int], slide_size: tuple[int, int], scanned: Area) -> tuple[Area, list[str]]:
    """Find the area that a mask of a size (width, height) shows, by its aspect ratio, with warnings."""
    areas = dict.fromkeys([(0, 0, *slide_size), scanned])
    fitting = [area for area in areas if _fits(mask, area[2:], WHOLE)]
    exact = [area for area in fitting if _fits(mask, area[2:], 0)]
    if len(exact) == 1 or len(fitting) == 1:
        return (exact or fitting)[0], []
    shapes = " or of its scanned area, ".join(f"{width} x {height} px" for _, _, width, height in areas)
    if fitting:
        return fitting[0], [
            f"the mask, {mask[0]} x {mask[1]} px, has the shape of the slide, {shapes}, and was taken for the whole "
            "slide; look at the overview, and add an empty margin to the mask if that is wrong"
        ]
    turned = any(_fits(mask[::-1], area[2:], WHOLE) for area in areas)
    raise ExcludedSlide(
        f"the mask, {mask[0]} x {mask[1]} px, does not have the shape of the slide, {shapes}; "
        + ("turn it by 90 degrees" if turned else "make the mask cover the whole slide")
    )


def _fits(mask: tuple[int, int], area: Sequence[int], share: float) -> bool:
    """True if two shapes agree within a share, or within one pixel of rounding on each side of the mask."""
    return abs(mask[0] * area[1] - mask[1] * area[0]) <= max(share * mask[0] * area[1], sum(area))


def _select_pixels(image: Image.Image, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Selected rows and columns of an image, (H, W, channels), without alpha; transparent pixels are 0."""
    pixels = np.asarray(image)[rows][:, columns]
    if pixels.ndim == 2:
        return np.nan_to_num(pixels)[..., None]
    if image.mode in ("LA", "RGBA"):
        return pixels[..., :-1] * (pixels[..., -1:] >= 128)
    return pixels
