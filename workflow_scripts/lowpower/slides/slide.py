"""A slide file: opened, its scale believed or not, and any area of it read at any coarser scale.

Patients stay private: only the properties read here by name leave a slide, and its label and macro images are
never opened.
"""

import errno
import hashlib
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openslide
from PIL import Image

from lowpower.magnification import WHOLE, whole_reduction
from lowpower.slides.reader import PlainReader, Slide, TileReader
from lowpower.slides.reduce import area_mean

BELIEVED_MPP = (0.05, 20.0)  # outside it is a mistake: 72-dpi tags, for example, give 352
LARGEST_GLASS = 205  # mm, the longer side of an 8 x 6 inch slide, the largest that scanners take
LARGEST_TILE = 2**28  # pixels, 1 GB once decoded; OpenSlide ends the whole process where memory does not suffice
STRIP = 8_000_000  # stored pixels that are read at once: 32 MB as OpenSlide gives them
DEAREST = 8  # whole reductions up to this are worth reading a finer level for; beyond it nobody sees the difference


class ExcludedSlide(Exception):
    """A slide that cannot be used; the message says what was found and what to do about it."""


def open_slide(path: str | Path) -> Slide:
    """Open a slide. Raises ExcludedSlide, without the path in the message, when that is not possible."""
    path = Path(path)
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ExcludedSlide("the sheet's path leads to a folder; let it lead to the slide file")
        if not stat.S_ISREG(found.st_mode):
            raise ExcludedSlide("the sheet's path leads to something that is not a file; let it lead to the slide file")
        if found.st_size == 0:
            raise ExcludedSlide("the file is empty (0 bytes); copy it again")
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        raise ExcludedSlide(_why_not_opened(error)) from error
    try:
        return Slide(path)
    except openslide.OpenSlideUnsupportedFormatError as error:
        if path.suffix.lower() == ".mrxs" and not path.with_suffix("").is_dir():
            raise ExcludedSlide(
                "the folder of the same name, which holds the pixels of an .mrxs file, is not beside it; copy it there"
            ) from error
        raise ExcludedSlide(
            "OpenSlide does not know this kind of file, or it is cut short; copy it again, or convert it to a tiled, "
            "pyramidal TIFF"
        ) from error
    except openslide.OpenSlideError as error:
        raise _corrupt(error) from error


def _why_not_opened(error: OSError | ValueError) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOENT, errno.ENOTDIR):
        return "there is no file at the sheet's path; correct the path, or copy the file there"
    if code == errno.EACCES:
        return "the file may not be read (permission denied); give the user who runs this the right to read it"
    if code == errno.ELOOP:
        return "the sheet's path is a symbolic link that leads back to itself; let it lead to the slide file"
    return f"the file cannot be opened ({getattr(error, 'strerror', None) or error}); correct the sheet's path"


def _corrupt(error: openslide.OpenSlideError) -> ExcludedSlide:
    print(error, file=sys.stderr, flush=True)  # into the log only: it may name the path
    return ExcludedSlide("OpenSlide cannot read the file, it is damaged or cut short; copy it again")


def find_mpp(slide: openslide.OpenSlide, sheet_mpp: float | None) -> tuple[float, str]:
    """Micrometres per pixel of level 0 and where that is known from: the slide itself, else the sheet.

    Raises ExcludedSlide when neither says it credibly, or when pixels are not square within 2 %. Never guesses.
    """
    x, y = (_number(slide, f"openslide.mpp-{axis}") for axis in "xy")
    low, high = BELIEVED_MPP
    if x and y and low <= x <= high and low <= y <= high:
        if abs(x / y - 1) > WHOLE:
            raise ExcludedSlide(f"its pixels are not square ({x:g} x {y:g} µm); export it again with square pixels")
        return (x + y) / 2, "slide"
    found = f"the slide says {x:g} x {y:g} µm per pixel, which is not believed" if x and y else "the slide has no mpp"
    if sheet_mpp is None:
        raise ExcludedSlide(f"{found}; write the µm per pixel of its finest level into the sheet's column mpp")
    if not low <= sheet_mpp <= high:
        raise ExcludedSlide(
            f"{found}, and the sheet says {sheet_mpp:g}; write a value between {low:g} and {high:g} into the sheet's "
            "column mpp"
        )
    return float(sheet_mpp), "sheet"


def describe_slide(slide: openslide.OpenSlide) -> dict:
    """What may be known of a slide: vendor, size, levels, objective power; an allow-list."""
    width, height = slide.dimensions
    sizes = zip(slide.level_dimensions, slide.level_downsamples, strict=True)
    return {
        "vendor": slide.properties.get("openslide.vendor"),
        "width": width,
        "height": height,
        "levels": [{"width": w, "height": h, "downsample": round(d, 6)} for (w, h), d in sizes],
        "objective_power": _number(slide, "openslide.objective-power"),
    }


def check_size(slide: openslide.OpenSlide, mpp: float) -> None:
    """Raise ExcludedSlide where the header claims a size beyond any glass, or tiles beyond any memory."""
    width, height = (side * mpp / 1000 for side in slide.dimensions)
    if max(width, height) > LARGEST_GLASS:
        raise ExcludedSlide(
            f"at {mpp:g} µm per pixel it would be {width:,.0f} x {height:,.0f} mm, larger than any glass slide; "
            "correct its mpp, or copy the file again"
        )
    for level in range(slide.level_count):
        tile = f"openslide.level[{level}].tile"
        wide, tall = (int(slide.properties.get(f"{tile}-{side}", 0)) for side in ("width", "height"))
        if wide * tall > LARGEST_TILE:
            raise ExcludedSlide(
                f"its header says that level {level} has tiles of {wide:,} x {tall:,} px, too large to decode; copy "
                "the file again, or export it with smaller tiles"
            )


def fingerprint_slide(slide: openslide.OpenSlide, path: str | Path) -> str:
    """A hash by which one image under two ids is known: of OpenSlide's quickhash, a hash of the coarsest level's data.

    Where a slide has none (its coarsest level is too large for one), of the file's size and its first and last MB.
    """
    quick = slide.properties.get("openslide.quickhash-1")
    content = hashlib.sha256((quick or "").encode())
    if not quick:
        size = Path(path).stat().st_size
        with open(path, "rb") as file:
            content.update(f"{size}".encode() + file.read(10**6))
            file.seek(max(0, size - 10**6))
            content.update(file.read())
    return content.hexdigest()[:16]


def _number(slide: openslide.OpenSlide, name: str) -> float | None:
    try:
        number = float(slide.properties.get(name, ""))
    except ValueError:
        return None
    return number if np.isfinite(number) else None


@dataclass(frozen=True)
class Scale:
    """How pixels of a wanted size are made from a slide's stored pixels."""

    level: int
    downsample: float  # of that level, as the file has it: 3.9998 stays 3.9998
    shrink: int | float  # stored pixels of that level per wanted pixel, along a side; an int is an exact mean

    @property
    def reduction(self) -> float:
        """Pixels of level 0 per wanted pixel, along a side."""
        return self.downsample * self.shrink

    @property
    def resampling(self) -> str:
        """In words, for tables."""
        if isinstance(self.shrink, int):
            return "as stored" if self.shrink == 1 else f"mean {self.shrink}x{self.shrink}"
        return f"box {self.shrink:.4g}"


def choose_scale(downsamples: Sequence[float], reduction: float) -> Scale:
    """The way to pixels ``reduction`` times as wide as those of level 0, within 2 %.

    It starts from the coarsest level that leaves a whole reduction of at most ``DEAREST``, which is an exact mean;
    if there is none, from the coarsest level of all that need not be enlarged by more than 2 %, with a box filter.
    Raises ValueError when even level 0 would have to be enlarged.
    """
    shrinks = {level: reduction / d for level, d in enumerate(downsamples) if reduction / d >= 1 - WHOLE}
    if not shrinks:
        raise ValueError(f"a reduction by {reduction:g} would enlarge the slide's own pixels")
    whole = [level for level, shrink in shrinks.items() if (whole_reduction(shrink) or DEAREST + 1) <= DEAREST]
    level = max(whole or shrinks, key=lambda level: downsamples[level])
    return Scale(level, downsamples[level], whole_reduction(shrinks[level]) or shrinks[level])


def read_area(
    slide: Slide, scale: Scale, x: int, y: int, width: int, height: int, out: np.ndarray | None = None
) -> np.ndarray:
    """The pixels of a box, (height, width, 3) uint8, white outside the slide.

    x, y, width, height: in pixels of this scale, from the slide's upper left corner; may reach outside. out: an array
    to fill, or None for a new one. Raises ExcludedSlide when the file turns out to be damaged there.
    """
    area = np.empty((height, width, 3), np.uint8) if out is None else out
    # as wide as the box, so that two strips share a single row of tiles, which the reader has kept
    rows = max(1, int(STRIP / (width * scale.shrink**2)))
    try:
        reader = slide.reader(scale.level)
        for top in range(0, height, rows):
            _fill(area[top : top + rows], reader, scale.shrink, x, y + top)
    except openslide.OpenSlideError as error:
        raise _corrupt(error) from error
    return area


def _fill(out: np.ndarray, reader: PlainReader | TileReader, shrink: int | float, x: int, y: int) -> None:
    if isinstance(shrink, int) and shrink == 1:
        reader.fill(out, x, y)
        return
    height, width = out.shape[:2]
    box = [v * shrink for v in (x, y, x + width, y + height)]
    left, top = int(np.floor(box[0])), int(np.floor(box[1]))
    stored = np.empty((int(np.ceil(box[3])) - top, int(np.ceil(box[2])) - left, 3), np.uint8)
    reader.fill(stored, left, top)
    if isinstance(shrink, int):
        out[:] = area_mean(stored, shrink)
    else:
        inner = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
        out[:] = np.asarray(Image.fromarray(stored).resize((width, height), Image.Resampling.BOX, box=inner))
