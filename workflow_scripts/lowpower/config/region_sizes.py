"""The scales of a study: students read whole, even reductions of what the teacher reads, and regions fit them all."""

import math
from dataclasses import replace

from lowpower import magnification
from lowpower.config.study import Study
from lowpower.errors import InputError

_WIDEST = 65500  # teacher pixels, as lowpower.slides.region_plan.JPEG_SIDE, which would take an openslide import here
_OFF = 0.05  # pixels that a field in µm may be off: a size written to six digits is


def written_out(study: Study) -> Study:
    """The study with its lower magnifications in full: 1.6667 below a teacher's 10 is 10 / 6.

    Raises InputError where one of them is no even reduction of the teacher's, or stands there twice.
    """
    teacher = study.teacher_magnification
    lows = [_reduced(teacher, low, "student_magnifications") for low in study.student_magnifications]
    for low, text in zip(lows, study.student_magnifications, strict=True):
        if lows.count(low) > 1:
            raise InputError(
                f"config: `student_magnifications`: {text:g} stands there twice, as the teacher's {teacher:g} reduced "
                f"by {magnification.reduction_between(teacher, low)}; take one away"
            )
    coarsest = study.coarsest_magnification
    coarsest = coarsest and _reduced(teacher, coarsest, "coarsest_magnification")
    return replace(study, student_magnifications=lows, coarsest_magnification=coarsest)


def _reduced(teacher: float, low: float, key: str) -> float:
    """A magnification below the teacher's in full; InputError where it is none that a student can have."""
    evens = f"{teacher / 2:g}, {teacher / 4:g}, {teacher / 8:g} ..."
    if low >= teacher:
        raise InputError(f"config: `{key}`: {low:g} is not below teacher_magnification, {teacher:g}; write {evens}")
    low = magnification.written_out(teacher, low)
    even = 2 * max(1, round(teacher / low / 2))
    write = f"the nearest is {teacher / even:g} ({teacher:g} / {even}); write it, or {evens}"
    try:
        reduction = magnification.reduction_between(teacher, low)
    except ValueError as error:
        raise InputError(f"config: `{key}`: {error}; {write}") from None
    if reduction % 2:  # the teacher's maps are recorded at half its grid, which only even reductions nest in
        raise InputError(f"config: `{key}`: {low:g} is the teacher's {teacher:g} reduced by {reduction}; {write}")
    return low


def check_sizes(study: Study) -> None:
    """Raise InputError where regions of the study's size do not fit all its magnifications."""
    teacher, side = study.teacher_magnification, region_multiple(study)
    mpp, longest, name = magnification.mpp_of(teacher), study.max_side_um, f"{teacher:g}x"
    if side > _WIDEST:
        by = ", ".join(map(str, _reductions(study)))
        raise InputError(
            f"config: `student_magnifications`: the smallest region that can be reduced by {by} is {side} teacher "
            f"pixels wide, more than the {_WIDEST} of a JPEG; write magnifications nearer to the teacher's, or ones "
            "that are multiples of each other"
        )
    if study.unit != "grid" and 0 < longest < side * mpp - 1e-6:
        raise InputError(
            f"config: `max_side_um`: {longest:g} µm are less than the smallest region, {side * mpp:g} µm ({side} px at "
            f"{name}: 32 x the largest reduction); write {math.ceil(side * mpp - 1e-6)} or more, or 0 for no limit"
        )
    if study.unit == "grid":
        for key, multiple in (("size_um", side), ("stride_um", 1)):
            size = getattr(study.grid, key)
            near = max(1, round(size / mpp / multiple)) * multiple
            if size and abs(size / mpp - near) > _OFF:  # a stride of 0 stands for size_um
                why = " (32 x the largest reduction)" if multiple > 1 else ""
                raise InputError(
                    f"config: `grid.{key}`: {size:g} µm is {size / mpp:g} px at {name}, not a multiple of {multiple} "
                    f"px{why}; the nearest is {near * mpp:g}"
                )


def region_multiple(study: Study) -> int:
    """Sides of regions, in teacher pixels, are multiples of this: 32 x the largest reduction.

    So area means are exact and the maps of teacher and students nest.
    """
    return 32 * math.lcm(*_reductions(study))


def _reductions(study: Study) -> list[int]:
    """By how much every magnification that regions must fit reduces: the students', and the coarsest one planned."""
    coarsest = study.coarsest_magnification
    lows = study.student_magnifications + ([coarsest] if coarsest else [])
    return [magnification.reduction_between(study.teacher_magnification, low) for low in lows]
