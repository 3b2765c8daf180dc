"""Read any area of a slide at any coarser scale, from a suitable stored level."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openslide
from PIL import Image

from lowpower.magnification import WHOLE, whole_reduction
from lowpower.slides.downsampling import area_mean
from lowpower.slides.slide import corrupt
from lowpower.slides.slide_reader import AnySlide, PlainReader
from lowpower.slides.tiff_tiles import TileReader

STRIP = 8_000_000  # stored pixels read at once: 32 MB as RGBA of OpenSlide
DEAREST = 8  # largest whole reduction that justifies reading a finer level; beyond it the difference is invisible


@dataclass(frozen=True)
class Scale:
    """Recipe for pixels of a wanted size from a slide's stored pixels."""

    level: int
    downsample: float  # of that level, as in the file: 3.9998 stays 3.9998
    shrink: int | float  # stored pixels of that level per wanted pixel, along a side; an int is an exact mean

    @property
    def reduction(self) -> float:
        """Pixels of level 0 per wanted pixel, along a side."""
        return self.downsample * self.shrink

    @property
    def resampling(self) -> str:
        """Description for tables."""
        if isinstance(self.shrink, int):
            return "as stored" if self.shrink == 1 else f"mean {self.shrink}x{self.shrink}"
        return f"box {self.shrink:.4g}"


def choose_scale(downsamples: Sequence[float], reduction: float) -> Scale:
    """Choose level and reduction for pixels ``reduction`` times as wide as those of level 0, within 2 %.

    Prefer the coarsest level with a whole reduction of at most ``DEAREST``, which is an exact mean. Otherwise use the
    coarsest level that need not be enlarged by more than 2 %, with a box filter.
    Raises ValueError when even level 0 would have to be enlarged.
    """
    shrinks = {level: reduction / d for level, d in enumerate(downsamples) if reduction / d >= 1 - WHOLE}
    if not shrinks:
        raise ValueError(f"a reduction by {reduction:g} would enlarge the slide's own pixels")
    integer_levels = [level for level, shrink in shrinks.items() if (whole_reduction(shrink) or DEAREST + 1) <= DEAREST]
    level = max(integer_levels or shrinks, key=lambda level: downsamples[level])
    return Scale(level, downsamples[level], whole_reduction(shrinks[level]) or shrinks[level])


def read_area(
    slide: AnySlide, scale: Scale, x: float, y: float, width: int, height: int, out: np.ndarray | None = None
) -> np.ndarray:
    """Read the pixels of a box, (height, width, 3) uint8, white outside the slide.

    x, y, width, height: in pixels of this scale, from the slide's upper left corner; may extend beyond the slide. x
    and y are whole unless ``scale.shrink`` is a float. out: an array to fill, or None for a new one. Raises
    ExcludedSlide when the file is damaged there.
    """
    area = np.empty((height, width, 3), np.uint8) if out is None else out
    # strips are as wide as the box, so two of them share one row of tiles, which the reader has cached
    rows = max(1, int(STRIP / (width * scale.shrink**2)))
    try:
        reader = slide.reader(scale.level)
        for top in range(0, height, rows):
            _fill(area[top : top + rows], reader, scale.shrink, x, y + top)
    except openslide.OpenSlideError as error:
        raise corrupt(error) from error
    return area


def _fill(out: np.ndarray, reader: PlainReader | TileReader, shrink: int | float, x: float, y: float) -> None:
    if isinstance(shrink, int) and shrink == 1:
        reader.fill(out, int(x), int(y))
        return
    height, width = out.shape[:2]
    sides = [v * shrink for v in (x, y, x + width, y + height)]
    left, top = int(np.floor(sides[0])), int(np.floor(sides[1]))
    stored = np.empty((int(np.ceil(sides[3])) - top, int(np.ceil(sides[2])) - left, 3), np.uint8)
    reader.fill(stored, left, top)
    if isinstance(shrink, int):
        out[:] = area_mean(stored, shrink)
    else:
        inner = (sides[0] - left, sides[1] - top, sides[2] - left, sides[3] - top)
        out[:] = np.asarray(Image.fromarray(stored).resize((width, height), Image.Resampling.BOX, box=inner))
