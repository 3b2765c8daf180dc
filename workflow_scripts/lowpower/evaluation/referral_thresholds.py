"""Thresholds of confidence below which a student refers a unit to its teacher.

A student's confidence is the probability of its predicted class: every model gives this number, and a user can compare
it with a threshold (Hendrycks & Gimpel 2017, arXiv 1610.02136). Thresholds come from validation units, so they can be
set before the first patient is read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lowpower.evaluation.units import Judged, Units


@dataclass(frozen=True)
class Pair:
    """A student and its teacher on the units that both predicted; every array is (units,)."""

    patients: list[str]
    regions: NDArray  # number in each unit
    confidence: NDArray  # the student's
    student: NDArray  # True where it is right
    teacher: NDArray


def threshold_for(confidence: NDArray, share: float) -> float:
    """Confidence below which a unit is referred, so that the expected share of new units is ``share``, 0..1.

    confidence: of validation units, (n,). The k-th smallest of n has k / (n + 1) of new units below it (numpy's
    "weibull"), so no share below 1 / (n + 1) is possible. 0 for no unit, infinite for all units, NaN without units.
    """
    if share in (0, 1):
        return 0.0 if share == 0 else np.inf
    return float(np.quantile(confidence, share, method="weibull")) if len(confidence) else np.nan


def chosen_threshold(pair: Pair) -> float:
    """Threshold with the smallest share referred at which both together are as accurate as the teacher."""
    if not len(pair.confidence):
        return np.nan
    order = np.argsort(pair.confidence, kind="stable")
    confidence = pair.confidence[order]
    gained = np.cumsum(pair.teacher[order].astype(int) - pair.student[order].astype(int))  # by referring k + 1 units
    if gained[-1] <= 0:
        return 0.0
    for k in np.flatnonzero(gained >= gained[-1]):  # ties of confidence are referred together
        if k + 1 < len(confidence) and confidence[k] < confidence[k + 1]:
            return float(confidence[k + 1])
    return np.inf


def pair_of(judged: Judged, student: int, teacher: int) -> Pair:
    """Answers of a student and its teacher, given by their positions in the models, for the same units."""
    low, high = judged.of_models[student], judged.of_models[teacher]
    assert low is not None and high is not None  # every model is predicted on area means
    position = {unit: k for k, unit in enumerate(high.ids)}
    kept = [k for k, unit in enumerate(low.ids) if unit in position]
    others = [position[low.ids[k]] for k in kept]
    return Pair(
        patients=[low.patients[k] for k in kept],
        regions=np.array(low.regions, float)[kept],
        confidence=low.probabilities[kept].max(1, initial=0),
        student=_right(low)[kept],
        teacher=_right(high)[others],
    )


def _right(units: Units) -> NDArray:
    return units.probabilities.argmax(1) == units.truth
