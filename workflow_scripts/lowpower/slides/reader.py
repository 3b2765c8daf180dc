"""A level's stored pixels: read by OpenSlide, or faster from its JPEG tiles where these are the same pixels.

The fast way is for tiled JPEG files of Aperio and plain TIFF. Each level of each slide is first compared with what
OpenSlide reads; any difference, and anything unusual, leaves the level to OpenSlide. tifffile finds the tiles,
libjpeg-turbo decodes them: simplejpeg, not imagecodecs, which is as fast but keeps silent about damaged data.
"""

import math
from collections import OrderedDict
from pathlib import Path

import numpy as np
import openslide
import simplejpeg
import tifffile
from PIL import Image

PROVEN = ("aperio", "generic-tiff")  # openslide.vendor; tests/test_reader.py compares their pixels
CACHE = 100_000_000  # bytes of decoded tiles: a row of them across 130,000 px, so that strips decode none twice
LOOKS = (0, 0.3, 0.5, 0.7, 1)  # where a level is compared with OpenSlide: shares of the way to its last tile
_RGB, _YCBCR = 2, 6  # PhotometricInterpretation
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"  # its next byte says: 0 RGB, 1 YCbCr


def open_reader(slide: openslide.OpenSlide, path: str | Path, level: int) -> "PlainReader | TileReader":
    """The fastest reader of a level whose pixels are OpenSlide's; its ``name`` is for tables."""
    plain, tiles = PlainReader(slide, level), None
    if slide.properties.get("openslide.vendor") not in PROVEN or slide.level_downsamples[level] % 1:
        return plain  # where a downsample is not whole, OpenSlide interpolates between stored pixels
    try:
        tiles = TileReader(path, slide.level_dimensions[level])
        if all(_is_equal(tiles, plain, share) for share in LOOKS):
            return tiles
    except Exception:  # OpenSlide has opened the file: what another library stumbles over is no fault of the slide
        pass
    if tiles is not None:
        tiles.close()
    return plain


def _is_equal(tiles: "TileReader", plain: "PlainReader", share: float) -> bool:
    """Whether a field of one tile's size, which lies on up to four of them, has the same pixels."""
    x, y = (round(share * max(0, whole - side)) for whole, side in zip(tiles.size, tiles.tile, strict=True))
    mine, theirs = np.empty((2, tiles.tile[1], tiles.tile[0], 3), np.uint8)
    tiles.fill(mine, x, y)
    plain.fill(theirs, x, y)
    return np.array_equal(mine, theirs)


def on_white(image: Image.Image) -> Image.Image:
    """An RGBA image laid on white, as RGB: dropping alpha instead would turn empty parts of a slide black."""
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


class PlainReader:
    """Reads a level by OpenSlide."""

    name = "openslide"

    def __init__(self, slide: openslide.OpenSlide, level: int):
        self.slide, self.level, self.downsample = slide, level, slide.level_downsamples[level]

    def fill(self, out: np.ndarray, x: int, y: int) -> None:
        """Fill out (H, W, 3) uint8 with the level's pixels from its pixel (x, y) on, white outside the slide.

        Raises openslide.OpenSlideError when the file is damaged there.
        """
        # OpenSlide takes whole pixels of level 0: where downsample is not whole, up to half of one is lost here. What
        # lies left of the slide it rounds toward the edge on its way back to this level: -14 at 2.0008 became -6
        corner = [round(v * self.downsample) if v > 0 else math.floor(v * self.downsample) for v in (x, y)]
        out[:] = np.asarray(on_white(self.slide.read_region(corner, self.level, out.shape[1::-1])))

    def close(self) -> None:
        """Nothing is open here but the slide."""


class TileReader:
    """Reads a level from its JPEG tiles, and keeps the last ones decoded."""

    name = "tifffile"

    def __init__(self, path: str | Path, size: tuple[int, int]):
        """size: (width, height) of the level. Raises ValueError when its tiles are not of the kind known here."""
        with tifffile.TiffFile(path) as tiff:
            pages = [page for page in tiff.pages if page.is_tiled and (page.imagewidth, page.imagelength) == size]
            if len(pages) != 1:
                raise ValueError(f"{len(pages)} tiled images of {size[0]} x {size[1]} px")
            page = pages[0]
            self.offsets, self.counts, tables = page.dataoffsets, page.databytecounts, page.jpegtables or b""
        self.size, self.tile = size, (page.tilewidth, page.tilelength)
        self.across = -(-size[0] // self.tile[0])
        kind = (page.compression, page.bitspersample, page.samplesperpixel, page.planarconfig, page.imagedepth)
        if kind != (tifffile.COMPRESSION.JPEG, 8, 3, tifffile.PLANARCONFIG.CONTIG, 1):
            raise ValueError(f"compression, bits, samples, planes, depth are {kind}")
        if page.photometric not in (_RGB, _YCBCR):
            raise ValueError(f"photometric interpretation {page.photometric}")
        if len(self.counts) != self.across * -(-size[1] // self.tile[1]) or not all(self.counts):
            raise ValueError("tiles are missing")
        # the tables that a level's tiles share, and their color space: the tag's, which the data need not repeat
        self.head = b"\xff\xd8" + tables[2:-2] + _ADOBE + bytes([page.photometric == _YCBCR])
        slots = max(1, min(len(self.counts), CACHE // (self.tile[0] * self.tile[1] * 3)))
        self.pool = np.empty((slots, self.tile[1], self.tile[0], 3), np.uint8)
        self.once = np.empty_like(self.pool[0])
        self.kept: OrderedDict[int, int] = OrderedDict()  # tile: slot of the pool, least recently used first
        self.file = open(path, "rb", buffering=0)  # noqa: SIM115  closed by close

    def fill(self, out: np.ndarray, x: int, y: int) -> None:
        """As ``PlainReader.fill``."""
        (width, height), (across, down) = self.size, self.tile
        right, bottom = min(x + out.shape[1], width), min(y + out.shape[0], height)
        if min(x, y) < 0 or right - x < out.shape[1] or bottom - y < out.shape[0]:
            out[:] = 255
        if x >= width or y >= height:  # the last tiles reach farther than the level
            return
        for top in range(max(y, 0) // down * down, bottom, down):
            for left in range(max(x, 0) // across * across, right, across):
                x0, x1, y0, y1 = max(left, x), min(left + across, right), max(top, y), min(top + down, bottom)
                # a tile that is asked for whole is not asked for again; one place for all of them stays in the cache
                whole = (x1 - x0, y1 - y0) == self.tile
                if whole and out.shape == self.once.shape and out.flags.c_contiguous:
                    self._decode(top // down * self.across + left // across, out)
                    return
                tile = self._decoded(top // down * self.across + left // across, keep=not whole)
                out[y0 - y : y1 - y, x0 - x : x1 - x] = tile[y0 - top : y1 - top, x0 - left : x1 - left]

    def _decoded(self, index: int, keep: bool) -> np.ndarray:
        if index in self.kept:
            self.kept.move_to_end(index)
        elif not keep:
            self._decode(index, self.once)
            return self.once
        else:
            slot = len(self.kept) if len(self.kept) < len(self.pool) else self.kept.popitem(last=False)[1]
            self._decode(index, self.pool[slot])
            self.kept[index] = slot
        return self.pool[self.kept[index]]

    def _decode(self, index: int, out: np.ndarray) -> None:
        self.file.seek(self.offsets[index])
        data = self.file.read(self.counts[index])
        try:
            shape = simplejpeg.decode_jpeg(self.head + data[2:], "RGB", buffer=out).shape
        except ValueError as error:
            raise openslide.OpenSlideError(f"tile {index}: {error}") from error
        if shape != out.shape or data[:2] != b"\xff\xd8":
            raise openslide.OpenSlideError(f"tile {index} is no JPEG of {self.tile[0]} x {self.tile[1]} px")

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class Slide(openslide.OpenSlide):
    """An open slide and the readers of its levels."""

    def __init__(self, path: str | Path):
        super().__init__(path)
        self.set_cache(openslide.OpenSlideCache(CACHE))
        self._path, self._readers = path, {}

    def reader(self, level: int) -> PlainReader | TileReader:
        """The reader of a level, chosen at its first use."""
        if level not in self._readers:
            self._readers[level] = open_reader(self, self._path, level)
        return self._readers[level]

    def close(self) -> None:
        """Close the slide and what its readers opened."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()  # and with them up to 100 MB of decoded tiles
        super().close()
