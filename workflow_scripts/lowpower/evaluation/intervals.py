"""Intervals of a mean over seeds, from its estimate (``variance_components``).

Metrics between 0 and 1 have their interval on the logit scale: for an AUROC of .97 in 60 patients percentiles of the
bootstrap covered 88 %, BCa without its acceleration 91, t on the logit scale 93; elsewhere the three agreed within two
points (tests/evaluation/test_interval_coverage.py).
"""

import numpy as np
from scipy.special import expit, logit

from lowpower.evaluation.variance_components import Estimate


def interval(value: Estimate, confidence: float) -> tuple[float, float]:
    """Interval of a difference or of a metric without bounds; (NaN, NaN) where it is not defined."""
    point, reach = float(value.point), float(value.reach((1 - confidence) / 2))  # type: ignore[arg-type]
    return point - reach, point + reach


def interval_of_share(value: Estimate, confidence: float) -> tuple[float, float]:
    """Interval of a metric between 0 and 1, on the logit scale.

    At 0 or 1 nothing varies, so it is the exact binomial interval (Clopper and Pearson) for the number of patients.
    """
    point, tail = float(value.point), (1 - confidence) / 2  # type: ignore[arg-type]
    if np.isnan(point) or np.isnan(value.error):
        return np.nan, np.nan
    if point in (0, 1):
        bound = float(tail ** (1 / value.patients))
        return (bound, 1.0) if point else (0.0, 1 - bound)
    reach = float(value.reach(tail)) / (point * (1 - point))
    low, high = expit(logit(point) + np.array([-reach, reach]))
    return float(low), float(high)
