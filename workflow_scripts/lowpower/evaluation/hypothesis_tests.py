"""Tests of a contrast of models: an interval, a p-value that agrees with it, and McNemar's and Holm's methods.

A contrast is a weighted sum of one metric over models: one minus another, or the slope over shares. Its distribution
comes from the patient-cluster bootstrap, with two corrections, without which it is overconfident in small cohorts:

- Bootstrap percentiles are too narrow by the factor sqrt((n - 1) / n) and use a normal instead of a t distribution. So
  the share of draws beyond a point is corrected for n patients (Hesterberg 2015, doi
  10.1080/00031305.2015.1089789, "expanded percentile interval").
- Where few answers differ, the data do not show how many could: at 60 patients, of whom none differs, every draw is 0
  and any margin would hold. So each draw gets the possible effect of four more patients with undecided answers (the
  plus-four rule of Agresti and Caffo 2000, doi 10.1080/00031305.2000.10474560), each like the patient who differs most.

With 60 and 120 patients and correlated regions, a 5 % test then rejects at most 5 % under the null and at the margin;
without the four, a margin of two points holds in 30 % of cohorts of 60 whose true difference equals it. At 32 patients
it can reject 7 %, where all differences are losses and belong to a few patients
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

SPREAD = 2.0  # of the added effect, in patients: the square root of plus four
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


def influence(seeds: Sequence[Sequence[Units]], weights: Sequence[float]) -> float:
    """Largest difference of answers about one patient: an undecided patient's possible effect, times all patients.

    seeds: for each seed, the units of each model of the contrast. For a difference of two models it is 1 if they
    disagree on all units of one patient in every seed; also if no answer differs at all, since nothing is then known.
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
    """Add the possible effect of undecided patients to the draws (draws, ...) of a contrast. moves: ``influence``."""
    normal = rng.generator(0, "undecided patients", len(drawn)).standard_normal(len(drawn))
    return drawn + SPREAD * normal.reshape(-1, *[1] * (drawn.ndim - 1)) * moves / patients


def tail(drawn: NDArray, null: float, patients: int) -> NDArray:
    """One-sided p of "the contrast is above ``null``" from its widened draws (draws, ...): shape (...).

    Draws in which the metric is not defined do not count; 1 where none counts. Never 0: the data are one more draw.
    """
    counted = (~np.isnan(drawn)).sum(0)
    share = (1 + (drawn <= null).sum(0)) / (1 + counted)
    scaled = np.sqrt((patients - 1) / patients) * stats.norm.ppf(np.minimum(share, 1 - 1e-12))
    return np.where(counted, stats.t.cdf(scaled, patients - 1), 1.0)


def outcome(value: Sample, patients: int, moves: float, test: str, margin: float, confidence: float) -> Outcome:
    """Test a contrast. test: superiority or trend (above 0), noninferiority (above -margin), equivalence (within both).

    Superiority and trend are two-sided, with an interval of ``confidence``. The others are one-sided at the same
    level, 5 % for .95, as is usual, so their interval has 2 x confidence - 1. In both cases p is at most
    1 - confidence where the interval is within the claim (except for the two draws next to its end); compare p with
    1 - confidence.
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
