"""Forecast of time and memory for each rule of a run, from the finished jobs of past runs.

A job takes a start time, that of the shortest job measured, plus a time that grows with its work (see ``workload``) at
the rate of the finished jobs of its rule. Each rule is measured on the planned cohort's own jobs if there are any, else
on those of the cohort with the most similar config.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.planning.past_runs import Cohort, Job, Tissue
from lowpower.planning.workload import (
    MODEL_RULES,
    TRAININGS,
    Work,
    measured_works,
    planned_works,
)

_START = 5.0  # seconds of start at most; the shortest job's time beyond this was work


@dataclass(frozen=True)
class Forecast:
    """Forecast of one rule. seconds: of each job, by its number; mb: memory of its largest job, 0 if unknown."""

    source: Cohort
    measured: int  # finished jobs that it is based on
    seconds: dict[object, float]
    mb: float


def by_likeness(cohorts: Sequence[Cohort], study: Study, rule: str = "") -> list[Cohort]:
    """Cohorts by similarity to this config for a rule: the config's own cohort first, then the most similar."""

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
    """Forecast of a rule, or None without any measurement. tissue: of the slides of this config.

    A model rule that was never run is forecast from the trainings, by their time per pixel.
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
    """Megapixels that take as long as the fixed part of an optimizer step, from the trainings of a cohort."""
    pairs = [pair for rule in TRAININGS for pair in measured_works(rule, cohort, cohort.tissue)]
    table = np.array([(w.megapixels, w.steps, j.seconds - start) for j, w in pairs if w.steps and j.seconds > start])
    if len(table) < 2:
        return 0.0
    relative = table[:, :2] / table[:, 2:]  # so that short and long trainings count equally
    (pixels, steps), _, rank, _ = np.linalg.lstsq(relative, np.ones(len(table)), rcond=1e-6)
    return float(steps / pixels) if rank == 2 and pixels > 0 and steps > 0 else 0.0


def _memory(works: dict[object, Work], pairs: list[tuple[Job, Work]], like: list[float]) -> float:
    """MB of the largest planned job: that of the smallest job, plus a part that grows with the pixels of a pass."""
    job, work = max(pairs, key=lambda pair: (pair[1].at_once, pair[0].mb))
    if not work.at_once:
        return max(job.mb for job, _ in pairs)
    base = min((mb for mb in like if mb), default=0.0)
    growth = max(work.at_once for work in works.values()) / work.at_once
    return base + max(0.0, job.mb - base) * growth if job.mb else 0.0
