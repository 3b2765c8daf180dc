"""Regions read from a stored coarse level of the slide, instead of means of the teacher's pixels.

They test whether a student trained on area means can read a stored level instead, at a fraction of the bytes.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.errors import InputError
from lowpower.log import Progress, say
from lowpower.magnification import WHOLE, describe, whole_reduction
from lowpower.slide_state import CheckedSlide, MaskedSlide
from lowpower.slides.downsampling import area_mean
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.region_plan import Plan, TilingSettings, plan_regions
from lowpower.slides.regions import Box, in_strips
from lowpower.slides.resampling import STRIP, Scale, read_area
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_reader import AnySlide
from lowpower.slides.strips import encode_png
from lowpower.slides.tiling import teacher_scale
from lowpower.text import count_of

SOURCE_COLUMNS = ("level", "level_downsample", "resampling", "mpp", "reader")


def read_level(
    check: str | Path,
    mask: str | Path,
    mask_state: str | Path,
    regions: str | Path,
    path: str,
    annotation: str,
    settings: TilingSettings,
    reduction: int,
    images: str | Path,
    read: str | Path,
) -> None:
    """Write a slide's regions at a student's magnification, read from the nearest finer stored level.

    check, mask, mask_state, path, annotation, settings: as in ``tiling.tile_slide``. regions: the table that it wrote.
    reduction: teacher pixels per student pixel along a side. images: ZIP with one PNG per region, as of
    ``downsampling.downsample_slide``. read: JSON of the source level. An excluded slide gives an empty ZIP.
    Raises InputError when the level cannot be read, because later steps already include this slide.
    """
    checked, rows = CheckedSlide.read(check), files.read_rows(regions)
    slide_id, scale = checked.slide, None
    source: dict[str, object] = dict.fromkeys(SOURCE_COLUMNS)
    try:
        if rows:
            assert checked.mpp is not None  # only usable slides have regions
            with open_slide(path) as slide:
                teacher = teacher_scale(slide, checked.mpp, settings.magnification)
                plan = plan_regions(slide, teacher, mask, MaskedSlide.read(mask_state), annotation, settings)
                scale = finer_level(slide.level_dimensions, slide.level_downsamples, teacher.reduction * reduction)
                members = [str(Path(row["member"]).with_suffix(".png")) for row in rows]
                progress = Progress(f"{slide_id}: regions read from level {scale.level}", len(rows))
                files.write_images(images, read_regions(slide, scale, plan, reduction, members, progress))
                values = (scale.level, round(scale.downsample, 6), scale.resampling)
                mpp = round(checked.mpp * scale.reduction, 6)
                source = dict(zip(SOURCE_COLUMNS, (*values, mpp, slide.reader(scale.level).name), strict=True))
        else:
            files.write_images(images, [])
    except ExcludedSlide as error:
        level = f", level {scale.level}" if scale else ""
        raise InputError(
            f"slide {slide_id!r}{level}, to be read at {describe(settings.magnification / reduction)}: {error}. Or "
            "leave `level` out of the config's `pixels`, or write a reason into the sheet's `exclude` of this slide"
        ) from error
    files.write_json(read, {"slide": slide_id, "regions": len(rows), **source})
    if scale:
        say(f"{slide_id}: {count_of(len(rows), 'region')} read from level {scale.level}, {scale.resampling}")


def finer_level(sizes: Sequence[tuple[int, int]], downsamples: Sequence[float], reduction: float) -> Scale:
    """The coarsest stored level whose pixels are no wider than ``reduction`` pixels of level 0, within 2 %.

    sizes: (width, height) of each level. An integer reduction is used (1: the level as stored) if the level's size is
    level 0 divided by that integer, rounded to pixels. With any other size, integer steps would drift by up to 2 % of
    the slide's width, so a box filter keeps the field. Raises ValueError when even level 0 would have to be enlarged.
    """
    finer = [level for level, d in enumerate(downsamples) if reduction / d >= 1 - WHOLE]
    if not finer:
        raise ValueError(f"a reduction by {reduction:g} would enlarge the slide's own pixels")
    level = max(finer, key=lambda level: downsamples[level])
    shrink = reduction / downsamples[level]
    integer = whole_reduction(shrink)
    if integer and all(abs(a * integer / reduction - b) < 1 for a, b in zip(sizes[0], sizes[level], strict=True)):
        return Scale(level, downsamples[level], integer)
    return Scale(level, downsamples[level], shrink)


def read_regions(
    slide: AnySlide, scale: Scale, plan: Plan, reduction: int, members: Sequence[str], progress: Progress
) -> Iterator[tuple[str, bytes | Iterator[bytes]]]:
    """Yield name and PNG of each box of a slide. reduction: teacher pixels per pixel of this scale, along a side."""
    images = zip(read_pixels(slide, scale, plan, reduction), members, plan.boxes, strict=True)
    for k, (strips, member, box) in enumerate(images):
        progress.at(k)
        yield member, encode_png(strips, box.width // reduction, box.height // reduction)


def read_pixels(slide: AnySlide, scale: Scale, plan: Plan, reduction: int) -> Iterator[Iterator[np.ndarray]]:
    """Yield the pixels of each box of a slide, in strips (any, box.width / reduction, 3) uint8, to be used in turn.

    Raises ExcludedSlide after the last box if the level is empty in all of them.
    """
    empty = True

    def read(strip: Box) -> np.ndarray:
        nonlocal empty
        pixels = read_box(slide, scale, strip, reduction)
        empty = empty and pixels.min() == 255
        if plan.foreign:
            whiten(pixels, plan.foreign(strip), reduction)
        return pixels

    for box in plan.boxes:
        # an even number of rows, so that a strip's half pixels round like the box's: to an even row
        yield map(read, in_strips(box, 2 * reduction))
    if empty:  # a lost level is transparent, thus white, and OpenSlide raises no error
        raise ExcludedSlide("it is empty where there should be tissue; copy the file again")


def read_box(slide: AnySlide, scale: Scale, box: Box, n: int) -> np.ndarray:
    """Read a box at this scale, (box.height / n, box.width / n, 3) uint8, white outside the slide.

    The corner of a box is a teacher pixel, which may be between two stored pixels. An integer reduction starts from the
    nearest, at most half a stored pixel away, without interpolation, which would blur the pixels under test.
    """
    width, height = box.width // n, box.height // n
    if not isinstance(scale.shrink, int):
        return read_area(slide, scale, box.x / n, box.y / n, width, height)
    left, top = (round(side * scale.shrink / n) for side in (box.x, box.y))
    stored = Scale(scale.level, scale.downsample, 1)
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP // (width * scale.shrink**2))
    for first in range(0, height, rows):
        part = pixels[first : first + rows]
        sides = (width * scale.shrink, len(part) * scale.shrink)
        part[:] = area_mean(read_area(slide, stored, left, top + first * scale.shrink, *sides), scale.shrink)
    return pixels


def whiten(pixels: np.ndarray, foreign: np.ndarray, n: int) -> None:
    """Whiten the foreign share of each pixel in place, equal to the mean of whitened teacher pixels.

    pixels: (H, W, 3) uint8. foreign: (H * n, W * n) bool, the teacher's pixels.
    """
    height, width = pixels.shape[:2]
    whitened = foreign.reshape(height, n, width, n).sum((1, 3), dtype=np.uint32)
    touched = whitened > 0
    whitened = whitened[touched][:, None]
    pixels[touched] = (pixels[touched] * (n * n - whitened) + 255 * whitened + n * n // 2) // (n * n)
