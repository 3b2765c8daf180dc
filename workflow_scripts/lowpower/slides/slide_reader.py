"""Read a level's stored pixels with OpenSlide, or faster from its JPEG tiles if the pixels are identical.

The fast reader is for tiled JPEG files of Aperio and plain TIFF. Each level of each slide is first compared with
OpenSlide's pixels; after any difference, or for any unusual file, OpenSlide reads the level.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import openslide
import tifffile

from lowpower.slides.tiff_tiles import CACHE, JPEG, TileReader, blend_on_white, tiles_of

PROVEN = ("aperio", "generic-tiff")  # openslide.vendor; tests/slides/test_slide_reader.py compares their pixels
COMPARED = (0, 0.3, 0.5, 0.7, 1)  # positions of the comparison with OpenSlide, as shares of the way to the last tile


def open_reader(slide: openslide.OpenSlide, path: str | Path, level: int) -> "PlainReader | TileReader":
    """Open the fastest reader of a level with the same pixels as OpenSlide; its ``name`` is for tables."""
    plain, tiles = PlainReader(slide, level), None
    if slide.properties.get("openslide.vendor") not in PROVEN or slide.level_downsamples[level] % 1:
        return plain  # if a downsample is not whole, OpenSlide interpolates between stored pixels
    try:
        tiles = _open_tiles(path, slide.level_dimensions[level])
        if all(_is_equal(tiles, plain, share) for share in COMPARED):
            return tiles
    except Exception:  # OpenSlide opened the file, so an error in another library is not a fault of the slide
        pass
    if tiles is not None:
        tiles.close()
    return plain


def _open_tiles(path: str | Path, size: tuple[int, int]) -> TileReader:
    """Open a level's JPEG tiles. size: (width, height) of the level. Raises ValueError for unsupported tiles."""
    with tifffile.TiffFile(path) as tiff:
        pages = [page for page in tiff.pages if isinstance(page, tifffile.TiffPage) and page.is_tiled]
        pages = [page for page in pages if (page.imagewidth, page.imagelength) == size]
        if len(pages) != 1:
            raise ValueError(f"{len(pages)} tiled images of {size[0]} x {size[1]} px")
        tiles = tiles_of(pages[0])
    if tiles.compression != JPEG or not all(tiles.counts):
        raise ValueError(f"compression {tiles.compression}, or tiles are missing")
    return TileReader(path, tiles)


def _is_equal(tiles: "TileReader", plain: "PlainReader", share: float) -> bool:
    """True if a field of one tile's size, which covers up to four tiles, has the same pixels."""
    x, y = (round(share * max(0, level_side - side)) for level_side, side in zip(tiles.size, tiles.tile, strict=True))
    tile_pixels, plain_pixels = np.empty((2, tiles.tile[1], tiles.tile[0], 3), np.uint8)
    tiles.fill(tile_pixels, x, y)
    plain.fill(plain_pixels, x, y)
    return np.array_equal(tile_pixels, plain_pixels)


class PlainReader:
    """Reader of a level with OpenSlide."""

    name = "openslide"

    def __init__(self, slide: openslide.OpenSlide, level: int):
        self.slide, self.level, self.downsample = slide, level, slide.level_downsamples[level]

    def fill(self, out: np.ndarray, x: int, y: int) -> None:
        """Fill out (H, W, 3) uint8 with the level's pixels, starting at (x, y), white outside the slide.

        Raises openslide.OpenSlideError when the file is damaged there.
        """
        # OpenSlide takes whole pixels of level 0: if downsample is not whole, up to half a pixel is lost here. It
        # rounds negative positions toward the edge on conversion back to this level: -14 at 2.0008 became -6
        left, top = (round(v * self.downsample) if v > 0 else math.floor(v * self.downsample) for v in (x, y))
        size = (out.shape[1], out.shape[0])
        out[:] = np.asarray(blend_on_white(self.slide.read_region((left, top), self.level, size)))

    def close(self) -> None:
        """Do nothing: only the slide is open."""


class AnySlide(Protocol):
    """An open slide, read by OpenSlide (``Slide``) or by tifffile (``tiff_slide.TiffSlide``)."""

    warnings: list[str]

    @property
    def dimensions(self) -> tuple[int, int]: ...
    @property
    def level_count(self) -> int: ...
    @property
    def level_dimensions(self) -> tuple[tuple[int, int], ...]: ...
    @property
    def level_downsamples(self) -> tuple[float, ...]: ...
    @property
    def properties(self) -> Mapping[str, str]: ...
    def reader(self, level: int) -> PlainReader | TileReader: ...


class Slide(openslide.OpenSlide):
    """An open slide and the readers of its levels."""

    def __init__(self, path: str | Path):
        super().__init__(path)
        self.set_cache(openslide.OpenSlideCache(CACHE))
        self._path = path
        self._readers: dict[int, PlainReader | TileReader] = {}
        self.warnings: list[str] = []

    def reader(self, level: int) -> PlainReader | TileReader:
        """Reader of a level, chosen at first use."""
        if level not in self._readers:
            self._readers[level] = open_reader(self, self._path, level)
        return self._readers[level]

    def close(self) -> None:
        """Close the slide and the files of its readers."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()  # frees up to 100 MB of decoded tiles
        super().close()
