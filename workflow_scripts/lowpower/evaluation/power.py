"""Statistical power of a number of patients, before anything is trained; the spread of seeds is not yet known."""

import numpy as np
from scipy import stats

from lowpower.evaluation.variance_components import ADDED, added_patients

FEWEST = 10  # patients needed to test a claim: with ten, no margin below 45 points can be shown


def smallest_margin(patients: int, differing: float, confidence: float = 0.95, power: float = 0.8) -> float:
    """Non-inferiority margin, as a share, that ``patients`` can show with ``power`` if both models are equally good.

    differing: share of the patients whose answers, right or wrong, differ between the models, each of one seed. The
    test is one-sided at half of 1 - confidence. In large samples it is McNemar's test.
    """
    count = differing * patients
    level, chance = stats.t.isf((1 - confidence) / 2, patients - 1), stats.norm.ppf(power)
    return float((level * np.sqrt(count + added_patients(count)) + chance * np.sqrt(count)) / patients)


def least_margin(patients: int, confidence: float) -> float:
    """Margin at or below which no claim per patient can be shown, even where no answer differs."""
    return float(stats.t.isf((1 - confidence) / 2, patients - 1) * np.sqrt(ADDED) / patients)
