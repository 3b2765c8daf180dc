"""Read one slide with one model: state, tissue mask, regions, pixels, answers. Nothing of a study is needed."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lowpower.config.package import Choices, Package, Pixels
from lowpower.errors import InputError, remedy
from lowpower.evaluation.aggregation import aggregate
from lowpower.evaluation.calibration import tempered
from lowpower.files import safe_name
from lowpower.inference.model import Model
from lowpower.inference.outputs import probabilities_of
from lowpower.log import say
from lowpower.models.stored_images import same_size
from lowpower.reading.package_folder import PackageFolder
from lowpower.reading.region_pixels import Regions, find_regions
from lowpower.slide_state import CheckedSlide, MaskedSlide
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.region_row import RegionRow
from lowpower.slides.slide import open_slide
from lowpower.slides.slide_check import check_slide
from lowpower.slides.tissue import TissueSettings, mask_tissue
from lowpower.text import count_of

_CHUNK = 64  # regions held in memory before they are grouped by size
CHANGED = "the file changed while it was read; wait until it is copied completely, and repeat the command"


@dataclass(frozen=True)
class SlideToRead:
    """A slide and what a sheet says of it."""

    slide: str  # id
    path: str
    mpp: float | None = None  # overrides the slide's
    mask: str = ""  # file of the user's own tissue mask
    annotation: str = ""  # file, for unit annotation
    exclude: str = ""  # reason
    warning: str = ""  # about its row of the sheet


@dataclass(frozen=True)
class SlideReading:
    """All that was read of one slide. Arrays have a row per region, in the order of ``regions``."""

    slide: str
    state: str  # read, excluded (by the sheet) or unreadable
    reason: str = ""
    warnings: tuple[str, ...] = ()
    read_by: str = ""  # student or teacher
    regions: Sequence[RegionRow] = ()  # boxes in pixels of level 0
    logits: NDArray = field(default_factory=lambda: np.zeros((0, 0), np.float32))  # (n, classes)
    probabilities: NDArray = field(default_factory=lambda: np.zeros((0, 0)))  # (n, classes), not calibrated
    calibrated: NDArray = field(default_factory=lambda: np.zeros((0, 0)))  # (n, classes); NaN without a temperature
    answer: NDArray = field(default_factory=lambda: np.zeros(0))  # (classes,) of the slide, not calibrated
    answer_calibrated: NDArray = field(default_factory=lambda: np.zeros(0))  # (classes,)
    maps: Sequence[NDArray] = ()  # last map of each region (C, h, w), if asked for
    logit_maps: Sequence[NDArray] = ()  # logits at each of its positions (classes, h, w), likewise; none without a map
    seconds: float = 0.0
    megapixels: float = 0.0  # stored pixels that the regions were made of
    bytes_read: int | None = None  # None where the system does not tell
    student: "SlideReading | None" = None  # of a referred slide, which the teacher read again: the student's reading

    @property
    def tissue_mm2(self) -> float:
        """Area of tissue in the regions."""
        return float(sum(region.area_mm2 for region in self.regions))


class SlideReader:
    """A package made ready to read slides, one after another.

    pixels: way of reading; by default level where the study tested it, else averaged. Raises InputError for a way that
    the study did not test. keep_maps, keep_logit_maps: each reading holds the last maps of its regions, or the logits
    at their positions.
    """

    def __init__(
        self,
        package: PackageFolder,
        model: Model,
        pixels: Pixels | None = None,
        keep_maps: bool = False,
        keep_logit_maps: bool = False,
    ) -> None:
        self.package, self.model = package, model
        self.keep_maps, self.keep_logit_maps = keep_maps, keep_logit_maps
        self.pixels = chosen_pixels(package.about, pixels)
        self.of_slides = package.choices("slide", self.pixels)
        self.of_regions = package.choices("region", self.pixels)

    def read(self, slide: SlideToRead, folder: str | Path, is_masked: bool = False) -> SlideReading:
        """Read a slide. folder: for its state and mask, slides/{slide}.json and masks/{slide}.png, as in a study.

        is_masked: another reading has just written these files.
        """
        start, bytes_before, stamp = time.monotonic(), _bytes_read(), stamp_of(slide.path)
        reading = self._read(slide, Path(folder), is_masked)
        if reading.state != "excluded" and stamp_of(slide.path) != stamp:
            reading = SlideReading(slide.slide, "unreadable", CHANGED)
        bytes_after = _bytes_read()
        known = bytes_before is not None and bytes_after is not None
        reading = replace(
            reading,
            seconds=time.monotonic() - start,
            bytes_read=bytes_after - bytes_before if known else None,  # type: ignore[operator]
        )
        if reading.state == "read":
            say(f"{slide.slide}: {self._summary(reading)}")
        return reading

    def _read(self, slide: SlideToRead, folder: Path, is_masked: bool) -> SlideReading:
        if slide.exclude:
            return SlideReading(slide.slide, "excluded", f"the sheet excludes it: {slide.exclude}")
        name = safe_name(slide.slide)
        warnings: tuple[str, ...] = ()
        check, mask, state = folder / f"slides/{name}.json", folder / f"masks/{name}.png", folder / f"masks/{name}.json"
        tissue = self.package.about.tissue.as_dict()
        mask_mpp = tissue.pop("mask_mpp")
        try:
            if not is_masked:
                check_slide(slide.slide, slide.path, slide.mpp, slide.exclude, check, slide.warning)
                mask_tissue(check, slide.path, slide.mask, mask_mpp, TissueSettings(**tissue), mask, state)
            checked, masked = CheckedSlide.read(check), MaskedSlide.read(state)
            warnings = (*checked.warnings, *masked.warnings)
            if not masked.is_usable:
                raise ExcludedSlide(masked.reason)
            with open_slide(slide.path) as opened:
                regions = find_regions(opened, checked, mask, masked, slide.annotation, self.package.about, self.pixels)
                return self._answer(SlideReading(slide.slide, "read", warnings=(*warnings, *regions.warnings)), regions)
        except ExcludedSlide as error:
            reason = str(error)
        except OSError as error:
            if remedy(error):
                raise
            reason = f"the file cannot be read ({error.strerror or error}); copy it again"
        say(f"{slide.slide} cannot be read: {reason}")
        return SlideReading(slide.slide, "unreadable", reason, warnings=warnings)

    def _answer(self, reading: SlideReading, regions: Regions) -> SlideReading:
        """Run the model on every region, and aggregate to the slide."""
        about, count = self.package.about, len(regions.rows)
        logits: list[NDArray] = [np.zeros(0)] * count
        probabilities = np.zeros((count, len(about.classes)))
        maps: list[NDArray] = [np.zeros(0)] * (count if self.keep_maps else 0)
        logit_maps: dict[int, NDArray] = {}
        scores = np.zeros(count)
        for group in _passes(regions.images, about.megapixels_per_pass):
            images, rows = zip(*group, strict=True)
            outputs = self.model.run(images)
            probabilities[list(rows)] = probabilities_of(outputs.logits)
            if outputs.scores is not None:
                scores[list(rows)] = outputs.scores
            for i, row in enumerate(rows):
                logits[row] = outputs.logits[i]
                if self.keep_maps and outputs.feature_map is not None:
                    maps[row] = outputs.feature_map[i]
                if self.keep_logit_maps and outputs.logit_map is not None:
                    logit_maps[row] = outputs.logit_map[i]
        area = np.array([row.area_mm2 for row in regions.rows])
        way = self.of_slides.aggregation if self.of_slides else "mean"
        answer = aggregate(probabilities, area, np.zeros(count, int), 1, way or "mean", about.top_k, scores)
        return replace(
            reading,
            read_by="teacher" if about.method == "teacher" else "student",
            regions=regions.rows,
            logits=np.stack(logits),
            probabilities=probabilities,
            calibrated=_calibrated(probabilities, self.of_regions),
            answer=answer[0],
            answer_calibrated=_calibrated(answer, self.of_slides)[0],
            maps=maps,
            logit_maps=[logit_maps[row] for row in sorted(logit_maps)],
            megapixels=regions.megapixels,
        )

    def _summary(self, reading: SlideReading) -> str:
        best, regions = int(reading.answer.argmax()), count_of(len(reading.regions), "region")
        answer = f"{self.package.about.classes[best]} {reading.answer[best]:.3f}"
        return f"{answer}, {regions}, {reading.seconds:.1f} s"


def chosen_pixels(package: Package, asked: Pixels | None) -> Pixels:
    """Way of reading pixels. Raises InputError for one that the package's study did not test."""
    if asked and asked not in package.pixels:
        raise InputError(
            f"{package.name} was not tested on pixels {asked}, but on {', '.join(package.pixels)}; write one of these, "
            f"or put {asked} into `pixels` of the study's config, run it again, and package the model again"
        )
    return asked or ("level" if "level" in package.pixels else "averaged")


def stamp_of(path: str | Path) -> tuple[int, int] | None:
    """Size and time of a file, to detect changes; None for no file, and for a blank path."""
    if not str(path):  # Path("") is the working folder
        return None
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return status.st_size, status.st_mtime_ns


def _passes(images: Iterator[NDArray], megapixels: float) -> Iterator[list[tuple[NDArray, int]]]:
    """Group images (3, H, W) of one size, with their positions; at most _CHUNK are in memory."""
    numbered = ((image, k) for k, image in enumerate(images))
    while chunk := list(islice(numbered, _CHUNK)):
        yield from same_size(chunk, megapixels)


def _calibrated(probabilities: NDArray, chosen: Choices | None) -> NDArray:
    """Probabilities (n, classes) at the chosen temperature; NaN without one."""
    if chosen is None or chosen.temperature is None:
        return np.full(probabilities.shape, np.nan)
    return tempered(probabilities, chosen.temperature)


def _bytes_read() -> int | None:
    """Bytes that this process has read so far; None where the system does not tell."""
    try:
        return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
