"""Encode images too large for memory as a single JPEG or PNG, one strip of rows at a time.

The strips of a JPEG are its restart intervals (ITU-T T.81): each is encoded like a separate image, with a marker
between two strips, and every program opens the result. Without color subsampling, blocks of 8 x 8 are independent, so
the pixels equal those of the image encoded at once. Pillow writes the same bytes with ``restart_marker_rows``.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np
from PIL import Image

from lowpower import files

WHOLE = 4096 * 4096  # pixels of an image encoded at once, at most: the largest region under the default max_side_um
INTERVAL = 65535  # blocks between two restart markers, at most: 4.2 megapixels
CHUNK = 2**22  # bytes of a JPEG read at once

# JPEG segments as libjpeg writes them; both contain a 0, which a quantization table cannot
_FRAME = re.compile(rb"\xff\xc0\x00\x11\x08(..)(..)\x03", re.DOTALL)  # height and width
_SCAN = re.compile(rb"(?:\xff\xdd\x00\x04(..))?\xff\xda\x00\x0c\x03.{9}", re.DOTALL)  # blocks of an interval, if any
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")  # in pixel data, any other 255 is followed by 0
_END = b"\xff\xd9"


def strip_rows(width: int, height: int) -> int:
    """Rows per strip when encoding an image of this size: all rows of a small image, else a multiple of 8."""
    return height if width * height <= WHOLE else max(1, INTERVAL // -(-width // 8)) * 8


def join_jpegs(jpegs: Iterable[bytes], height: int) -> Iterator[bytes]:
    """Join the JPEGs of an image's strips, of ``strip_rows`` and without color subsampling; yield the file in parts.

    height: of the image.
    """
    for k, data in enumerate(jpegs):
        frame, scan = _FRAME.search(data), _SCAN.search(data)
        assert frame and scan  # libjpeg writes both
        if k == 0:
            rows, width = struct.unpack(">HH", frame[1] + frame[2])
            yield data[: frame.start(1)] + struct.pack(">H", height) + data[frame.end(1) : scan.start()]
            yield struct.pack(">HHH", 0xFFDD, 4, rows // 8 * -(-width // 8)) + scan[0]
        else:
            yield bytes([0xFF, 0xD0 + (k - 1) % 8])
        yield data[scan.end() : -len(_END)]
    yield _END


def read_jpeg(file: IO[bytes]) -> tuple[tuple[int, int], Iterator[Image.Image]]:
    """Read width and height of a JPEG of ``tile_slide``, and its pixels as Pillow images: whole, or by strips."""
    head = file.read(1024)  # more than its tables need
    frame, scan = _FRAME.search(head), _SCAN.search(head)
    if not frame or not scan or not scan[1]:
        image = Image.open(io.BytesIO(head + file.read()))
        return image.size, iter([image])
    (height, width), (blocks,) = struct.unpack(">HH", frame[1] + frame[2]), struct.unpack(">H", scan[1])
    rows = blocks // -(-width // 8) * 8

    def strips() -> Iterator[Image.Image]:
        for top, data in zip(range(0, height, rows), _intervals(head[scan.end() :], file), strict=True):
            size = struct.pack(">H", min(rows, height - top))
            yield Image.open(io.BytesIO(head[: frame.start(1)] + size + head[frame.end(1) : scan.end()] + data + _END))

    return (width, height), strips()


def _intervals(data: bytes, file: IO[bytes]) -> Iterator[bytes]:
    """Yield the pixel data of each restart interval. data: the bytes already read."""
    while chunk := file.read(CHUNK):
        *complete, data = _RESTART.split(data + chunk)
        yield from complete
    yield data[: -len(_END)]


def encode_png(strips: Iterable[np.ndarray], width: int, height: int) -> bytes | Iterator[bytes]:
    """Encode an image of this size, given in strips (any, width, 3) uint8, as one PNG; yield a large one in parts."""
    if width * height > WHOLE:
        return _png_parts(strips, width, height)
    return files.encode(np.concatenate(list(strips)))


def _png_parts(strips: Iterable[np.ndarray], width: int, height: int) -> Iterator[bytes]:
    yield b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    compressor, above = zlib.compressobj(1), np.zeros((1, 3 * width), np.uint8)
    for strip in strips:
        rows = strip.reshape(len(strip), -1)
        left = np.pad(rows[:, :-3], ((0, 0), (3, 0))).astype(np.uint16)
        # filter 3, the difference to the mean of left and above: 1 % fewer bytes than Pillow's choice, on demo tissue
        filtered = np.full((len(rows), 1 + 3 * width), 3, np.uint8)
        filtered[:, 1:] = rows - (left + np.concatenate([above, rows[:-1]])) // 2
        yield _chunk(b"IDAT", compressor.compress(filtered.data))
        above = rows[-1:]
    yield _chunk(b"IDAT", compressor.flush()) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
