"""A MIRAX slide (.mrxs), as small as OpenSlide accepts it: 0.5 µm, two levels, the second a quarter.

What OpenSlide asks of one was read in its source. A scanner also writes label, macro image, and where the camera stood.
"""

import struct
from collections.abc import Collection
from itertools import product
from pathlib import Path

import numpy as np
from format_files import MPP, SHRINK, TILE, levels_of, tile_jpeg

VERSION, SLIDE_ID = "01.02", "0123456789ABCDEF0123456789ABCDEF"  # settings and index must have the same


def write_mirax(folder: Path, image: np.ndarray, missing: Collection[tuple[int, int]] = ()) -> Path:
    """An MRXS and its folder: settings, an index, and a file of JPEGs, the images of a camera that do not overlap.

    missing: (row, column) of images that were not taken; the coarser level is white there.
    """
    down, across = (side // TILE for side in image.shape[:2])
    image = image.copy()
    for row, column in missing:
        image[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = 255
    stored, levels = b"", []
    for level, width in zip(levels_of(image), (1, SHRINK), strict=True):  # images of the camera in one of this level
        levels.append(b"")
        for row, column in product(range(0, down, width), range(0, across, width)):
            if width > 1 or (row, column) not in missing:
                top, left = (at // width * TILE for at in (row, column))
                jpeg = tile_jpeg(level[top : top + TILE, left : left + TILE])
                # its first image of the camera, where it lies in the file, its bytes, the number of the file
                levels[-1] += struct.pack("<4i", row * across + column, len(stored), len(jpeg), 0)
                stored += jpeg
    (folder / "a").mkdir()
    (folder / "a/Slidedat.ini").write_text(_settings(down, across), encoding="utf-8-sig")
    (folder / "a/Index.dat").write_bytes(_index(levels))
    (folder / "a/Data0000.dat").write_bytes(stored)
    (folder / "a.mrxs").write_bytes(tile_jpeg(image[:TILE, :TILE]))  # a picture for those who do not know the format
    return folder / "a.mrxs"


def _settings(down: int, across: int) -> str:
    sections = {
        "GENERAL": {
            "SLIDE_VERSION": VERSION, "SLIDE_ID": SLIDE_ID, "OBJECTIVE_MAGNIFICATION": 20,
            # places of the camera, and into how many images each picture is divided along a side
            "IMAGENUMBER_X": across, "IMAGENUMBER_Y": down, "CameraImageDivisionsPerSide": 1,
        },
        "HIERARCHICAL": {
            "INDEXFILE": "Index.dat", "HIER_COUNT": 1, "HIER_0_NAME": "Slide zoom level", "HIER_0_COUNT": 2,
            "HIER_0_VAL_0_SECTION": "LEVEL_0", "HIER_0_VAL_1_SECTION": "LEVEL_1",
            "NONHIER_COUNT": 0,  # label, macro image, measured places of the camera: none
        },
        "DATAFILE": {"FILE_COUNT": 1, "FILE_0": "Data0000.dat"},
    }  # fmt: skip
    for number in (0, 1):
        mpp = MPP * SHRINK**number
        sections[f"LEVEL_{number}"] = {
            "IMAGE_CONCAT_FACTOR": SHRINK.bit_length() - 1 if number else 0,  # power of two, of the level before
            "MICROMETER_PER_PIXEL_X": mpp, "MICROMETER_PER_PIXEL_Y": mpp, "OVERLAP_X": 0, "OVERLAP_Y": 0,
            "DIGITIZER_WIDTH": TILE, "DIGITIZER_HEIGHT": TILE, "IMAGE_FORMAT": "JPEG",
            "IMAGE_FILL_COLOR_BGR": 0xFFFFFF,
        }  # fmt: skip
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in section.items())
        for name, section in sections.items()
    )


def _index(levels: list[bytes]) -> bytes:
    """Of all levels, each the records of its images: where its page is, and the page."""
    head = (VERSION + SLIDE_ID).encode()
    start = len(head) + 8
    at, places, pages = start + 4 * len(levels), b"", b""
    for records in levels:
        places += struct.pack("<i", at)
        # 0, where the first page is, its records, where the next is: nowhere
        page = struct.pack("<4i", 0, at + 8, len(records) // 16, 0) + records
        pages += page
        at += len(page)
    return head + struct.pack("<2i", start, 0) + places + pages  # 0: of labels and the like
