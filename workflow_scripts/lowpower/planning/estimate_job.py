"""What each rule of a run will take, from the finished jobs of past runs.

A job takes a start, that of the shortest job measured, and from there on a time that grows with its work (see
``workload``), at the rate of the finished jobs of its rule. For each rule the planned cohort's own jobs are the
measure where there are any, else those of the cohort whose config is most like it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lowpower.config.study import Study
from lowpower.config.trained_model import TEACHERS_NETWORK, Model
from lowpower.planning.past_runs import Cohort, Job, Tissue
from lowpower.planning.workload import (
    MODEL_RULES,
    TRAININGS,
    Work,
    has_job,
    measured_works,
    planned_works,
    predicted,
)
from lowpower.sizes import model_mb, predictions_mb, recording_mb

_START = 5.0  # seconds; what the shortest job took beyond this was work


@dataclass(frozen=True)
class Forecast:
    """What one rule takes. seconds: of each job, by its number; mb: memory of its largest job, 0 where not known."""

    source: Cohort
    measured: int  # finished jobs that it is told from
    seconds: dict[object, float]
    mb: float


def by_likeness(cohorts: Sequence[Cohort], study: Study, rule: str = "") -> list[Cohort]:
    """The cohorts, that which tells most about a rule of this config first: itself, else the one most like it."""

    def unlike(cohort: Cohort) -> tuple:
        other = cohort.study
        return (
            rule in MODEL_RULES and other.gpu != study.gpu,
            cohort.name != study.cohort,
            bool(other.demo) != bool(study.demo),
            other.unit != study.unit,
            abs(math.log(other.teacher_magnification / study.teacher_magnification)),
            -sum(job.seconds for jobs in cohort.jobs.values() for job in jobs),
            cohort.name,
        )

    return sorted(cohorts, key=unlike)


def forecast(
    rule: str, jobs: int, study: Study, models: Sequence[Model], tissue: Tissue, cohorts: Sequence[Cohort]
) -> Forecast | None:
    """What a rule will take, or None where nothing tells. tissue: what the slides of this config hold.

    A rule of models that was never run is told from the trainings, at the price of their pixels.
    """
    works = planned_works(rule, study, models, tissue, jobs)
    able = [cohort for cohort in by_likeness(cohorts, study, rule) if cohort.tissue]
    for rules in ((rule,), TRAININGS if rule in MODEL_RULES else ()):
        for cohort in able:
            pairs = [pair for name in rules for pair in measured_works(name, cohort, cohort.tissue)]
            if pairs:
                return _from_jobs(rule, works, cohort, pairs)
    return None


def _from_jobs(rule: str, works: dict[object, Work], cohort: Cohort, pairs: list[tuple[Job, Work]]) -> Forecast:
    like = [job for name in MODEL_RULES for job in cohort.jobs.get(name, [])] if rule in MODEL_RULES else []
    like = like or [job for job, _ in pairs]
    start = min(_START, *(job.seconds for job in like))
    step = _price_of_step(cohort, start) if rule in MODEL_RULES else 0.0
    done = sum(work.megapixels + step * work.steps for _, work in pairs)
    rate = sum(max(0.0, job.seconds - start) for job, _ in pairs) / done if done else 0.0
    seconds = {key: start + rate * (work.megapixels + step * work.steps) for key, work in works.items()}
    return Forecast(cohort, len(pairs), seconds, _memory(works, pairs, [job.mb for job in like]))


def _price_of_step(cohort: Cohort, start: float) -> float:
    """How many megapixels cost as much as the fixed part of an optimizer step, from the trainings of a cohort."""
    pairs = [pair for rule in TRAININGS for pair in measured_works(rule, cohort, cohort.tissue)]
    table = np.array([(w.megapixels, w.steps, j.seconds - start) for j, w in pairs if w.steps and j.seconds > start])
    if len(table) < 2:
        return 0.0
    relative = table[:, :2] / table[:, 2:]  # so that a short training counts as much as a long one
    (pixels, steps), _, rank, _ = np.linalg.lstsq(relative, np.ones(len(table)), rcond=1e-6)
    return float(steps / pixels) if rank == 2 and pixels > 0 and steps > 0 else 0.0


def _memory(works: dict[object, Work], pairs: list[tuple[Job, Work]], like: list[float]) -> float:
    """MB of the largest planned job: beyond what the smallest job took, it grows with the pixels of a pass."""
    job, work = max(pairs, key=lambda pair: (pair[1].at_once, pair[0].mb))
    if not work.at_once:
        return max(job.mb for job, _ in pairs)
    base = min((mb for mb in like if mb), default=0.0)
    growth = max(work.at_once for work in works.values()) / work.at_once
    return base + max(0.0, job.mb - base) * growth if job.mb else 0.0


def disk_mb(rule: str, jobs: int, study: Study, models: Sequence[Model], tissue: Tissue, source: Cohort) -> float:
    """MB that the outputs of a rule fill. source: the cohort whose ZIPs and slides are the measure."""
    classes = len(study.classes)
    known, pixels = source.tissue, tissue.regions * tissue.megapixels
    teacher, at = study.teacher_magnification, source.study.teacher_magnification

    def zips(scale: float, among: list[float]) -> float:
        """At a magnification, by the bytes per pixel of the ZIPs at the nearest of ``among``."""
        near = min(among, key=lambda other: abs(math.log(other / scale)), default=None)
        if near is None:
            return 0.0
        per_slide = known.regions / known.slides * known.megapixels * (near / at) ** 2
        return pixels * (scale / teacher) ** 2 * source.zips[near] / per_slide

    if rule == "make_demo_slide":
        return jobs * (tissue.slide_mb or known.slide_mb or 0.0)
    if rule == "check_slide":
        return jobs * source.small_mb / known.slides
    if rule == "tile_slide":
        return zips(teacher, [scale for scale in source.zips if scale == at])
    if rule in ("downsample_slide", "read_level"):
        lows = study.student_magnifications
        read = jobs / (tissue.slides * len(lows))  # share of the slides
        return sum(read * zips(low, [scale for scale in source.zips if scale != at]) for low in lows)
    if rule == "record_teacher":
        trained = tissue.share("train") * len(study.seeds)
        return recording_mb(trained, study.views, tissue.megapixels, classes)
    made = [model for model in models if has_job(rule, study, model.method)]
    if rule == "predict":
        return sum(predictions_mb(predicted(study, tissue, model.magnification), classes) for model in made)
    if rule in TRAININGS:
        return sum(model_mb(model.network, classes) for model in made)
    return jobs * model_mb(TEACHERS_NETWORK, classes) if rule in ("adopt_teacher", "choose_teacher") else 0.0
