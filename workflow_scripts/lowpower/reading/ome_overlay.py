"""Evidence of a slide as an OME-TIFF: a channel per class, in µm, so that viewers lay it over the slide.

Sample formats and levels: https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from lowpower.files import replacing
from lowpower.reading.colors import class_color
from lowpower.reading.evidence import Frame, RegionEvidence, paint

FINER = 4  # pixels per position, along a side: regions lie on no common grid, and so at most 1/8 position off
LEVELS = 3  # the last has one pixel per position
TILE = 256
SAME_ID = "00000000-0000-0000-0000-000000000000"  # tifffile would draw a new one for each file


def write_ome(
    path: str | Path,
    regions: Sequence[RegionEvidence],
    classes: Sequence[str],
    frame: Frame,
    mpp: float,
    position_um: float,
) -> None:
    """Write the evidence of each class (float32, as ``paint`` gives it; NaN where no region lies), with levels.

    frame: the slide as viewers show it: from the corner of the scanned area to its end, in pixels of level 0. mpp: µm
    per pixel of level 0. position_um: width of a position of the map.
    """
    left, top, right, bottom = frame
    um = position_um / FINER
    side, whole = um / mpp, 2 ** (LEVELS - 1)
    width, height = (math.ceil((end - start) / side / whole) * whole for start, end in ((left, right), (top, bottom)))
    covered = (left, top, left + width * side, top + height * side)
    levels = [paint(regions, len(classes), covered, (width, height))]
    while len(levels) < LEVELS:
        levels.append(_halve(levels[-1]))
    metadata = {
        "axes": "CYX",
        "PhysicalSizeX": um,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": um,
        "PhysicalSizeYUnit": "µm",
        "Channel": {"Name": list(classes), "Color": [_signed(class_color(k)) for k in range(len(classes))]},
        "UUID": SAME_ID,
        "Creator": "lowpower",
    }
    settings: dict[str, Any] = {
        "photometric": "minisblack",
        "compression": "zlib",
        "tile": (TILE, TILE),
        "software": False,
    }
    settings |= {"resolutionunit": "CENTIMETER"}
    with replacing(path) as part, tifffile.TiffWriter(part, ome=True) as out:
        for level, evidence in enumerate(levels):
            resolution = (1e4 / um / 2**level,) * 2
            more: dict[str, Any] = {"subifds": LEVELS - 1, "metadata": metadata} if level == 0 else {"subfiletype": 1}
            out.write(evidence, resolution=resolution, **settings, **more)


def _halve(evidence: np.ndarray) -> np.ndarray:
    """Mean of 2 x 2 pixels, of those that are not NaN: (C, H, W) -> (C, H / 2, W / 2)."""
    classes, height, width = evidence.shape
    blocks = evidence.reshape(classes, height // 2, 2, width // 2, 2)
    known = ~np.isnan(blocks)
    count = known.sum((2, 4))
    total = np.where(known, blocks, 0).sum((2, 4), dtype=np.float32)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _signed(color: tuple[int, int, int]) -> int:
    """Color as OME counts it: red, green, blue and alpha in a signed number of 32 bits."""
    return int.from_bytes(bytes([*color, 255]), "big", signed=True)
