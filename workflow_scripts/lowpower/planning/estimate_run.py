"""Estimate of a whole run: time and disk of every rule, and the longest chain of model jobs."""

from collections.abc import Sequence
from dataclasses import dataclass

from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.planning.estimate_disk import disk_mb
from lowpower.planning.estimate_job import Forecast, by_likeness, forecast
from lowpower.planning.past_runs import Cohort, Tissue
from lowpower.planning.workload import MODEL_RULES, expected_tissue

ALONE = "measure_cost"  # runs with all cores of a machine to itself


@dataclass(frozen=True)
class Estimate:
    """Estimate of a run, by rule. seconds: of all its jobs together, on one core; mb: of disk."""

    source: Cohort  # whose slides predict the tissue of these
    tissue: Tissue
    forecasts: dict[str, Forecast | None]  # None for a rule that was never run
    seconds: dict[str, float]
    mb: dict[str, float]


def estimate(
    study: Study,
    jobs: dict[str, int],
    models: Sequence[Model],
    slides: int,
    slide_mb: float | None,
    cohorts: Sequence[Cohort],
    cores: int,
) -> Estimate | None:
    """Estimate a run of these jobs from past runs; None if no slide was cut in any.

    slide_mb: mean size of a slide file, None if no file is available. cores: of the machine.
    """
    cut = [cohort for cohort in by_likeness(cohorts, study) if cohort.tissue]
    if not cut:
        return None
    source = cut[0]
    shares = next((cohort.tissue.shares for cohort in cut if cohort.tissue.shares), {})
    tissue = expected_tissue(source.tissue, source.study, study, slides, slide_mb, shares)
    forecasts = {rule: forecast(rule, count, study, models, tissue, cohorts) for rule, count in jobs.items()}
    seconds = {rule: sum(f.seconds.values()) * (cores if rule == ALONE else 1) for rule, f in forecasts.items() if f}
    mb = {rule: disk_mb(rule, count, study, models, tissue, source) for rule, count in jobs.items()}
    return Estimate(source, tissue, forecasts, seconds, mb)


def longest_chain(models: Sequence[Model], forecasts: dict[str, Forecast | None]) -> float:
    """Seconds of the slowest chain from a teacher through its recording to a student's predictions."""
    seconds = {rule: forecast.seconds for rule, forecast in forecasts.items() if forecast}
    teacher, record = (max(seconds.get(rule, {}).values(), default=0) for rule in ("train_teacher", "record_teacher"))
    ways = [0.0]
    for i, _ in enumerate(models):
        distilled, pretrained = (seconds.get(rule, {}).get(i) for rule in ("distill_student", "pretrain_student"))
        before = teacher + record + distilled if distilled is not None else pretrained or 0.0
        ways.append(before + sum(seconds.get(rule, {}).get(i, 0) for rule in ("finetune_student", "predict")))
    return max(*ways, teacher)


def one_after_another(models: Sequence[Model], forecasts: dict[str, Forecast | None]) -> float:
    """Seconds that more machines cannot shorten: one slide through its steps, the longest chain, and the tables."""
    alone = [f.seconds.values() for rule, f in forecasts.items() if f and f.seconds and rule not in MODEL_RULES]
    return longest_chain(models, forecasts) + sum(map(max, alone))
