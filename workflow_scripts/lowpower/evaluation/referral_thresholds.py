"""Below which confidence a student refers a unit to its teacher.

A student's confidence is the probability of the class that it names: one number that every model gives and that a user
can hold against a threshold (Hendrycks & Gimpel 2017, arXiv 1610.02136). Thresholds come from validation units, so
that they could be set before the first patient is read.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Pair:
    """A student and its teacher on the units that both were asked about; every array is (units,)."""

    patients: list[str]
    regions: NDArray  # how many a unit has
    confidence: NDArray  # the student's
    student: NDArray  # whether it is right
    teacher: NDArray


def threshold_for(confidence: NDArray, share: float) -> float:
    """The confidence below which a unit is referred, so that of new units the share 0..1 is expected to be.

    confidence: of validation units, (n,). Of n units the k-th smallest has k / (n + 1) of new ones below it (numpy's
    "weibull"), so no share below 1 / (n + 1) can be met. 0 for nobody, infinite for everybody, NaN without units.
    """
    if share in (0, 1):
        return 0.0 if share == 0 else np.inf
    return float(np.quantile(confidence, share, method="weibull")) if len(confidence) else np.nan


def chosen_threshold(pair: Pair) -> float:
    """The threshold that refers the smallest share with which the two together are right as often as the teacher."""
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
