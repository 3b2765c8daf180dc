"""Tests of a contrast of models: an interval, a p-value that agrees with it, and McNemar's and Holm's methods.

A contrast is a weighted sum of one metric over models of one seed: one minus another, or the slope over shares. Its
mean over seeds has the error of both seeds and patients (``variance_components``). bench/coverage.py measures how
often the tests reject where a claim is not true.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lowpower.evaluation.intervals import interval
from lowpower.evaluation.sampling import Sample
from lowpower.evaluation.units import Units
from lowpower.evaluation.variance_components import Estimate, mean_by_patient

ONE_SIDED = ("noninferiority", "equivalence")


@dataclass(frozen=True)
class Outcome:
    """A tested contrast. low, high: its interval. p is small when the claim holds."""

    estimate: float
    low: float
    high: float
    p: float


def contrast(samples: Sequence[Sample], weights: Sequence[float]) -> Sample:
    """The weighted sum of samples that share their draws."""
    point = sum(weight * one.point for one, weight in zip(samples, weights, strict=True))
    return Sample(point, np.asarray(sum(weight * one.drawn for one, weight in zip(samples, weights, strict=True))))


def slope_weights(count: int) -> list[float]:
    """Weights that turn ``count`` values, in rising order of share, into their least-squares slope over its rank.

    Ranks, because the share 0 has no logarithm. For shares that double, such as 25, 50, 100, the slope is that over
    log2 of the share; the only assumption about 0 is that it comes first.
    """
    ranks = np.arange(count) - (count - 1) / 2
    return list(ranks / (ranks**2).sum())


def right_answers(models: Sequence[Units]) -> tuple[list[str], NDArray]:
    """Ids of the units that all models predicted, and right answers of the models (units, models), 0 or 1."""
    right = [dict(zip(u.ids, u.probabilities.argmax(1) == u.truth, strict=True)) for u in models]
    shared = [unit for unit in right[0] if all(unit in of_model for of_model in right)]
    return shared, np.array([[of_model[unit] for of_model in right] for unit in shared], float).reshape(-1, len(right))


def patient_differences(seeds: Sequence[Sequence[Units]], weights: Sequence[float]) -> NDArray:
    """The contrast of right answers of each patient, mean over its units and the seeds that tested it: (patients,).

    seeds: for each seed, the units of each model of the contrast.
    """
    contrasts = []
    for models in seeds:
        units, right = right_answers(models)
        patient_of = dict(zip(models[0].ids, models[0].patients, strict=True))
        contrasts.append(([patient_of[unit] for unit in units], right @ np.array(weights)))
    return mean_by_patient(contrasts)


def outcome(value: Estimate, test: str, margin: float, confidence: float) -> Outcome:
    """Test a contrast. test: superiority or trend (above 0), noninferiority (above -margin), equivalence (within both).

    Superiority and trend are two-sided. Noninferiority, and each side of equivalence, is one-sided at half that level,
    2.5 % for a confidence of .95, so that one interval serves all tests; p is twice the one-sided p. So for every test
    p is at most 1 - confidence exactly where the interval is within the claim.
    """
    low, high = interval(value, confidence)
    p = 2 * value.p_above(-margin if test in ONE_SIDED else 0.0)
    if test == "equivalence":
        p = max(p, 2 * (1 - value.p_above(margin)))
    return Outcome(float(value.point), low, high, min(1.0, p))  # type: ignore[arg-type]


def mcnemar(one: Units, other: Units) -> tuple[int, int, float]:
    """Count units that only ``one`` and only ``other`` answers right; return both and the exact two-sided p.

    Valid where units are independent: patients. Regions or slides of one patient are correlated, so the test would
    reject too often.
    """
    _, right = right_answers([one, other])
    first, second = int((right[:, 0] > right[:, 1]).sum()), int((right[:, 0] < right[:, 1]).sum())
    differing = first + second
    return first, second, float(stats.binomtest(first, differing).pvalue) if differing else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values (1979), in the order given; compare each with the level of the whole family."""
    adjusted, so_far = [0.0] * len(p), 0.0
    for rank, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        adjusted[k] = so_far = max(so_far, min(1.0, (len(p) - rank) * p[k]))
    return adjusted
