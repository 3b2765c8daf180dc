"""Open a slide file with a library that reads it, and extract its permitted properties.

Patients stay private: only the properties named here leave a slide, and its label and macro images are never opened.
"""

import errno
import hashlib
import re
import stat
import sys
from pathlib import Path
from typing import Any

import openslide
import tifffile

from lowpower.slide_state import Level
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.file_formats import advise
from lowpower.slides.pixel_size import objective_power
from lowpower.slides.slide_reader import PROVEN, AnySlide, Slide
from lowpower.slides.tiff_slide import TiffSlide
from lowpower.slides.tiff_tiles import OTHER_COMPRESSIONS

LARGEST_GLASS = 205  # mm, the longer side of an 8 x 6 inch slide, the largest that scanners accept
LARGEST_TILE = 2**28  # pixels, 1 GB when decoded; OpenSlide ends the whole process if memory runs out
_COMPRESSION = re.compile(r"TIFF compression: (\d+)")
# OpenSlide's messages for unsupported formats; "Unsupported marker" means a damaged JPEG instead
_UNSUPPORTED = re.compile(
    r"Unsupported (?:TIFF compression|transfer syntax|photometric|JPEG process|color conversion)[^:/]*"
    r"|[\w -]+ is not supported|can not handle images with [^:/]+"
)


def open_slide(path: str | Path) -> Slide | TiffSlide:
    """Open a slide with OpenSlide, or with tifffile if OpenSlide cannot read it fully.

    Raises ExcludedSlide, without the path in the message, when neither can.
    """
    path = Path(path)
    _check_file(path)
    try:
        slide = Slide(path)
    except openslide.OpenSlideError as error:
        return _open_with_tifffile(path, error)
    return _with_all_levels(slide, path) if slide.properties.get("openslide.vendor") in PROVEN else slide


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise ExcludedSlide("the sheet's path is a folder; write the path of the slide file")
        if not stat.S_ISREG(status.st_mode):
            raise ExcludedSlide("the sheet's path is not a file; write the path of the slide file")
        if status.st_size == 0:
            raise ExcludedSlide("the file is empty (0 bytes); copy it again")
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        raise ExcludedSlide(_explain_unopened(error)) from error


def _with_all_levels(slide: Slide, path: Path) -> Slide | TiffSlide:
    """Return OpenSlide's slide, or tifffile's if that has a larger image or more levels of it.

    Raises ExcludedSlide for pixels that are not 8-bit RGB, which OpenSlide would convert silently.
    """
    try:
        tiff_slide = TiffSlide(path)
    except ExcludedSlide:
        slide.close()
        raise
    except Exception:  # OpenSlide opened the file, so an error in another library is not a fault of the slide
        return slide
    is_complete = slide.dimensions == tiff_slide.dimensions and slide.level_count >= tiff_slide.level_count
    if is_complete or slide.properties["openslide.vendor"] != "generic-tiff":
        slide.warnings = tiff_slide.warnings if is_complete else slide.warnings
        return slide
    slide.close()
    return tiff_slide


def _open_with_tifffile(path: Path, error: openslide.OpenSlideError) -> TiffSlide:
    """Open with tifffile a slide that OpenSlide could not open. Raises ExcludedSlide with the reason if that fails."""
    is_unsupported = isinstance(error, openslide.OpenSlideUnsupportedFormatError)
    compression = _COMPRESSION.search(str(error))
    try:
        tiff_slide = TiffSlide(path)  # also excludes fluorescence in files of OpenSlide's formats
    except ExcludedSlide:
        raise
    except Exception as tiff_error:
        print(tiff_error, file=sys.stderr, flush=True)  # into the log only: it may name the path
    else:
        if is_unsupported or compression:
            return tiff_slide
    raise (ExcludedSlide(_explain_unsupported(path)) if is_unsupported else corrupt(error)) from error


def _explain_unsupported(path: Path) -> str:
    if path.suffix.lower() == ".mrxs" and not path.with_suffix("").is_dir():
        return "the folder of the same name, which holds the pixels of an .mrxs file, is not next to it; copy it there"
    return advise(path) or (
        "OpenSlide does not support this kind of file, or the file is cut short; copy it again, or convert it to a "
        "tiled, pyramidal TIFF"
    )


def _explain_unopened(error: OSError | ValueError) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOENT, errno.ENOTDIR):
        return "there is no file at the sheet's path; correct the path, or copy the file there"
    if code == errno.EACCES:
        return "the file cannot be read (permission denied); give read permission to the user who runs lowpower"
    if code == errno.ELOOP:
        return "the sheet's path is a symbolic link to itself; write the path of the slide file"
    return f"the file cannot be opened ({getattr(error, 'strerror', None) or error}); correct the sheet's path"


def corrupt(error: openslide.OpenSlideError) -> ExcludedSlide:
    """Build the ExcludedSlide for a file that OpenSlide, or a tile reader, fails to read."""
    print(error, file=sys.stderr, flush=True)  # into the log only: it may name the path
    compression, unsupported = _COMPRESSION.search(str(error)), _UNSUPPORTED.search(str(error))
    number = int(compression[1]) if compression else None
    if number in OTHER_COMPRESSIONS or not unsupported:
        return ExcludedSlide("the file cannot be read, it is damaged or cut short; copy it again")
    if number is None:
        return ExcludedSlide(
            f"its pixels are stored in a format that lowpower does not read ({unsupported[0]}); export it again with "
            "JPEG, as SVS, DICOM or pyramidal TIFF"
        )
    return ExcludedSlide(
        f"its pixels are compressed as {_compression_name(number)} (TIFF compression {number}), which lowpower does "
        "not read; export it again with JPEG, or convert it: `vips tiffsave FILE new.tif --tile --pyramid "
        "--compression jpeg --Q 90`"
    )


def _compression_name(number: int) -> str:
    try:
        return tifffile.COMPRESSION(number).name.replace("_", " ")
    except ValueError:
        return "a private kind"


def describe_slide(slide: AnySlide) -> dict[str, Any]:
    """Allow-list of properties that may leave a slide, for ``CheckedSlide``: vendor, size, levels, objective power."""
    width, height = slide.dimensions
    sizes = zip(slide.level_dimensions, slide.level_downsamples, strict=True)
    return {
        "vendor": slide.properties.get("openslide.vendor"),
        "width": width,
        "height": height,
        "levels": tuple(Level(w, h, round(d, 6)) for (w, h), d in sizes),
        "objective_power": objective_power(slide),
    }


def check_size(slide: AnySlide, mpp: float) -> None:
    """Raise ExcludedSlide if the header claims a size larger than any glass, or tiles too large for memory."""
    width, height = (side * mpp / 1000 for side in slide.dimensions)
    if max(width, height) > LARGEST_GLASS:
        raise ExcludedSlide(
            f"at {mpp:g} µm per pixel it would be {width:,.0f} x {height:,.0f} mm, larger than any glass slide; "
            "write the right µm per pixel into the sheet's column mpp, or copy the file again"
        )
    for level in range(slide.level_count):
        tile = f"openslide.level[{level}].tile"
        wide, tall = (int(slide.properties.get(f"{tile}-{side}", 0)) for side in ("width", "height"))
        if wide * tall > LARGEST_TILE:
            raise ExcludedSlide(
                f"its header says that level {level} has tiles of {wide:,} x {tall:,} px, too large to decode; copy "
                "the file again, or export it with smaller tiles"
            )


def fingerprint_slide(slide: AnySlide, path: str | Path) -> str:
    """Hash that identifies one image under two ids, made from OpenSlide's quickhash of the coarsest level's data.

    If a slide has no quickhash (its coarsest level is too large), the file's size and first and last MB are hashed.
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
