"""Mean over seeds, with the error that comes from both seeds and test patients.

The value y of seed s and patient p is mean + seed + patient + rest: seeds and patients are crossed, because all models
are tested on the same patients. Three mean squares give the variance of the mean over S seeds and P patients:

    between seeds / S  +  between patients of the mean over seeds / P  -  rest / (S P)

The first is the variance of the seeds' values, the second that of the mean's bootstrap draws of patients. The rest is
counted in both, and the bootstrap of each seed alone shows how large it is. Where seeds test other patients, the same
sum is the variance between seeds alone. Intervals use Student's t with Satterthwaite's degrees of freedom (1946).

Three choices were made by simulation (bench/coverage.py, docs/coverage.md), none on a study's results:

- with few seeds Satterthwaite's t is too small, as its degrees of freedom are estimates, and Cochran's (1964), the mean
  of the components' t weighted by their variance, is too large; the mean of both is used, 6 % / (S - 1) wider;
- a sum below its larger component, where an estimate of the rest exceeds the smaller one, is raised a fifth of the way;
- where fewer than six patients differ, the data do not show how many could: four more patients are added, each of whom
  may differ as much as the one who differs most (after Agresti and Caffo 2000, doi 10.1080/00031305.2000.10474560).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import t

from lowpower.evaluation.sampling import Sample, mean

ADDED = 4.0  # undecided patients, where fewer than NONE_ADDED differ; all of them below ALL_ADDED
ALL_ADDED, NONE_ADDED = 3, 6
_RAISED = 0.2  # of the way from the sum of the components to the larger of them
_WIDER = 0.06  # of intervals with two seeds; with S seeds, / (S - 1)


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its standard error; numbers, or arrays of many studies of one design."""

    point: ArrayLike
    error: NDArray
    df: NDArray  # Satterthwaite's degrees of freedom
    of_seeds: NDArray  # share of the seeds' component, 0 for one seed
    seeds: int
    patients: int

    def reach(self, tail: float) -> NDArray:
        """Distance from the mean beyond which a share ``tail`` lies on one side."""
        return self.quantile(tail) * self.error

    def quantile(self, tail: float) -> NDArray:
        """Number of standard errors beyond which a share ``tail`` lies on one side."""
        ordinary = t.isf(tail, self.df)
        if self.seeds == 1:
            return ordinary
        weighted = self.of_seeds * t.isf(tail, self.seeds - 1) + (1 - self.of_seeds) * t.isf(tail, self.patients - 1)
        return (1 + _WIDER / (self.seeds - 1)) * (ordinary + np.maximum(ordinary, weighted)) / 2

    def p_above(self, null: float) -> float:
        """One-sided p of "the mean is above ``null``"; at most ``tail`` where the lower end of that reach is above."""
        errors = (float(self.point) - null) / float(self.error)  # type: ignore[arg-type]  # of one study
        if np.isnan(errors):
            return 1.0
        smallest = 1e-12
        if abs(errors) >= self.quantile(smallest):
            tail = smallest
        else:
            tail = float(brentq(lambda tail: float(self.quantile(tail)) - abs(errors), smallest, 0.5))
        return tail if errors > 0 else 1 - tail


def estimate(samples: Sequence[Sample], patients: int, undecided: float = 0.0) -> Estimate:
    """Mean over seeds of one metric, or of one contrast, with its error.

    samples: one per seed, on shared draws; a seed in which the metric is not defined does not count. patients: the
    number drawn from, at least 2. undecided: from ``undecided_variance``.
    """
    defined = [one for one in samples if not np.isnan(one.point)]
    together = mean(defined or samples)
    correction = patients / (patients - 1)  # of the bootstrap, which divides by patients
    of_patients = _variance(together.drawn) * correction
    count = max(1, len(defined))
    rest = np.mean([_variance(one.drawn) for one in defined or samples]) * correction - of_patients
    return combine(
        together.point,
        np.var([one.point for one in defined], ddof=1) / count if count > 1 else 0.0,
        of_patients,
        rest / (count - 1) if count > 1 else 0.0,
        seeds=count,
        patients=patients,
        undecided=undecided,
    )


def _variance(drawn: NDArray) -> float:
    return float(np.nanvar(drawn)) if len(drawn) and not np.isnan(drawn).all() else np.nan


def combine(
    point: ArrayLike,
    of_seeds: ArrayLike,
    of_patients: ArrayLike,
    rest: ArrayLike,
    *,
    seeds: int,
    patients: int,
    undecided: ArrayLike = 0.0,
) -> Estimate:
    """Combine the components of the variance of a mean over seeds; numbers, or arrays of many studies.

    of_seeds, of_patients: the variances that seeds and patients alone would give the mean. rest: what both contain.
    """
    a, b, c = (np.asarray(part, float) for part in (of_seeds, of_patients, rest))
    total = a + b - c
    larger = np.maximum(a, b)
    total = np.maximum(total + _RAISED * np.maximum(larger - total, 0), c / 10) + undecided
    of_each = b**2 / (patients - 1)
    if seeds > 1:
        of_each = of_each + a**2 / (seeds - 1) + c**2 / ((seeds - 1) * (patients - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(of_each > 0, total**2 / of_each, np.inf)
        share = np.where(a + b > 0, a / (a + b), 0.0)
    fewest, most = (seeds - 1, patients + seeds - 2) if seeds > 1 else (patients - 1, patients - 1)
    return Estimate(point, np.sqrt(total), np.clip(df, fewest, most), share, seeds, patients)


def undecided_variance(differences: NDArray, patients: int) -> NDArray:
    """Variance of undecided patients in a mean, from differences (..., patients), means over seeds: shape (...).

    Four patients, each of whom moves the mean as the largest difference does, or as a whole patient if none differs;
    fewer as the number of patients who differ, weighted by how much, rises from three to six.
    """
    squares = (differences**2).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        differing = np.where(squares > 0, squares**2 / (differences**4).sum(-1), 0.0)
    largest = np.abs(differences).max(-1, initial=0)
    largest = np.where(largest > 0, largest, 1.0)
    return added_patients(differing) * (largest / patients) ** 2


def mean_by_patient(seeds: Sequence[tuple[Sequence[str], NDArray]]) -> NDArray:
    """Mean of each patient over its units and the seeds that tested it: (patients,).

    seeds: for each seed, the patients of its units and their values (units,).
    """
    patients = [patient for owners, _ in seeds for patient in owners]
    _, group = np.unique(np.array(patients, str), return_inverse=True)
    counts = np.bincount(group)
    return np.bincount(group, np.concatenate([values for _, values in seeds])) / counts if patients else np.zeros(0)


def added_patients(differing: ArrayLike) -> NDArray:
    """Number of undecided patients that are added where this number of patients differs."""
    return ADDED * np.clip((NONE_ADDED - np.asarray(differing, float)) / (NONE_ADDED - ALL_ADDED), 0, 1)
