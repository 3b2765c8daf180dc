"""Slides whose stored levels are known, and regions cut from them."""

import numpy as np
import tifffile
from slide_files import GRID, cut_slide, patch

from lowpower.slides.downsampling import downsample_slide
from lowpower.slides.region_plan import GridSettings, TilingSettings

WAVE = 256  # px of level 0 from crest to crest


def wavy(width, height, step=1.0):
    """What a scanner with pixels ``step`` wide sees of a field whose color tells the place."""
    y, x = (np.mgrid[:height, :width] + 0.5) * step / WAVE * 2 * np.pi
    return np.stack([150 + 60 * np.sin(x), 90 + 60 * np.sin(y), 130 + 60 * np.cos(x + y)], -1).round().astype(np.uint8)


def write_levels(path, size, downsamples, mpp):
    """A slide whose levels are what scanners of such pixels see, each rounded down to whole pixels."""
    kind = {"tile": (256, 256), "photometric": "rgb", "compression": "zlib", "metadata": None, "software": False}
    with tifffile.TiffWriter(path) as out:
        resolution = {"resolution": (1e4 / mpp, 1e4 / mpp), "resolutionunit": "CENTIMETER"}
        for d in downsamples:
            level = wavy(int(size[0] / d + 1e-9), int(size[1] / d + 1e-9), d)
            out.write(level, **kind, **(resolution if d == 1 else {"subfiletype": 1}))
    return path


def cut(folder, path, reduction, annotation="", **how):
    """Cut a slide and reduce it; returns how to read the same regions from its level."""
    how = {"multiple": 32 * reduction, "unit": "tissue", "magnification": 10, "max_side_um": 0} | how
    cutting = (how["magnification"], how["multiple"], how["unit"], GridSettings(**GRID), how["max_side_um"], 1000, 95)
    cut_slide(folder, path, annotation=annotation, **how)
    downsample_slide(folder / "regions.zip", reduction, folder / "low.zip")
    return {
        "check": folder / "check.json", "mask": folder / "mask.png", "mask_state": folder / "mask.json",
        "regions": folder / "regions.csv", "path": str(path), "annotation": str(annotation),
        "settings": TilingSettings(*cutting), "reduction": reduction, "images": folder / "level.zip",
        "read": folder / "level.json",
    }  # fmt: skip


def emptied(path):
    with tifffile.TiffFile(path) as file:
        tiles = len(file.pages[1].dataoffsets)
    patch(path, 1, TileByteCounts=[0] * tiles)
