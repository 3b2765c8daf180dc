"""Files that show where the answer for a slide comes from: overlay, preview, and what QuPath opens."""

from pathlib import Path

import numpy as np

from lowpower.config.package import Package
from lowpower.files import safe_name
from lowpower.log import say
from lowpower.reading.evidence import POSITION, RegionEvidence
from lowpower.reading.ome_overlay import write_ome
from lowpower.reading.overlay import LONGEST, Shown, draw_panels, write_overlay, write_preview
from lowpower.reading.qupath_geojson import write_qupath
from lowpower.reading.slide_reading import SlideReading
from lowpower.reading_paths import geojson_of, ome_of, overlay_of, preview_of
from lowpower.slide_state import CheckedSlide, MaskedSlide
from lowpower.slides.annotation import scan_corner
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.overview import picture_tissue
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_reader import AnySlide
from lowpower.slides.user_mask import scanned_area


def write_pictures(reading: SlideReading, path: str | Path, package: Package, out: Path) -> None:
    """Write the files of a slide that was read: the four of ``reading_paths``.

    path: of the slide. out: folder with the states and masks that the reading left. The evidence is for the answer of
    the slide. A network without a map gives no OME-TIFF. If the slide cannot be opened again, or is damaged outside its
    regions, a warning says that files are missing: its answer stands.
    """
    try:
        with open_slide(path) as slide:
            _write(reading, slide, package, out)
    except ExcludedSlide as error:
        say(f"WARNING: {reading.slide}: not all of its pictures could be made: {error}")


def _write(reading: SlideReading, slide: AnySlide, package: Package, out: Path) -> None:
    name, regions = safe_name(reading.slide), evidence_of_reading(reading)
    mpp, mask = CheckedSlide.read(out / f"slides/{name}.json").mpp, out / f"masks/{name}.png"
    reduction = MaskedSlide.read(mask.with_suffix(".json")).reduction
    assert mpp is not None and reduction is not None  # every slide that was read has them
    write_qupath(out / geojson_of(reading.slide), regions, package.classes, scan_corner(slide))
    if reading.logit_maps:
        left, top, width, height = scanned_area(slide)
        frame, position_um = (left, top, left + width, top + height), POSITION * package.mpp
        write_ome(out / ome_of(reading.slide), regions, package.classes, frame, mpp, position_um)
    tissue = picture_tissue(slide, mask, reduction, LONGEST)
    best = int(reading.answer.argmax())
    shown = Shown(number=best, count=len(package.classes), name=package.classes[best])
    panels = draw_panels(tissue, regions, shown)
    um_per_pixel = (tissue.frame[2] - tissue.frame[0]) / tissue.picture.width * mpp
    write_overlay(out / overlay_of(reading.slide), panels, shown, um_per_pixel)
    write_preview(out / preview_of(reading.slide), panels)


def evidence_of_reading(reading: SlideReading) -> list[RegionEvidence]:
    """Regions of a reading with the logits at their positions; without these if the network has no map."""
    maps: list[np.ndarray | None] = [*reading.logit_maps]
    return [
        RegionEvidence(
            region=row.region,
            x=row.x,
            y=row.y,
            width=row.width,
            height=row.height,
            probabilities=probabilities.tolist(),
            logits=logits,
        )
        for row, probabilities, logits in zip(
            reading.regions, reading.probabilities, maps or [None] * len(reading.regions), strict=True
        )
    ]
