"""Tiles of a level in a TIFF file: tifffile locates them, each is decoded separately, the latest are cached.

JPEG is decoded with libjpeg-turbo (simplejpeg), as in OpenSlide, and not with imagecodecs, which is as fast but does
not report damaged data. imagecodecs decodes other compressions. A strip is a tile as wide as the image.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openslide
import simplejpeg
import tifffile
from PIL import Image

CACHE = 100_000_000  # bytes of decoded tiles: one row of them across 130,000 px, so that strips decode no tile twice
JPEG = 7
# compressions whose pixels tests/slides/test_tiff_slide.py compares. Not 33003: YCbCr of Aperio, RGB of others
OTHER_COMPRESSIONS = {
    1: "none", 5: "LZW", 8: "Deflate", 32773: "PackBits", 32946: "Deflate", 33004: "JPEG 2000", 33005: "JPEG 2000",
    34712: "JPEG 2000", 34887: "LERC", 34933: "PNG", 34934: "JPEG XR", 50000: "Zstandard", 50001: "WebP",
    50002: "JPEG XL",
}  # fmt: skip
_RGB, _YCBCR = 2, 6  # PhotometricInterpretation
_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"  # the next byte is 0 for RGB, 1 for YCbCr

Decode = Callable[[bytes, int, np.ndarray], None]  # data of a tile, its index, array for its pixels: (H, W, 3) uint8


@dataclass(frozen=True)
class Tiles:
    """Positions of a level's tiles in the file, and the function that decodes one."""

    size: tuple[int, int]  # width and height of the level
    tile: tuple[int, int]  # of a tile
    padded: bool  # True if the last tiles extend beyond the level, as tiles do and strips do not
    offsets: Sequence[int]
    counts: Sequence[int]  # bytes; 0 for a tile that the scanner left empty
    compression: int
    decode: Decode


def tiles_of(page: tifffile.TiffPage) -> Tiles:
    """Locate the tiles of an image in an open TIFF file, which may be closed afterwards.

    Supported are 8-bit RGB, with or without transparency, in the compressions above. Raises ValueError for others.
    """
    size = (page.imagewidth, page.imagelength)
    tile = (page.tilewidth, page.tilelength) if page.is_tiled else (size[0], min(page.rowsperstrip, size[1]))
    layout = (page.bitspersample, page.planarconfig, page.imagedepth)
    if layout != (8, tifffile.PLANARCONFIG.CONTIG, 1) or page.samplesperpixel not in (3, 4):
        raise ValueError(f"bits, planes, depth are {layout}, samples {page.samplesperpixel}")
    if len(page.databytecounts) != -(-size[0] // tile[0]) * -(-size[1] // tile[1]):
        raise ValueError("tiles are missing")
    if max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))) > page.parent.filehandle.size:
        raise ValueError("tiles are beyond the end of the file")
    decode = _jpeg_decoder(page) if page.compression == JPEG else _other_decoder(page)
    positions = page.dataoffsets, page.databytecounts
    return Tiles(size, tile, page.is_tiled, *positions, int(page.compression), decode)


def _jpeg_decoder(page: tifffile.TiffPage) -> Decode:
    if page.photometric not in (_RGB, _YCBCR) or page.samplesperpixel != 3:
        raise ValueError(f"JPEG of {page.samplesperpixel} samples, photometric interpretation {page.photometric}")
    # the tables that a level's tiles share, and the color space from the TIFF tag, which the data need not repeat
    head = b"\xff\xd8" + (page.jpegtables or b"")[2:-2] + _ADOBE + bytes([page.photometric == _YCBCR])

    def decode(data: bytes, index: int, out: np.ndarray) -> None:
        shape = simplejpeg.decode_jpeg(head + data[2:], "RGB", buffer=out).shape
        if shape != out.shape or data[:2] != b"\xff\xd8":
            raise ValueError(f"no JPEG of {out.shape[1]} x {out.shape[0]} px")

    return decode


def _other_decoder(page: tifffile.TiffPage) -> Decode:
    if page.compression not in OTHER_COMPRESSIONS or page.photometric != _RGB:
        raise ValueError(f"compression {page.compression}, photometric interpretation {page.photometric}")
    decode_segment, premultiplied = page.decode, tuple(page.extrasamples) == (tifffile.EXTRASAMPLE.ASSOCALPHA,)

    def decode(data: bytes, index: int, out: np.ndarray) -> None:
        pixels = decode_segment(data, index)[0]  # (1, H, W, 3 or 4); the last tiles may end at the level's edge
        if pixels is None or pixels.dtype != np.uint8:
            raise ValueError("pixels are missing, or not of 8 bits")
        pixels = pixels[0]
        part = out[: pixels.shape[0], : pixels.shape[1]]
        if pixels.shape[2] == 3:
            part[:] = pixels
        elif premultiplied:
            part[:] = np.minimum(255, pixels[..., :3] + (255 - pixels[..., 3:].astype(np.uint16)))
        else:
            part[:] = np.asarray(blend_on_white(Image.fromarray(pixels)))

    return decode


def blend_on_white(image: Image.Image) -> Image.Image:
    """Blend an RGBA image onto white, as RGB: dropping alpha instead would turn empty parts of a slide black."""
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image.getchannel("A"))
    return canvas


class TileReader:
    """Reader of a level from its tiles, with a cache of decoded tiles. Areas without a tile are white."""

    name = "tifffile"

    def __init__(self, path: str | Path, tiles: Tiles):
        self.tiles, self.size, self.tile = tiles, tiles.size, tiles.tile
        self.across = -(-self.size[0] // self.tile[0])
        slots = max(1, min(len(tiles.counts), CACHE // (self.tile[0] * self.tile[1] * 3)))
        self.pool = np.empty((slots, self.tile[1], self.tile[0], 3), np.uint8)
        self.single = np.empty_like(self.pool[0])
        self.slots: OrderedDict[int, int] = OrderedDict()  # tile: slot of the pool, least recently used first
        self.file = open(path, "rb", buffering=0)  # noqa: SIM115  closed by close

    def fill(self, out: np.ndarray, x: int, y: int) -> None:
        """Fill out as ``PlainReader.fill`` does."""
        height, width = out.shape[:2]
        if min(x, y) < 0 or x + width > self.size[0] or y + height > self.size[1]:
            out[:] = 255
        for index, (left, top), (x0, y0, x1, y1) in self.touched(x, y, width, height):
            # a whole tile is requested only once; a single buffer for these stays in the CPU cache
            is_whole = (x1 - x0, y1 - y0) == self.tile
            if is_whole and out.shape == self.single.shape and out.flags.c_contiguous:
                self._decode(index, out)
                return
            tile = self._read_tile(index, keep=not is_whole)
            out[y0 - y : y1 - y, x0 - x : x1 - x] = tile[y0 - top : y1 - top, x0 - left : x1 - left]

    def touched(self, x: int, y: int, width: int, height: int) -> Iterator[tuple[int, tuple, tuple]]:
        """Yield the tiles that a box touches: index, left and top, and left, top, right, bottom of the overlap.

        All in pixels of the level, and within it.
        """
        right, bottom = min(x + width, self.size[0]), min(y + height, self.size[1])
        tile_width, tile_height = self.tile
        if x >= right or y >= bottom:  # the last tiles extend beyond the level
            return
        for top in range(max(y, 0) // tile_height * tile_height, bottom, tile_height):
            for left in range(max(x, 0) // tile_width * tile_width, right, tile_width):
                shared = (max(left, x), max(top, y), min(left + tile_width, right), min(top + tile_height, bottom))
                yield top // tile_height * self.across + left // tile_width, (left, top), shared

    def _read_tile(self, index: int, keep: bool) -> np.ndarray:
        if index in self.slots:
            self.slots.move_to_end(index)
        elif not keep:
            self._decode(index, self.single)
            return self.single
        else:
            slot = len(self.slots) if len(self.slots) < len(self.pool) else self.slots.popitem(last=False)[1]
            self._decode(index, self.pool[slot])
            self.slots[index] = slot
        return self.pool[self.slots[index]]

    def _decode(self, index: int, out: np.ndarray) -> None:
        if not self.tiles.counts[index]:
            out[:] = 255
            return
        if not self.tiles.padded:
            out = out[: self.size[1] - index * self.tile[1]]
        self.file.seek(self.tiles.offsets[index])
        data = self.file.read(self.tiles.counts[index])
        try:
            self.tiles.decode(data, index, out)
        except MemoryError:
            raise
        except Exception as error:  # each codec raises its own exceptions
            raise openslide.OpenSlideError(f"tile {index}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self.file.close()
