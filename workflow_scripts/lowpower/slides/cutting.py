"""Regions cut from a slide at the teacher's magnification: one ZIP of images and one table."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import openslide
from PIL import Image

from lowpower import files
from lowpower.log import Progress
from lowpower.magnification import describe, mpp_of
from lowpower.slides import regions
from lowpower.slides.overview import write_overview
from lowpower.slides.regions import Box
from lowpower.slides.slide import ExcludedSlide, Scale, choose_scale, open_slide, read_area
from lowpower.slides.state import carry_on, is_usable, say_state
from lowpower.wording import count_of

JPEG_SIDE = 65500  # pixels; no JPEG is longer
COLUMNS = [
    "region", "member", "x", "y", "width", "height", "px_width", "px_height", "tissue", "area_mm2", "annotation",
    "reader", "level", "level_downsample", "resampling", "mpp",
]  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """How a cohort is cut. multiple: teacher pixels; grid: size_um, stride_um, min_tissue (unit grid only)."""

    magnification: float
    multiple: int
    unit: str
    grid: dict
    jpeg_quality: int


def tile_slide(
    check: str | Path,
    thumbnail: str | Path,
    mask: str | Path,
    mask_state: str | Path,
    path: str,
    settings: Settings,
    table: str | Path,
    images: str | Path,
    state: str | Path,
    overview: str | Path,
) -> None:
    """Cut a slide into regions at the teacher's magnification.

    check, thumbnail, mask, mask_state: what check_slide and mask_tissue wrote. path: the slide. table: CSV with one
    row per region. images: ZIP with one JPEG per region. state: JSON. overview: JPEG of the slide with its regions.
    An excluded slide gives a table without rows, an empty ZIP, a gray overview and the reason.
    """
    checked, masked = files.read_json(check), files.read_json(mask_state)
    rows, reason = [], ""
    if is_usable(masked):
        try:
            with open_slide(path) as slide:
                scale = _teacher_scale(slide, checked["mpp"], settings.magnification)
                boxes, territories, step = _plan(slide, scale, mask, masked, settings)
                progress = Progress(f"{checked['slide']}: regions cut", len(boxes))
                cut = cut_regions(slide, scale, boxes, territories, step, settings.jpeg_quality, progress)
                files.write_images(images, cut)
                reader = slide.reader(scale.level).name
            rows = [_row(checked, k, box, scale, reader) for k, box in enumerate(boxes)]
        except ExcludedSlide as error:
            reason = str(error)
    if not rows:
        files.write_images(images, [])
    files.write_rows(table, COLUMNS, rows)
    write_overview(overview, thumbnail, mask, masked["reduction"], (checked["width"], checked["height"]), rows)
    area = round(sum(row["area_mm2"] for row in rows), 6)
    tiled = carry_on(masked, "tile_slide", reason, regions=len(rows), area_mm2=area)
    files.write_json(state, tiled)
    count = count_of(len(rows), "region")
    say_state(tiled, "tile_slide", f"{count} at {describe(settings.magnification)}, {{area_mm2:,.2f}} mm²")


def _teacher_scale(slide: openslide.OpenSlide, mpp: float, magnification: float) -> Scale:
    try:
        return choose_scale(slide.level_downsamples, mpp_of(magnification) / mpp)
    except ValueError as error:
        raise ExcludedSlide(
            f"its pixels are {mpp:g} µm wide, too coarse for {describe(magnification)}; leave the slide out, or lower "
            f"teacher_magnification to {int(100 * mpp_of(1) / mpp) / 100:g} or less"
        ) from error


def _plan(
    slide: openslide.OpenSlide, scale: Scale, mask: str | Path, masked: dict, settings: Settings
) -> tuple[list[Box], np.ndarray | None, float]:
    """The boxes, whose tissue each mask pixel is (None: no matter), and the teacher pixels per mask pixel."""
    tissue = np.asarray(Image.open(mask)) > 0
    step = masked["reduction"] / scale.reduction
    if settings.unit == "tissue":
        pieces = regions.label_pieces(tissue)
        boxes = regions.tissue_boxes(pieces, step, settings.multiple)
        territories = regions.mark_territories(pieces, masked["mask_mpp"])
    else:
        grid = settings.grid
        widths = (grid["size_um"], grid["stride_um"] or grid["size_um"])
        size, stride = (round(um / mpp_of(settings.magnification)) for um in widths)
        sides = tuple(round(side / scale.reduction) for side in slide.dimensions)
        boxes = regions.grid_boxes(tissue, step, sides, size, stride, grid["min_tissue"])
        territories = None  # a field keeps all tissue in it
        if not boxes:
            raise ExcludedSlide(
                f"no field of {grid['size_um']:g} µm holds a share of {grid['min_tissue']:g} of tissue; lower "
                "min_tissue or size_um of the grid"
            )
    longest = max(max(box.width, box.height) for box in boxes)
    if longest > JPEG_SIDE:
        raise ExcludedSlide(
            f"a piece of tissue is {longest} pixels long at {describe(settings.magnification)}, more than the "
            f"{JPEG_SIDE} of a JPEG; use unit: grid or a lower teacher_magnification"
        )
    return boxes, territories, step


def cut_regions(
    slide: openslide.OpenSlide,
    scale: Scale,
    boxes: list[Box],
    territories: np.ndarray | None,
    step: float,
    quality: int,
    progress: Progress,
) -> Iterator[tuple[str, bytes]]:
    """Each box of a slide as JPEG, with its name in the ZIP; territories and step as ``_plan`` gives them."""
    # one array for all: to ask the system for memory for each takes a quarter of the time of reading a small one
    memory = np.empty(max(box.width * box.height for box in boxes) * 3, np.uint8)
    for k, box in enumerate(boxes):
        progress.at(k)
        pixels = memory[: box.width * box.height * 3].reshape(box.height, box.width, 3)
        read_area(slide, scale, box.x, box.y, box.width, box.height, out=pixels)
        if territories is not None:
            pixels[regions.foreign_tissue(territories, step, box)] = 255
        # the bytes of files.encode in three quarters of its time
        yield _member(k), imagecodecs.jpeg8_encode(pixels, quality, subsampling="444")


def _member(k: int) -> str:
    return f"{k:05d}.jpg"


def _row(checked: dict, k: int, box: Box, scale: Scale, reader: str) -> dict:
    mpp = checked["mpp"] * scale.reduction
    level0 = {name: _plain(getattr(box, name) * scale.reduction) for name in COLUMNS[2:6]}
    return level0 | {
        "region": f"{files.safe_name(checked['slide'])}_{k:05d}",
        "member": _member(k),
        "px_width": box.width,
        "px_height": box.height,
        "tissue": round(box.share, 4),
        "area_mm2": round(box.share * box.width * box.height * mpp**2 / 1e6, 6),
        "annotation": "",
        "reader": reader,
        "level": scale.level,
        "level_downsample": round(scale.downsample, 6),
        "resampling": scale.resampling,
        "mpp": round(mpp, 6),
    }


def _plain(value: float) -> int | float:
    """Pixels of level 0: whole where they are, else to a thousandth."""
    return round(value) if abs(value - round(value)) < 1e-6 else round(value, 3)
