"""Statistical power of a number of patients, before anything is trained."""

import numpy as np
from scipy import stats

from lowpower.evaluation.hypothesis_tests import SPREAD
from lowpower.evaluation.intervals import percentile_of

FEWEST = 10  # patients needed to test a claim: with fewer, bootstrap intervals of 95 % cover 83 % of the time


def smallest_margin(
    patients: int, differing: float, confidence: float = 0.95, power: float = 0.8, undecided: float = SPREAD**2
) -> float:
    """Non-inferiority margin, as a share, that ``patients`` can show with ``power`` if both models are equally good.

    differing: share of the patients whose answers, right or wrong, differ between the models. The test is one-sided at
    1 - confidence. undecided: patients that the test adds (``widened``); with 0 it is McNemar's test in large
    samples, where a margin of .015 takes about 820, 1,370 and 2,200 patients when .03, .05 and .08 differ.
    """
    count = differing * patients
    level, chance = -stats.norm.ppf([percentile_of(1 - confidence, patients), 1 - power])
    return float((level * np.sqrt(count + undecided) + chance * np.sqrt(count)) / patients)


def least_margin(patients: int, confidence: float) -> float:
    """Margin at or below which no claim per patient can be shown, even where no answer differs."""
    return float(-stats.norm.ppf(percentile_of(1 - confidence, patients)) * SPREAD / patients)
