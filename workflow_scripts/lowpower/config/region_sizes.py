"""Scales of a study: whole, even reductions of the teacher's magnification, and region sizes that fit them all."""

import math
from dataclasses import replace

from lowpower import magnification
from lowpower.config.study import Study
from lowpower.errors import InputError

_WIDEST = 65500  # teacher pixels; equals lowpower.slides.region_plan.JPEG_SIDE, whose import needs openslide
_TOLERANCE = 0.05  # tolerance in pixels for a field size in µm, since sizes are written to six digits


def with_exact_magnifications(study: Study) -> Study:
    """Return the study with exact student magnifications: 1.6667 below a teacher's 10 becomes 10 / 6.

    Raises InputError if one of them is not an even reduction of the teacher's, or is listed twice.
    """
    teacher = study.teacher_magnification
    exact_values = [_exact_student(teacher, exact, "student_magnifications") for exact in study.student_magnifications]
    for exact, text in zip(exact_values, study.student_magnifications, strict=True):
        if exact_values.count(exact) > 1:
            raise InputError(
                f"config: `student_magnifications`: {text:g} occurs twice, as the teacher's {teacher:g} reduced "
                f"by {magnification.reduction_between(teacher, exact)}; remove one"
            )
    coarsest = study.coarsest_magnification
    coarsest = coarsest and _exact_student(teacher, coarsest, "coarsest_magnification")
    return replace(study, student_magnifications=exact_values, coarsest_magnification=coarsest)


def _exact_student(teacher: float, low: float, key: str) -> float:
    """Exact value of a student's magnification. Raises InputError if a student cannot have it."""
    even_reductions = f"{teacher / 2:g}, {teacher / 4:g}, {teacher / 8:g} ..."
    if low >= teacher:
        raise InputError(
            f"config: `{key}`: {low:g} is not below teacher_magnification, {teacher:g}; write {even_reductions}"
        )
    low = magnification.exact_magnification(teacher, low)
    even = 2 * max(1, round(teacher / low / 2))
    advice = f"the nearest is {teacher / even:g} ({teacher:g} / {even}); write it, or {even_reductions}"
    try:
        reduction = magnification.reduction_between(teacher, low)
    except ValueError as error:
        raise InputError(f"config: `{key}`: {error}; {advice}") from None
    if reduction % 2:  # the teacher's maps are recorded at half its grid; only even reductions nest in it
        raise InputError(f"config: `{key}`: {low:g} is the teacher's {teacher:g} reduced by {reduction}; {advice}")
    return low


def check_sizes(study: Study) -> None:
    """Raise InputError if regions of the study's size do not fit all its magnifications."""
    teacher, side = study.teacher_magnification, region_multiple(study)
    mpp, longest, name = magnification.mpp_of(teacher), study.max_side_um, f"{teacher:g}x"
    if side > _WIDEST:
        reductions = ", ".join(map(str, _reductions(study)))
        raise InputError(
            f"config: `student_magnifications`: the smallest region that can be reduced by {reductions} is {side} "
            f"teacher pixels wide, more than the {_WIDEST} of a JPEG; write magnifications nearer to the teacher's, or "
            "ones that are multiples of each other"
        )
    if study.unit != "grid" and 0 < longest < side * mpp - 1e-6:
        raise InputError(
            f"config: `max_side_um`: {longest:g} µm is less than the smallest region, {side * mpp:g} µm ({side} px at "
            f"{name}: 32 x the largest reduction); write {math.ceil(side * mpp - 1e-6)} or more, or 0 for no limit"
        )
    if study.unit == "grid":
        for key, multiple in (("size_um", side), ("stride_um", 1)):
            size = getattr(study.grid, key)
            nearest = max(1, round(size / mpp / multiple)) * multiple
            if size and abs(size / mpp - nearest) > _TOLERANCE:  # a stride of 0 means size_um
                why = " (32 x the largest reduction)" if multiple > 1 else ""
                raise InputError(
                    f"config: `grid.{key}`: {size:g} µm is {size / mpp:g} px at {name}, not a multiple of {multiple} "
                    f"px{why}; the nearest is {nearest * mpp:g}"
                )


def region_multiple(study: Study) -> int:
    """Number of teacher pixels that divides every region side: 32 x the largest reduction.

    Area means are then exact, and the maps of teacher and students nest.
    """
    return 32 * math.lcm(*_reductions(study))


def _reductions(study: Study) -> list[int]:
    """Reductions that regions must fit: those of the students, and of the coarsest magnification planned."""
    coarsest = study.coarsest_magnification
    lows = study.student_magnifications + ([coarsest] if coarsest else [])
    return [magnification.reduction_between(study.teacher_magnification, low) for low in lows]
