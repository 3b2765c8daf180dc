"""A slide file: opened, its scale believed or not, and what may be known of it.

Patients stay private: only the properties read here by name leave a slide, and its label and macro images are
never opened.
"""

import errno
import hashlib
import stat
import sys
from pathlib import Path

import numpy as np
import openslide

from lowpower.magnification import WHOLE
from lowpower.slides.reader import Slide

BELIEVED_MPP = (0.05, 20.0)  # outside it is a mistake: 72-dpi tags, for example, give 352
LARGEST_GLASS = 205  # mm, the longer side of an 8 x 6 inch slide, the largest that scanners take
LARGEST_TILE = 2**28  # pixels, 1 GB once decoded; OpenSlide ends the whole process where memory does not suffice


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
        raise corrupt(error) from error


def _why_not_opened(error: OSError | ValueError) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOENT, errno.ENOTDIR):
        return "there is no file at the sheet's path; correct the path, or copy the file there"
    if code == errno.EACCES:
        return "the file may not be read (permission denied); give the user who runs this the right to read it"
    if code == errno.ELOOP:
        return "the sheet's path is a symbolic link that leads back to itself; let it lead to the slide file"
    return f"the file cannot be opened ({getattr(error, 'strerror', None) or error}); correct the sheet's path"


def corrupt(error: openslide.OpenSlideError) -> ExcludedSlide:
    """What to say of a file that OpenSlide stumbles over."""
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
