"""Images of regions as they are stored: read from ZIPs, and grouped by size. No torch, so that jobs start fast."""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowpower import files
from lowpower.errors import InputError
from lowpower.models.region_sets import Region


@lru_cache(maxsize=128)
def _archive(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def read_bytes(region: Region) -> bytes:
    """Read the encoded image of a region. Raises InputError that names a missing or damaged ZIP and the command to run.

    ZIPs of regions store members uncompressed, so they are read at their offset, several times faster than by zipfile.
    The file position, which forked processes share, is never moved.
    """
    try:
        archive = _archive(region.zip)
        member, file = archive.getinfo(region.member), archive.fp.fileno()
        header = os.pread(file, zipfile.sizeFileHeader, member.header_offset)
        *_, name, extra = struct.unpack(zipfile.structFileHeader, header)  # their lengths; the image follows them
        data = os.pread(file, member.file_size, member.header_offset + len(header) + name + extra)
        if zlib.crc32(data) != member.CRC:
            raise zipfile.BadZipFile("its bytes do not match their checksum")
        return data
    except (OSError, KeyError, struct.error, zipfile.BadZipFile) as error:
        raise InputError(
            f"{region.zip}: region {region.member} cannot be read ({error}); make the file again with "
            f"`snakemake --forcerun {region.zip}` and the --configfile you use"
        ) from error


def read_pixels(region: Region) -> NDArray:
    """Read the pixels of a region, (3, H, W) uint8."""
    return np.ascontiguousarray(files.decode(read_bytes(region)).transpose(2, 0, 1))


def same_size(items: Iterable[tuple], megapixels: float) -> Iterator[list[tuple]]:
    """Groups of items whose first entries, images (3, H, W), have one size, at most ``megapixels`` a group.

    Nothing is padded: padding would change group normalization and pooling (logits by .2). Sizes come in order of first
    appearance, items of one size in their order.
    """
    for (_, height, width), group in by_size(items, lambda item: tuple(item[0].shape)):
        yield from pieces(group, int(megapixels * 1e6 / (height * width)))


def by_size(items: Iterable, size: Callable[[object], tuple]) -> Iterable[tuple[tuple, list]]:
    """Sizes in order of first appearance, each with its items."""
    groups: dict[tuple, list] = {}
    for item in items:
        groups.setdefault(size(item), []).append(item)
    return groups.items()


def pieces(items: list, largest: int) -> Iterator[list]:
    """Lists of at most ``largest`` items, and at least one."""
    largest = max(1, largest)
    return (items[start : start + largest] for start in range(0, len(items), largest))
