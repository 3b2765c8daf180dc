"""Cut regions from a slide at the teacher's magnification into one ZIP of images and one table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import imagecodecs
import numpy as np

from lowpower import files
from lowpower.log import Progress
from lowpower.magnification import describe, mpp_of
from lowpower.slide_state import CheckedSlide, MaskedSlide, TiledSlide
from lowpower.slides.annotation import scan_corner
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.geojson import write_annotations
from lowpower.slides.overview import picture_tissue, write_overview
from lowpower.slides.region_plan import Plan, TilingSettings, plan_regions
from lowpower.slides.region_row import RegionRow
from lowpower.slides.regions import Box, in_strips
from lowpower.slides.resampling import Scale, choose_scale, read_area
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_reader import AnySlide
from lowpower.slides.strips import join_jpegs
from lowpower.text import count_of
from lowpower.typed_values import as_cells, columns_of


def tile_slide(
    check: str | Path,
    mask: str | Path,
    mask_state: str | Path,
    path: str,
    annotation: str,
    settings: TilingSettings,
    regions: str | Path,
    outlines: str | Path,
    images: str | Path,
    state: str | Path,
    overview: str | Path,
) -> None:
    """Cut a slide into regions at the teacher's magnification.

    check, mask, mask_state: outputs of check_slide and mask_tissue. path: the slide. annotation: file of the
    annotations that become regions, or "". regions: CSV with one row per region. outlines: GeoJSON of their boxes, for
    QuPath. images: ZIP with one JPEG per region. state: JSON. overview: JPEG of the tissue with its regions. An
    excluded slide gives a table without rows, no box, an empty ZIP, a gray overview and the reason.
    """
    checked, masked = CheckedSlide.read(check), MaskedSlide.read(mask_state)
    rows, reason, corner, sight = [], "", (0, 0), None
    warnings: Sequence[str] = ()
    if masked.is_usable:
        assert checked.mpp is not None and masked.reduction is not None  # every usable slide has them
        try:
            with open_slide(path) as slide:
                sight = picture_tissue(slide, mask, masked.reduction)
                scale = teacher_scale(slide, checked.mpp, settings.magnification)
                corner = scan_corner(slide)
                plan = plan_regions(slide, scale, mask, masked, annotation, settings)
                warnings = plan.warnings()
                progress = Progress(f"{checked.slide}: regions cut", len(plan.boxes))
                files.write_images(images, cut_regions(slide, scale, plan, settings.jpeg_quality, progress))
                reader = slide.reader(scale.level).name
            rows = [region_row(checked.slide, checked.mpp, k, box, scale, reader) for k, box in enumerate(plan.boxes)]
        except ExcludedSlide as error:
            reason = str(error)
    if not rows:
        files.write_images(images, [])
    files.write_rows(regions, columns_of(RegionRow), map(as_cells, rows))
    write_annotations(outlines, rows, corner)
    write_overview(overview, sight, rows)
    area = round(sum(row.area_mm2 for row in rows), 6)
    tiled = TiledSlide(checked.slide, reason=reason, warnings=tuple(warnings), regions=len(rows), area_mm2=area)
    tiled = tiled.after(masked)
    tiled.write(state)
    count = count_of(len(rows), "region")
    tiled.announce(f"{count} at {describe(settings.magnification)}, {{area_mm2:,.2f}} mm²")


def teacher_scale(slide: AnySlide, mpp: float, magnification: float) -> Scale:
    """Choose the scale of the teacher's pixels for a slide of this mpp. Raises ExcludedSlide if that is too coarse."""
    try:
        return choose_scale(slide.level_downsamples, mpp_of(magnification) / mpp)
    except ValueError as error:
        raise ExcludedSlide(
            f"its pixels are {mpp:g} µm wide, too coarse for {describe(magnification)}; leave the slide out, or lower "
            f"teacher_magnification to {int(100 * mpp_of(1) / mpp) / 100:g} or less"
        ) from error


def cut_regions(
    slide: AnySlide, scale: Scale, plan: Plan, quality: int, progress: Progress
) -> Iterator[tuple[str, bytes | Iterator[bytes]]]:
    """Yield name in the ZIP and JPEG of each box of a slide; a large JPEG in parts, each cut on demand."""
    strips = [in_strips(box) for box in plan.boxes]
    # one array for all boxes: allocating memory for each takes a quarter of the time to read a small one
    memory = np.empty(max(first.width * first.height for first, *_ in strips) * 3, np.uint8)
    empty = True

    def cut(strip: Box) -> bytes:
        nonlocal empty
        pixels = memory[: strip.width * strip.height * 3].reshape(strip.height, strip.width, 3)
        read_area(slide, scale, strip.x, strip.y, strip.width, strip.height, out=pixels)
        empty = empty and pixels.min() == 255  # stops at the first strip that is not empty
        if plan.foreign:
            pixels[plan.foreign(strip)] = 255
        # the same bytes as files.encode, in three quarters of the time
        return bytes(imagecodecs.jpeg8_encode(pixels, quality, subsampling="444"))

    for k, box in enumerate(plan.boxes):
        progress.at(k)
        yield _member(k), cut(box) if strips[k] == [box] else join_jpegs(map(cut, strips[k]), box.height)
    if empty:  # a lost level is transparent, thus white, and OpenSlide raises no error
        raise ExcludedSlide(
            f"level {scale.level} of the file is empty where there should be tissue; copy the file again, or correct "
            "the mask that the sheet names"
        )


def _member(k: int) -> str:
    return f"{k:05d}.jpg"


def region_row(slide: str, slide_mpp: float, k: int, box: Box, scale: Scale, reader: str) -> RegionRow:
    """Row of the k-th region of a slide in its table. scale, reader: of the teacher's pixels."""
    mpp = slide_mpp * scale.reduction
    return RegionRow(
        region=f"{files.safe_name(slide)}_{k:05d}",
        member=_member(k),
        **{side: _round_pixels(getattr(box, side) * scale.reduction) for side in ("x", "y", "width", "height")},
        px_width=box.width,
        px_height=box.height,
        tissue=round(box.share, 4),
        area_mm2=round(box.share * box.width * box.height * mpp**2 / 1e6, 6),
        annotation=box.annotation,
        reader=reader,
        level=scale.level,
        level_downsample=round(scale.downsample, 6),
        resampling=scale.resampling,
        mpp=round(mpp, 6),
    )


def _round_pixels(value: float) -> int | float:
    """Round pixels of level 0 to an integer if they are whole, else to a thousandth."""
    return round(value) if abs(value - round(value)) < 1e-6 else round(value, 3)
