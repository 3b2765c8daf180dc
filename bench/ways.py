"""Compared ways to process one slide: the workflow's, a plain loop over openslide-python, and bare codecs."""

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import simplejpeg
import tifffile
from steps import QUALITY, REDUCTIONS

from lowpower import files
from lowpower.log import Progress
from lowpower.slides.downsampling import downsample_slide
from lowpower.slides.pyramid import TILE
from lowpower.slides.region_plan import Plan
from lowpower.slides.regions import Box
from lowpower.slides.resampling import choose_scale
from lowpower.slides.slide import open_slide
from lowpower.slides.tiling import cut_regions


def cut_images(folder: Path, unit: str) -> None:
    """Write the images of tile_slide in the same way, without its plan, table and overview."""
    rows = files.read_rows(folder / f"{unit}.csv")
    boxes = [Box(*(int(row[name]) for name in ("x", "y", "width", "height")), tissue=0) for row in rows]
    with open_slide(folder / "slide.tiff") as slide:
        scale = choose_scale(slide.level_downsamples, 1)
        cut = cut_regions(slide, scale, Plan(boxes), QUALITY, Progress("bench", len(boxes)))
        files.write_images(folder / f"{unit}-cut.zip", cut)


def read_plainly(folder: Path, unit: str) -> None:
    """Write the same regions as tile_slide, by a loop over openslide-python's read_region."""

    def images() -> Iterator[tuple[str, bytes]]:
        for row in files.read_rows(folder / f"{unit}.csv"):
            size = (int(row["width"]), int(row["height"]))
            buffer = io.BytesIO()
            region = slide.read_region((int(row["x"]), int(row["y"])), 0, size).convert("RGB")
            region.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
            yield row["member"], buffer.getvalue()

    with openslide.OpenSlide(folder / "slide.tiff") as slide:
        files.write_images(folder / f"{unit}-plain.zip", images())


def count_equal(folder: Path, unit: str) -> int:
    """Count the images that all ways wrote; a difference is an error. The plain loop leaves the outside black."""
    with openslide.OpenSlide(folder / "slide.tiff") as slide:
        right, bottom = slide.dimensions
    equal = 0
    zips = (zipfile.ZipFile(folder / f"{unit}{way}.zip") for way in ("", "-cut", "-plain"))
    with next(zips) as ours, next(zips) as cut, next(zips) as plain:
        for row in files.read_rows(folder / f"{unit}.csv"):
            x, y, width, height = (int(row[name]) for name in ("x", "y", "width", "height"))
            if min(x, y) >= 0 and x + width <= right and y + height <= bottom:
                if not ours.read(row["member"]) == cut.read(row["member"]) == plain.read(row["member"]):
                    sys.exit(f"{unit} {row['member']}: the pixels differ from OpenSlide's")
                equal += 1
    return equal


def decode_and_encode(folder: Path) -> None:
    """Decode and encode the same tiles by libjpeg-turbo alone: JPEG to pixels to JPEG in memory."""
    with tifffile.TiffFile(folder / "slide.tiff") as tiff:
        page = tiff.pages[0]
        across = -(-page.imagewidth // TILE)
        tiles = [int(row["y"]) // TILE * across + int(row["x"]) // TILE for row in files.read_rows(folder / "grid.csv")]
        pixels = np.empty((TILE, TILE, 3), np.uint8)
        for tile in tiles:
            tiff.filehandle.seek(page.dataoffsets[tile])
            data = tiff.filehandle.read(page.databytecounts[tile])
            imagecodecs.jpeg8_encode(simplejpeg.decode_jpeg(data, buffer=pixels), QUALITY, subsampling="444")


def reduce_regions(folder: Path) -> None:
    """Make each magnification from the regions of the first, as the workflow's jobs do."""
    for n in REDUCTIONS:
        downsample_slide(folder / "tissue.zip", n, folder / f"{n}.zip")


def decode_and_encode_low(folder: Path, reduced: list[np.ndarray]) -> None:
    """Process the same regions by the codecs alone: JPEG to pixels, and the reduced pixels to PNG at level 1."""
    for _ in REDUCTIONS:
        for image in images_of(folder / "tissue.zip"):
            simplejpeg.decode_jpeg(image)
    for pixels in reduced:
        files.encode(pixels)


def images_of(path: Path) -> Iterator[bytes]:
    """Encoded images of a ZIP."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield archive.read(name)
