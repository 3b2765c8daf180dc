"""Rows of results.csv: every model's metrics, averaged over its seeds, with intervals."""

from collections.abc import Callable, Sequence

import numpy as np

from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.calibration import Chosen, choose
from lowpower.evaluation.hypothesis_tests import patient_differences
from lowpower.evaluation.intervals import interval, interval_of_share
from lowpower.evaluation.metrics import CALLED, COMPARED, METRICS, UNBOUNDED
from lowpower.evaluation.sampling import Sample, difference, draw_patients, mean, sample
from lowpower.evaluation.units import Judged, Units
from lowpower.evaluation.variance_components import Estimate, estimate, undecided_variance
from lowpower.files import CsvRow
from lowpower.log import Progress
from lowpower.tables.layout import number
from lowpower.tables.study_rows import groups_of

OTHERS = ("teacher", "averaged")  # minus the teacher on area means; level pixels minus the same model on area means
ENDS = ("", "_low", "_high")
NAMED = ("method", "network", "magnification", "labeled", "unlabeled", "per", "split", "pixels")
COLUMNS = [
    *NAMED,
    *("aggregation", "seeds", "steps", "n", "patients", "temperature", "threshold"),
    *(f"{metric}{end}" for metric in METRICS for end in (*ENDS, "_spread")),
    *(f"{metric}_minus_{other}{end}" for other in OTHERS for metric in COMPARED for end in ENDS),
]


def result_rows(
    judged: Sequence[Judged], models: Sequence[ResultModel], statistics: Statistics, positive: int | None = None
) -> list[CsvRow]:
    """Rows of results.csv as text, by split and kind of unit: patients, teachers and finest pixels first.

    A row is the mean over its seeds, and intervals carry the spread of its seeds and patients. The student of a seed is
    compared with the teacher of that seed, and, where it read the slide's own level, with itself on area means; both on
    the same units and the same drawn patients.
    positive: number of the positive class, if any.
    """
    rows: list[CsvRow] = []
    averaged: dict[tuple, Judged] = {}  # by kind without pixels; area means come first
    groups = groups_of(models)
    teachers = {model.seed: i for i, model in enumerate(models) if model.method == "teacher"}
    progress, done = Progress("drawing samples of patients", len(judged) * len(groups)), 0
    for one in judged:
        weights = draw_patients(one.patients, statistics.draws)
        means = averaged.setdefault(tuple(one.kind[key] for key in one.kind if key != "pixels"), one)

        def samples(which: Judged, i: int, means: Judged = means, weights: np.ndarray = weights) -> tuple:
            """Temperature and threshold of a model, and its metrics."""
            teacher_at = teachers.get(models[i].seed, i)
            teacher = None if teacher_at == i else means.of_models[teacher_at]
            chosen = chosen_of(which, i, positive)
            units = which.of_models[i]
            return chosen, sample(units, which.patients, weights, statistics.rank_draws, teacher, chosen)

        of_teachers = {seed: samples(means, i) for seed, i in teachers.items() if means.of_models[i]}
        for identity, members in groups:
            progress.at(done := done + 1)
            units = [one.of_models[i] for i in members]
            if None in units:
                continue
            seeds = [models[i].seed for i in members]
            teaching = identity["method"] == "teacher" and one is means
            own = [of_teachers[seed] if teaching else samples(one, i) for seed, i in zip(seeds, members, strict=True)]
            compared = {  # by seed, the number of the other model; a teacher is not compared with itself
                "teacher": [None if teaching or seed not in of_teachers else teachers[seed] for seed in seeds],
                "averaged": [None if means is one else i for i in members],
            }
            others = {
                "teacher": [None if i is None else of_teachers[models[i].seed][1] for i in compared["teacher"]],
                "averaged": [None if i is None else samples(means, i)[1] for i in compared["averaged"]],
            }
            counts = counts_of(units)
            wide = width_of(counts, statistics)
            chosen = [chosen for chosen, _ in own]
            patients_counted = _patients_counted(units, chosen)
            undecided = {
                other: _undecided(units, [means.of_models[i] for i in compared[other]], int(counts["patients"]))
                for other in OTHERS
                if None not in compared[other]
            }
            values = _values([values for _, values in own], others, wide, patients_counted, undecided)
            rows.append(identity | one.kind | counts | _choices(units, chosen) | values)
    return rows


def chosen_of(judged: Judged, i: int, positive: int | None) -> Chosen:
    """Temperature and threshold chosen on a model's validation units."""
    validation = judged.validation[i] if judged.validation else None
    return choose(validation.truth, validation.probabilities, positive) if validation else Chosen()


def counts_of(units: Sequence[Units]) -> CsvRow:
    """Numbers of seeds, units and patients of a row."""
    return {
        "seeds": str(len(units)),
        "n": str(len({unit for u in units for unit in u.ids})),
        "patients": str(len({patient for u in units for patient in u.patients})),
    }


def width_of(counts: CsvRow, statistics: Statistics) -> tuple[float, int] | None:
    """Confidence and number of patients for the intervals of a row; None for too few patients."""
    patients = int(counts["patients"])
    return None if patients < statistics.fewest_patients else (statistics.confidence, patients)


def _choices(units: Sequence[Units], chosen: Sequence[Chosen]) -> CsvRow:
    """Values chosen for each seed, in order, separated by spaces; an aggregation that all share is written once."""
    ways = [u.way for u in units]
    return {
        "aggregation": " ".join(ways if len(set(ways)) > 1 else ways[:1]),
        "temperature": " ".join(number(one.temperature, 4) for one in chosen).strip(),
        "threshold": " ".join(number(one.threshold, 4) for one in chosen).strip(),
    }


def _patients_counted(units: Sequence[Units], chosen: Sequence[Chosen]) -> dict[str, int]:
    """Patients counted by sensitivity, specificity, PPV and NPV, which are shares of some units; at least 2."""
    patients_of: dict[str, list[int]] = {}
    for u, one in zip(units, chosen, strict=True):
        if one.threshold is not None:
            positive = u.truth == one.positive
            called = u.probabilities[:, one.positive] >= one.threshold
            for name, kept in zip(CALLED, (positive, ~positive, called, ~called), strict=True):
                patients = {patient for patient, keep in zip(u.patients, kept, strict=True) if keep}
                patients_of.setdefault(name, []).append(len(patients))
    return {name: max(2, min(counts)) for name, counts in patients_of.items()}


def _undecided(units: Sequence[Units], others: Sequence[Units], patients: int) -> float:
    """Variance of undecided patients in differences between two models, from their units of each seed."""
    differences = patient_differences(list(zip(units, others, strict=True)), [1, -1])
    return float(undecided_variance(differences, max(1, patients)))


def _values(
    own: list[dict[str, Sample]],
    others: dict[str, list[dict[str, Sample] | None]],
    wide: tuple[float, int] | None,
    patients_counted: dict[str, int],
    undecided: dict[str, float],
) -> CsvRow:
    """Every metric and difference with its interval; a difference is blank where a seed has nothing to compare with.

    A teacher has no difference to itself. patients_counted: those that a metric counts, where it does not count all.
    undecided: variance of undecided patients in differences to each other model.
    """
    values = {}
    for metric in METRICS:
        of_seeds = [one[metric] for one in own]
        own_wide = wide and (wide[0], patients_counted.get(metric, wide[1]))
        values |= cells_of(metric, of_seeds, own_wide, interval if metric in UNBOUNDED else interval_of_share)
        points = np.array([one.point for one in of_seeds])
        several = len(points) > 1 and not np.isnan(points).any()
        values[f"{metric}_spread"] = number(float(points.std(ddof=1)), 4) if several else ""
    for other, seeds in others.items():
        for metric in COMPARED:
            name = f"{metric}_minus_{other}"
            values |= dict.fromkeys((f"{name}{end}" for end in ENDS), "")
            if all(seeds):
                gaps = [difference(one[metric], than[metric]) for one, than in zip(own, seeds, strict=True)]
                values |= cells_of(name, gaps, wide, interval, 0.0 if metric in UNBOUNDED else undecided[other])
    return values


def cells_of(
    name: str,
    samples: Sequence[Sample],
    wide: tuple[float, int] | None,
    interval_for: Callable[[Estimate, float], tuple[float, float]],
    undecided: float = 0.0,
) -> CsvRow:
    """The mean of samples, one per seed, with its interval as text; the interval is blank without ``wide`` or draws."""
    low, high = np.nan, np.nan
    if wide and len(samples[0].drawn):
        confidence, patients = wide
        low, high = interval_for(estimate(samples, patients, undecided), confidence)
    point = mean(samples).point
    return {name: number(point, 4), f"{name}_low": number(low, 4), f"{name}_high": number(high, 4)}
