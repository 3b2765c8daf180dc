"""How often intervals cover the truth, in cohorts drawn from one whose truth is known: 20 to 30 s of computing."""

import numpy as np
import pytest

from lowpower.evaluation import intervals, sampling
from lowpower.evaluation.units import Units
from lowpower.evaluation.variance_components import estimate

pytestmark = pytest.mark.slow

CLASSES = 3
DRAWN = 500  # cohorts: the standard error of a coverage of 95 % is 1.0 points, so 92 lies three of them away
SHARES = ("accuracy", "macro_f1", "recall", "auroc")


def cohort(rng, patients):
    """Truth and two models' probabilities of the regions of so many patients; regions of a patient resemble each other.

    1 to 3 regions, of one class of three unequal ones. What shifts a patient's scores is shared by its regions, and in
    part by the models.
    """
    owners = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    truth = rng.choice(CLASSES, patients, p=[0.45, 0.3, 0.25])[owners]
    shared = rng.normal(0, 0.8, (patients, CLASSES))[owners]
    models = []
    for gain in (2.2, 1.6):
        scores = shared + rng.normal(0, 0.6, (patients, CLASSES))[owners] + rng.normal(0, 0.8, (len(owners), CLASSES))
        scores[np.arange(len(owners)), truth] += gain
        odds = np.exp(scores)
        models.append(odds / odds.sum(1, keepdims=True))
    ids, names = [f"{k:06d}" for k in range(len(owners))], [f"{k:06d}" for k in owners]
    return [Units(ids, names, truth=truth, probabilities=probabilities) for probabilities in models]


def measured(models, patients):
    """Both models' metrics, the second's without those of ranks, which take the longest."""
    names = [f"{k:06d}" for k in range(patients)]
    weights = sampling.draw_patients(names, 300)
    return [
        sampling.sample(units, names, weights, rank_draws=ranks) for units, ranks in zip(models, (150, 0), strict=True)
    ]


@pytest.fixture(scope="module")
def truth():
    rng = np.random.default_rng(0)
    models = cohort(rng, 30_000)
    everyone = np.zeros((0, 30_000), np.uint16)
    names = [f"{k:06d}" for k in range(30_000)]
    one, other = (sampling.sample(units, names, everyone, rank_draws=0) for units in models)
    found = {name: one[name].point for name in SHARES}
    return found | {"difference": one["accuracy"].point - other["accuracy"].point, "kappa": one["kappa"].point}


@pytest.mark.slow
@pytest.mark.parametrize("patients", [60, 120])
def test_intervals_cover_the_truth_in_92_to_97_percent_of_cohorts(patients, truth):
    rng = np.random.default_rng(patients)
    covered = dict.fromkeys(truth, 0)
    for _ in range(DRAWN):
        one, other = measured(cohort(rng, patients), patients)
        found = {name: intervals.interval_of_share(estimate([one[name]], patients), 0.95) for name in SHARES}
        gap = sampling.difference(one["accuracy"], other["accuracy"])
        found["difference"] = intervals.interval(estimate([gap], patients), 0.95)
        found["kappa"] = intervals.interval(estimate([one["kappa"]], patients), 0.95)
        for name, (low, high) in found.items():
            covered[name] += low <= truth[name] <= high
    shares = {name: count / DRAWN for name, count in covered.items()}
    assert all(0.92 <= share <= 0.97 for share in shares.values()), shares
