"""Low power first: the student reads a slide, and the teacher reads it again where the student is not sure enough.

The unit that is referred is the slide, as in the study's referral, where the teacher's answer for a unit replaces the
student's: thresholds are for the confidence of a slide, and what they refer on validation was counted in slides.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from lowpower.config.package import TEACHER, Pixels
from lowpower.errors import InputError
from lowpower.inference.model import open_model
from lowpower.log import say
from lowpower.reading.package_folder import PackageFolder
from lowpower.reading.slide_reading import CHANGED, SlideReader, SlideReading, SlideToRead, stamp_of

CHOSEN = "chosen"  # in place of a share: the one that validation chose
_WITHOUT = "read without --refer and --refer-share"


@dataclass(frozen=True)
class Referring:
    """Which slides are referred, to which teacher, and what validation promised."""

    teacher: PackageFolder
    asked: str  # percent of slides, or chosen
    threshold: float  # a slide is referred if the student's confidence is lower; infinite for every slide
    units: int  # validation slides
    promised: int  # of these, referred


def choose_referring(package: PackageFolder, pixels: Pixels, asked: str) -> Referring:
    """Return what the package stores of a share (percent, or chosen), for slides that are read in this way.

    Raises InputError for a package without its teacher or thresholds, and for a share that it does not store.
    """
    about, teacher = package.about, package.teacher
    if about.teacher is None:
        raise InputError(f"{about.name} has no teacher to refer slides to; name a student's package, or {_WITHOUT}")
    if teacher is None:
        raise InputError(
            f"{package.folder} has no folder {TEACHER}, which holds the teacher to refer slides to "
            f"({about.teacher.name}); copy the whole package again, or {_WITHOUT}"
        )
    chosen = package.choices("slide", pixels)
    if chosen is None or not chosen.referral:
        raise InputError(
            f"{about.name} has no threshold of referral for slides read with pixels {pixels}, because validation of "
            f"its study had no such slide of a known class; {_WITHOUT}"
        )
    name = _as_stored(asked)
    stored = {one.asked: one for one in chosen.referral}
    if name not in stored:
        shares = ", ".join(share for share in stored if share != CHOSEN)
        raise InputError(
            f"{about.name} has no threshold for a share of {name} %, but for {shares}; write one of "
            "these after --refer-share, or --refer alone for the share that validation chose"
        )
    one = stored[name]
    threshold = np.inf if one.threshold is None else one.threshold
    return Referring(teacher, name, threshold, chosen.units, round(one.share * chosen.units))


def _as_stored(asked: str) -> str:
    """Write a share as packages do: 5.0 and 5% are 5."""
    try:
        return f"{float(asked.removesuffix('%')):g}"
    except ValueError:
        return asked


class ReferringReader:
    """A student that reads slides, and refers those of which it is less sure than the threshold to its teacher.

    The teacher reads the student's regions, in pixels at its own magnification: its numbers are those of the study.
    """

    def __init__(self, student: SlideReader, referring: Referring) -> None:
        self.student, self.referring = student, referring

    @cached_property
    def teacher(self) -> SlideReader:
        """The teacher, made ready when the first slide is referred."""
        package = self.referring.teacher
        return SlideReader(
            package, open_model(package.weights), "averaged", keep_logit_maps=self.student.keep_logit_maps
        )

    def read(self, slide: SlideToRead, folder: str | Path) -> SlideReading:
        """Read a slide as ``SlideReader.read``; costs of a referred one are those of both readings together.

        If the teacher cannot read it, the student's answer stands, with a warning.
        """
        stamp = stamp_of(slide.path)
        low = self.student.read(slide, folder)
        if low.state != "read" or not low.answer.max() < self.referring.threshold:
            return low
        say(f"{slide.slide}: the student is not sure enough; the teacher reads it again")
        high = self.teacher.read(slide, folder, is_masked=True)
        seconds = low.seconds + high.seconds
        if stamp_of(slide.path) != stamp:
            return SlideReading(slide.slide, "unreadable", CHANGED, seconds=seconds)
        if high.state != "read":
            warning = f"the student is not sure enough, and the teacher could not read the slide: {high.reason}"
            return replace(low, warnings=(*low.warnings, warning), seconds=seconds)
        known = low.bytes_read is not None and high.bytes_read is not None
        return replace(
            high,
            student=low,
            seconds=seconds,
            megapixels=low.megapixels + high.megapixels,
            bytes_read=low.bytes_read + high.bytes_read if known else None,  # type: ignore[operator]
        )
