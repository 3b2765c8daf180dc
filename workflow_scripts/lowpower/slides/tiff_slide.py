"""Read with tifffile the slides that OpenSlide cannot read fully: other compressions, strips, levels in SubIFDs.

OpenSlide takes the first image of a plain TIFF, which may be the label in an OME-TIFF, and misses levels in SubIFDs. It
also converts any samples to 8 bits, and shows only the first of several channels.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from lowpower.magnification import WHOLE
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.tiff_tiles import TileReader, tiles_of

VENDORS = {"ome": "ome-tiff", "svs": "aperio", "qpi": "akoya"}  # by tifffile's name of the format; else "tiff"
COMPOSITE = ("bif", "ndpi", "scn")  # formats whose images are more than tiles side by side
UM_PER_UNIT = {2: 25400, 3: 10000}  # ResolutionUnit: inch, centimeter
RIVAL = 0.25  # an image of the file with at least this share of the slide's pixels may be a second slide


class TiffSlide:
    """An open slide with the interface of ``slide_reader.Slide``; only the image of the slide is ever opened."""

    def __init__(self, path: str | Path):
        """Open a slide. Raises ExcludedSlide if its pixels are not 8-bit RGB, other exceptions for other files."""
        self._path = path
        self._readers: dict[int, TileReader] = {}
        with _open_strictly(path) as tiff:
            series = tiff.series[0] if tiff.is_svs else max(tiff.series, key=_area)
            check_pixels(series)
            pages = [level.keyframe for level in series.levels]
            if any(getattr(tiff, f"is_{kind}") for kind in COMPOSITE) or any(page.parent is not tiff for page in pages):
                raise ValueError(f"its pixels are more than tiles of this file side by side: {tiff.flags}")
            self._tiles = [tiles_of(page) for page in pages]
            self.properties = _properties(tiff, pages[0])
            self.warnings = [] if tiff.is_svs else _warn_of_others(tiff.series, series)
        self.level_dimensions = tuple(tiles.size for tiles in self._tiles)
        self.level_count, self.dimensions = len(self._tiles), self.level_dimensions[0]
        self.level_downsamples = tuple(_downsample(self.dimensions, size) for size in self.level_dimensions)
        for level, tiles in enumerate(self._tiles):
            for name, side in zip(("width", "height"), tiles.tile, strict=True):
                self.properties[f"openslide.level[{level}].tile-{name}"] = str(side)

    def reader(self, level: int) -> TileReader:
        """Reader of a level."""
        if level not in self._readers:
            self._readers[level] = TileReader(self._path, self._tiles[level])
        return self._readers[level]

    def read_region(self, location: tuple[int, int], level: int, size: tuple[int, int]) -> Image.Image:
        """Read a box of a level as RGBA, transparent outside the slide and where no tile was stored.

        Transparent pixels inside a tile become white. location: in pixels of level 0. Raises
        openslide.OpenSlideError when the file is damaged there.
        """
        reader, (width, height) = self.reader(level), size
        x, y = (int(side // self.level_downsamples[level]) for side in location)
        pixels = np.zeros((height, width, 4), np.uint8)
        color = np.empty((height, width, 3), np.uint8)
        reader.fill(color, x, y)
        for index, _, (left, top, right, bottom) in reader.touched(x, y, width, height):
            if self._tiles[level].counts[index]:
                shared = slice(top - y, bottom - y), slice(left - x, right - x)
                pixels[(*shared, slice(3))], pixels[(*shared, 3)] = color[shared], 255
        return Image.fromarray(pixels)

    def close(self) -> None:
        """Close the files of the readers."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def __enter__(self) -> "TiffSlide":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _ErrorHandler(logging.Handler):
    """Collect the errors that a library only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _open_strictly(path: str | Path) -> Iterator[tifffile.TiffFile]:
    """Open a TIFF file. Raises ValueError if a part is lost: tifffile would only log that and read the rest."""
    log, errors = tifffile.logger(), _ErrorHandler()
    log.addHandler(errors)
    try:
        with tifffile.TiffFile(path) as tiff:
            if not tiff.series or errors.messages:
                raise ValueError("the file is damaged")
            yield tiff
    finally:
        log.removeHandler(errors)


def _area(series: tifffile.TiffPageSeries) -> int:
    return series.keyframe.imagewidth * series.keyframe.imagelength


def _downsample(finest: tuple[int, int], size: tuple[int, int]) -> float:
    """Downsample as in OpenSlide, the mean of both sides. Raises ValueError for a level of another shape."""
    across, down = (a / b for a, b in zip(finest, size, strict=True))
    if abs(across / down - 1) > max(WHOLE, 2 / min(size)):  # a side may be rounded up or down
        raise ValueError(f"a level of another shape than {finest}: {size}")
    return (across + down) / 2


def check_pixels(series: tifffile.TiffPageSeries) -> None:
    """Raise ExcludedSlide for pixels that are not 8-bit RGB: fluorescence, gray, 16 bits, floats."""
    page = series.keyframe
    color = page.samplesperpixel in (3, 4) or page.photometric == tifffile.PHOTOMETRIC.PALETTE
    if color and page.bitspersample == 8 and page.sampleformat == tifffile.SAMPLEFORMAT.UINT:
        return
    samples = "RGB" if color else "gray" if page.samplesperpixel == 1 else f"of {page.samplesperpixel} samples"
    number = " floats" if page.sampleformat == tifffile.SAMPLEFORMAT.IEEEFP else ""
    planes = f", {len(series.pages)} of them (channels or focal planes)" if len(series.pages) > 1 else ""
    raise ExcludedSlide(
        f"its pixels are {page.bitspersample}-bit{number} {samples}{planes}, not the 8-bit RGB of a brightfield scan; "
        "export it as that, or leave the slide out"
    )


def _warn_of_others(all_series: list[tifffile.TiffPageSeries], chosen: tifffile.TiffPageSeries) -> list[str]:
    """Warn of other scans, and of focal planes, in the file besides the image that is read."""
    images = len(chosen.pages) + sum(_is_rival(other, chosen) for other in all_series if other is not chosen)
    if images == 1:
        return []
    page = chosen.keyframe
    return [
        f"the file holds {images} images of the size of a slide; only one of {page.imagewidth:,} x "
        f"{page.imagelength:,} px is read: export each into a file of its own if the others are wanted"
    ]


def _is_rival(other: tifffile.TiffPageSeries, chosen: tifffile.TiffPageSeries) -> bool:
    """True if an image may be a second slide: not small, not a label in strips, not an undeclared level."""
    across, down = (
        getattr(chosen.keyframe, side) / getattr(other.keyframe, side) for side in ("imagewidth", "imagelength")
    )
    is_level = across > 1 and abs(across / down - 1) <= WHOLE
    return other.keyframe.is_tiled and across * down <= 1 / RIVAL and not is_level


def _properties(tiff: tifffile.TiffFile, page: tifffile.TiffPage) -> dict[str, str]:
    """Scale, objective and vendor, under OpenSlide's names; the XML of an OME-TIFF as tiff.ImageDescription."""
    parts = page.description.split("|") if tiff.is_svs else []
    fields = {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parts)}
    scale = dict.fromkeys("xy", fields.get("MPP"))
    unit = UM_PER_UNIT.get(page.tags.valueof("ResolutionUnit", 2))
    for axis in "xy":
        pixels, units = page.tags.valueof(f"{axis.upper()}Resolution", (0, 1))
        if not scale[axis] and unit and pixels and units:
            scale[axis] = str(unit * units / pixels)
    properties = {
        "openslide.vendor": next((name for kind, name in VENDORS.items() if getattr(tiff, f"is_{kind}")), "tiff"),
        "openslide.objective-power": fields.get("AppMag"),
        "tiff.ImageDescription": tiff.ome_metadata,
        **{f"openslide.mpp-{axis}": value for axis, value in scale.items()},
    }
    return {name: value for name, value in properties.items() if value}
