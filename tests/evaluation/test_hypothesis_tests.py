import math

import numpy as np
import pytest

from lowpower import rng
from lowpower.evaluation.accuracies import accuracies
from lowpower.evaluation.hypothesis_tests import contrast, holm, mcnemar, outcome, patient_differences, slope_weights
from lowpower.evaluation.power import least_margin, smallest_margin
from lowpower.evaluation.sampling import Sample
from lowpower.evaluation.units import Units
from lowpower.evaluation.variance_components import combine, estimate, undecided_variance


def units_of(right, regions=1):
    """Units of two classes, of which those of ``right`` (patients x regions, flat) are answered right."""
    right = np.asarray(right, bool)
    patients = [f"p{k // regions:03d}" for k in range(len(right))]
    truth = np.arange(len(right)) % 2
    guess = np.where(right, truth, 1 - truth)
    return Units([f"u{k:03d}" for k in range(len(right))], patients, truth=truth, probabilities=np.eye(2)[guess])


def of_patients(differences):
    """The estimate of a difference from one seed's differences of patients, as claims have it."""
    n = len(differences)
    undecided = float(undecided_variance(differences, n))
    return combine(differences.mean(), 0.0, differences.var(ddof=1) / n, 0.0, seeds=1, patients=n, undecided=undecided)


@pytest.mark.slow
@pytest.mark.parametrize("patients, differing", [(120, 0.05), (120, 0.2), (400, 0.05)])
def test_the_smallest_margin_of_the_plan_holds_in_four_of_five_studies(patients, differing):
    random = rng.generator(0, "studies", patients, differing)
    margin = smallest_margin(patients, differing)
    studies = random.choice([-1.0, 0.0, 1.0], (1500, patients), p=[differing / 2, 1 - differing, differing / 2])
    held = [outcome(of_patients(own), "noninferiority", margin, 0.95).p <= 0.05 for own in studies]
    assert np.mean(held) == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("patients, differing", [(1050, 0.03), (1750, 0.05), (2800, 0.08)])
def test_a_margin_of_one_and_a_half_points_takes_many_patients(patients, differing):
    assert smallest_margin(patients, differing) == pytest.approx(0.015, abs=0.0001)


@pytest.mark.parametrize("patients", [2, 8, 30, 500])
def test_no_margin_of_the_plan_is_out_of_reach(patients):
    assert smallest_margin(patients, 0.03) > least_margin(patients, 0.95)


@pytest.mark.parametrize("patients", [20, 60, 400])
def test_a_margin_out_of_reach_is_known_beforehand(patients):
    nobody, margin = of_patients(np.zeros(patients)), least_margin(patients, 0.95)
    assert outcome(nobody, "noninferiority", 0.99 * margin, 0.95).p > 0.05
    assert outcome(nobody, "noninferiority", 1.01 * margin, 0.95).p < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("test", ["superiority", "trend", "noninferiority", "equivalence"])
def test_a_p_value_agrees_with_the_interval(test):
    random = rng.generator(0, "agreement", test)
    margin = 0.0 if test in ("superiority", "trend") else 0.05
    for k in range(100):
        center, error = random.normal(0, 0.03), random.uniform(0.005, 0.03)
        value = combine(center, error**2, error**2, error**2 / 2, seeds=3 + k % 5, patients=40 + k)
        found = outcome(value, test, margin, 0.95)
        within = found.low > -margin and (test != "equivalence" or found.high < margin)
        assert (found.p < 0.05) == within
        assert 0 < found.p <= 1 and found.low < center < found.high


def test_noninferiority_is_one_sided_at_two_and_a_half_percent():
    value = combine(0.0, 0.0, 1e-4, 0.0, seeds=1, patients=10_000)  # a margin of 1.96 errors
    assert outcome(value, "noninferiority", 0.0196, 0.95).p == pytest.approx(0.05, abs=0.001)


def test_a_contrast_of_two_models_is_their_difference_and_of_shares_their_slope():
    one, other = Sample(0.9, np.array([0.8, 1.0])), Sample(0.7, np.array([0.7, 0.6]))
    found = contrast([one, other], [1, -1])
    assert found.point == pytest.approx(0.2) and found.drawn == pytest.approx([0.1, 0.4])
    weights = slope_weights(4)
    assert np.dot(weights, np.array([0.5, 0.6, 0.7, 0.8])) == pytest.approx(0.1)
    shares = np.log2([25, 50, 100])
    values = [0.4, 0.7, 0.8]
    assert np.dot(slope_weights(3), values) == pytest.approx(np.polyfit(shares, values, 1)[0])


def test_differences_of_patients_are_means_over_their_units_and_seeds():
    all_right, regions = units_of([1] * 8, 4), units_of([1, 1, 1, 0, 1, 1, 1, 1], 4)
    assert patient_differences([[all_right, regions]], [1, -1]) == pytest.approx([0.25, 0])
    two_seeds = [[all_right, regions], [all_right, all_right]]
    assert patient_differences(two_seeds, [1, -1]) == pytest.approx([0.125, 0])
    assert patient_differences([[units_of([0, 1]), units_of([1, 1])]], [1, -1]) == pytest.approx([-1, 0])
    assert patient_differences([], [1, -1]).shape == (0,)


def test_mcnemar_is_the_exact_binomial_of_those_who_differ():
    one, other = units_of([1] * 9 + [0] * 3), units_of([0] * 7 + [1] * 3 + [0] * 2)
    expected = 2 * sum(math.comb(8, k) for k in (0, 1)) / 2**8
    first, second, p = mcnemar(one, other)
    assert (first, second) == (7, 1) and p == pytest.approx(expected)
    assert mcnemar(one, one) == (0, 0, 1.0)


def test_holm_adjusts_the_smallest_most_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_a_metric_that_is_never_defined_holds_nowhere():
    found = outcome(estimate([Sample(np.nan, np.full(100, np.nan))], 40), "superiority", margin=0, confidence=0.95)
    assert found.p == 1 and np.isnan(found.low)


def test_three_numbers_are_called_accuracy():
    three = np.array([[749, 251, 0], [0, 749, 251], [251, 0, 749]])
    assert accuracies(three) == pytest.approx(
        {"accuracy": 0.749, "accuracy_one_vs_rest": 1 - 2 * 0.251 / 3, "accuracy_released": 0.8567}, abs=1e-4
    )
    five = np.eye(5) * 749 + np.roll(np.eye(5), 1, 1) * 251
    assert accuracies(five)["accuracy_released"] == pytest.approx(0.9088, abs=1e-4)
    assert all(np.isnan(value) for value in accuracies(np.zeros((2, 2))).values())
