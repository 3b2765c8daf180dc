"""Write slide files: tiled JPEG pyramids that OpenSlide reads as Aperio; the same image gives the same bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from lowpower.errors import InputError
from lowpower.files import replacing
from lowpower.magnification import MPP_AT_1X

TILE = 256
LEVELS = 3
QUALITY = 90  # most of a file is noise: 95 makes it half as large again
FAULTS = ("", "corrupt", "no mpp")


def write_slide(path: str | Path, image: np.ndarray, mpp: float, fault: str = "") -> None:
    """Write image (H, W, 3) uint8 as a slide with levels at 1, 1/2 and 1/4 of its side, each averaged from the last.

    H, W: multiples of 4. mpp: µm per pixel. fault: "corrupt" truncates the file, so that OpenSlide cannot open it;
    "no mpp" omits scale and objective. Raises InputError for another fault.
    """
    if fault not in FAULTS:
        raise InputError(f"fault {fault!r} is not known; write {' or '.join(FAULTS[1:])}, or leave it blank")
    height, width = image.shape[:2]
    # tifffile writes the first three characters of its own name, and a date, only on request
    head = (
        f"Aperio Image Library v12.0.15\r\n{width}x{height} [0,0 {width}x{height}] ({TILE}x{TILE}) JPEG/RGB Q={QUALITY}"
    )
    scale = "" if fault == "no mpp" else f"|AppMag = {MPP_AT_1X / mpp:g}|MPP = {mpp:g}"
    settings: dict[str, Any] = {
        "photometric": "rgb",
        "compression": "jpeg",
        "compressionargs": {"level": QUALITY},
        "tile": (TILE, TILE),
        "metadata": None,  # otherwise tifffile adds its own
        "software": False,
    }
    with replacing(path) as part:
        with tifffile.TiffWriter(part) as out:
            for level in range(LEVELS):
                out.write(image, description=head + (scale if level == 0 else ""), **settings)
                image = halve(image)
        if fault == "corrupt":
            # the directory of the first level is at the start; those of the other levels are lost
            with open(part, "r+b") as file:
                file.truncate(part.stat().st_size // 3)


def halve(image: np.ndarray) -> np.ndarray:
    """Mean of 2 x 2 pixels, rounded half up: (H, W, 3) uint8 -> (H // 2, W // 2, 3) uint8."""
    height, width = (side // 2 * 2 for side in image.shape[:2])
    rows = image[0:height:2].astype(np.uint16) + image[1:height:2]
    return ((rows[:, 0:width:2] + rows[:, 1:width:2] + 2) >> 2).astype(np.uint8)
