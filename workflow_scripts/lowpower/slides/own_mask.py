"""A pathologist's own mask of a slide's tissue."""

from pathlib import Path

import numpy as np
from PIL import Image

from lowpower.magnification import WHOLE
from lowpower.slides.slide import ExcludedSlide


def read_own_mask(path: str | Path, slide_size: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """A pathologist's mask of a slide, brought to a size: nonzero is tissue, taken as it is.

    path: an image of the whole slide at any scale; transparent pixels are background. slide_size, size: (width,
    height). Returns (height, width) bool. Raises ExcludedSlide when it is no image or has another shape than the slide.
    """
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        known = {FileNotFoundError: "does not exist", Image.DecompressionBombError: "has too many pixels"}
        what = known.get(type(error), "cannot be read as an image")
        raise ExcludedSlide(f"the file in the sheet's column mask {what}; correct it, or leave it blank") from error
    width, height = image.size
    # one pixel of rounding on each side of a small mask, 2 % on a large one
    if abs(width * slide_size[1] - height * slide_size[0]) > max(WHOLE * width * slide_size[1], sum(slide_size)):
        raise ExcludedSlide(
            f"the mask, {width} x {height} px, has not the shape of the slide, {slide_size[0]} x {slide_size[1]} px; "
            "let the mask show the whole slide"
        )
    marked = np.asarray(image) > 0
    if marked.ndim == 3:
        alpha = marked[..., -1] if image.mode in ("LA", "RGBA") else True
        marked = marked[..., : 1 if image.mode == "LA" else 3].any(axis=2) & alpha
    rows = (np.arange(size[1]) * 2 + 1) * height // (2 * size[1])
    columns = (np.arange(size[0]) * 2 + 1) * width // (2 * size[0])
    return marked[rows][:, columns]
