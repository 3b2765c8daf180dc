"""Tests of a contrast of models: an interval, a p-value that agrees with it, and McNemar's and Holm's methods.

A contrast is a weighted sum of one metric over models: one less another, or the slope over shares. Its distribution
comes from the patient-cluster bootstrap, with two corrections without which it promises too much in small cohorts:

- Bootstrap percentiles are narrow by the factor sqrt((n - 1) / n) and take a normal for a t distribution. So the share
  of draws beyond a point is read as what it would be with n patients (Hesterberg 2015, doi
  10.1080/00031305.2015.1089789, "expanded percentile interval").
- Where few answers differ, the data do not tell how many might: at 60 patients, of whom none differs, every draw is 0
  and any margin would hold. So each draw gets what four more patients with undecided answers could add (the plus-four
  rule of Agresti and Caffo 2000, doi 10.1080/00031305.2000.10474560), each as much as the patient who differs most.

Of 60 and 120 patients with regions that resemble each other, a 5 % test then rejects at most 5 % under the null and at
the margin; without the four, a margin of two points holds in 30 % of cohorts of 60 in which the truth lies on it. At 32
patients it can be 7 %, where all that differs is worse and it is a few patients'
(tests/evaluation/test_hypothesis_tests.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from lowpower import rng
from lowpower.evaluation.intervals import Sample, interval
from lowpower.evaluation.units import Units

SPREAD = 2.0  # of what is added, in patients: the square root of plus four
ONE_SIDED = ("noninferiority", "equivalence")


@dataclass(frozen=True)
class Outcome:
    """A tested contrast. low, high: the interval of ``confidence``. p is small when the claim holds."""

    estimate: float
    low: float
    high: float
    confidence: float
    p: float


def contrast(samples: Sequence[Sample], weights: Sequence[float]) -> Sample:
    """The weighted sum of samples that share their draws."""
    point = sum(weight * one.point for one, weight in zip(samples, weights, strict=True))
    return Sample(point, np.asarray(sum(weight * one.drawn for one, weight in zip(samples, weights, strict=True))))


def slope_weights(count: int) -> list[float]:
    """Weights that make of ``count`` values in rising order of share their least-squares slope over the share's rank.

    Ranks, because the share 0 has no logarithm. From share to doubled share, such as 25, 50, 100, the slope is that
    over log2 of the share; all that is assumed of 0 is that it comes first.
    """
    ranks = np.arange(count) - (count - 1) / 2
    return list(ranks / (ranks**2).sum())


def right_answers(models: Sequence[Units]) -> tuple[list[str], NDArray]:
    """The ids of the units that all models were asked about, and which models are right (units, models), 0 or 1."""
    right = [dict(zip(u.ids, u.probabilities.argmax(1) == u.truth, strict=True)) for u in models]
    shared = [unit for unit in right[0] if all(unit in of_model for of_model in right)]
    return shared, np.array([[of_model[unit] for of_model in right] for unit in shared], float).reshape(-1, len(right))


def influence(seeds: Sequence[Sequence[Units]], weights: Sequence[float]) -> float:
    """How far the answers about one patient differ, at most: what each undecided one could add, times all patients.

    seeds: of each seed, the units of each model of the contrast. 1 where a difference of two models has a patient with
    no unit answered alike in any seed; also, as nothing is known, where no answer differs at all.
    """
    most = sum(weight for weight in weights if weight > 0)
    moved, patients = [], []
    for models in seeds:
        units, right = right_answers(models)
        patient_of = dict(zip(models[0].ids, models[0].patients, strict=True))
        moved.append(np.abs((right * np.array(weights)).sum(1)))
        patients += [patient_of[unit] for unit in units]
    if not patients:
        return most
    _, group = np.unique(patients, return_inverse=True)
    found = (np.bincount(group, np.concatenate(moved)) / np.bincount(group)).max()
    return float(found) if found > 0 else most


def widened(drawn: NDArray, patients: int, moves: float | NDArray) -> NDArray:
    """The draws (draws, ...) of a contrast, with what undecided patients could add. moves: from ``influence``."""
    normal = rng.generator(0, "undecided patients", len(drawn)).standard_normal(len(drawn))
    return drawn + SPREAD * normal.reshape(-1, *[1] * (drawn.ndim - 1)) * moves / patients


def tail(drawn: NDArray, null: float, patients: int) -> NDArray:
    """One-sided p of "the contrast is above ``null``" from its widened draws (draws, ...): shape (...).

    A draw in which the metric is not defined does not count; 1 where none counts. Never 0: the data are one more draw.
    """
    counted = (~np.isnan(drawn)).sum(0)
    share = (1 + (drawn <= null).sum(0)) / (1 + counted)
    scaled = np.sqrt((patients - 1) / patients) * stats.norm.ppf(np.minimum(share, 1 - 1e-12))
    return np.where(counted, stats.t.cdf(scaled, patients - 1), 1.0)


def outcome(value: Sample, patients: int, moves: float, test: str, margin: float, confidence: float) -> Outcome:
    """Test a contrast. test: superiority or trend (above 0), noninferiority (above -margin), equivalence (within both).

    Superiority and trend are two-sided and their interval is that of ``confidence``; the others are one-sided at the
    same level, 5 % where it is .95, as is usual, so their interval is that of 2 x confidence - 1. Either way p is at
    most 1 - confidence where the interval lies within what is claimed (but for the two draws next to its end), and is
    to be compared with that.
    """
    drawn = widened(value.drawn, patients, moves)
    one_sided = test in ONE_SIDED
    level = 1 - confidence if one_sided else (1 - confidence) / 2
    low, high = interval(drawn, 1 - 2 * level, patients)
    p = float(tail(drawn, -margin, patients))
    if test == "equivalence":
        p = max(p, float(tail(-drawn, -margin, patients)))
    confidence = 2 * confidence - 1 if one_sided else confidence
    return Outcome(value.point, low, high, confidence, p if one_sided else min(1.0, 2 * p))


def mcnemar(one: Units, other: Units) -> tuple[int, int, float]:
    """Units that only ``one`` and that only ``other`` answers right, and the exact two-sided p of their difference.

    Valid where units are independent: patients. Regions or slides of one patient resemble each other, and then it
    rejects too often.
    """
    _, right = right_answers([one, other])
    first, second = int((right[:, 0] > right[:, 1]).sum()), int((right[:, 0] < right[:, 1]).sum())
    differing = first + second
    return first, second, float(stats.binomtest(first, differing).pvalue) if differing else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values (1979), in the order given: compare each with the level of the whole family."""
    adjusted, so_far = [0.0] * len(p), 0.0
    for rank, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        adjusted[k] = so_far = max(so_far, min(1.0, (len(p) - rank) * p[k]))
    return adjusted
