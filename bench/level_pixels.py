"""Differences between a slide's stored levels and area means of its finest one; docs/slides.md explains them.

.venv/bin/python bench/level_pixels.py SLIDE...

One JSON line for each slide and coarser level. Sharpness is the mean absolute difference of neighbors in gray, over
fields of 64 px with corners anywhere, in percent more or less than that of the area means of the same fields: ``read``
as by read_level, ``stored`` cut from the stored level, ``between`` by OpenSlide half a stored pixel further on. Seconds
are processor time, to read the whole slide at the level's scale: from the level, and from level 0 by area means;
megabytes are the stored size of each.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np
import tifffile

from lowpower.slides.level_regions import finer_level, read_box
from lowpower.slides.regions import Box
from lowpower.slides.resampling import Scale, read_area
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_reader import Slide, blend_on_white

FIELD, STEP = 64, 97  # pixels of a level: side and distance of fields; odd, so that corners vary
ONE_PIECE = 4096  # pixels: up to this side OpenSlide reads a level in one piece, from its corner, without interpolation


def main() -> None:
    """Print a line for each level of each slide."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("slides", nargs="+", metavar="SLIDE", type=Path)
    for path in parser.parse_args().slides:
        with open_slide(path) as slide:
            for level in range(1, slide.level_count):
                found = {"slide": path.name, "level": level, "downsample": round(slide.level_downsamples[level], 4)}
                print(json.dumps(found | sharpness(slide, level) | cost(slide, path, level)), flush=True)


def sharpness(slide: Slide, level: int) -> dict:
    """Difference of neighbors relative to that in area means, in percent more or less."""
    n = round(slide.level_downsamples[level])
    scale, mean = finer_level(slide.level_dimensions, slide.level_downsamples, n), Scale(0, 1.0, n)
    whole, size = None, slide.level_dimensions[level]
    if max(size) <= ONE_PIECE:
        whole = np.asarray(blend_on_white(slide.read_region((0, 0), level, size)))
    found: dict[str, list[float]] = {"averaged": [], "read": [], "stored": [], "between": []}
    for x, y in fields(size):
        found["averaged"].append(difference(read_area(slide, mean, x, y, FIELD, FIELD)))
        found["read"].append(difference(read_box(slide, scale, Box(x * n, y * n, FIELD * n, FIELD * n), n)))
        if whole is not None:
            found["stored"].append(difference(whole[y : y + FIELD, x : x + FIELD]))
        corner = [round((side + 0.5) * scale.downsample) for side in (x, y)]
        between = blend_on_white(slide.read_region(corner, level, (FIELD, FIELD)))
        found["between"].append(difference(np.asarray(between)))
    means = sum(found.pop("averaged"))
    percent = {kind: round(100 * (sum(values) / means - 1), 1) for kind, values in found.items() if values}
    return {"resampling": scale.resampling, "fields": len(found["read"]), "sharpness_percent": percent}


def fields(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Corners of fields on a level of this size, without a margin of one pixel."""
    for y in range(1, size[1] - FIELD, STEP):
        for x in range(1, size[0] - FIELD, STEP):
            yield x, y


def difference(pixels: np.ndarray) -> float:
    """Mean absolute difference of neighbors in gray. pixels: (H, W, 3) uint8."""
    gray = pixels @ np.array([0.299, 0.587, 0.114])
    return float(np.abs(np.diff(gray, axis=0)).mean() + np.abs(np.diff(gray, axis=1)).mean()) / 2


def cost(slide: Slide, path: Path, level: int) -> dict:
    """Seconds and stored megabytes of the whole slide at a level's scale, from that level and from level 0."""
    n, size = round(slide.level_downsamples[level]), slide.level_dimensions[level]
    seconds = {}
    for name, scale in (("level", Scale(level, slide.level_downsamples[level], 1)), ("level 0", Scale(0, 1.0, n))):
        with open_slide(path) as fresh:  # with no tile in its cache
            start = process_time()
            read_area(fresh, scale, 0, 0, *size)
            seconds[name] = round(process_time() - start, 3)
    with tifffile.TiffFile(path) as tiff:
        stored = {(page.imagewidth, page.imagelength): sum(page.databytecounts) / 1e6 for page in tiff.pages}
    megabytes = {name: round(stored[slide.level_dimensions[k]], 3) for name, k in (("level", level), ("level 0", 0))}
    return {"seconds": seconds, "megabytes": megabytes}


if __name__ == "__main__":
    main()
