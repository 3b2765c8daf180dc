import math

import numpy as np
import pytest

from lowpower import rng
from lowpower.evaluation.accuracies import accuracies
from lowpower.evaluation.hypothesis_tests import (
    contrast,
    holm,
    influence,
    mcnemar,
    outcome,
    slope_weights,
    tail,
    widened,
)  # fmt: skip
from lowpower.evaluation.intervals import Sample, draw_patients, percentile_of
from lowpower.evaluation.power import least_margin, smallest_margin
from lowpower.evaluation.units import Units

COHORTS, DRAWS = 2000, 2000
ERROR = 3 * math.sqrt(0.05 * 0.95 / COHORTS)  # of a rejection rate, three standard errors: 1.5 %


def units_of(right, regions=1):
    """Units of two classes, of which those of ``right`` (patients x regions, flat) are answered right."""
    right = np.asarray(right, bool)
    patients = [f"p{k // regions:03d}" for k in range(len(right))]
    truth = np.arange(len(right)) % 2
    guess = np.where(right, truth, 1 - truth)
    return Units([f"u{k:03d}" for k in range(len(right))], patients, truth=truth, probabilities=np.eye(2)[guess])


def cohorts(patients, better, worse, regions=1, resemblance=0.0):
    """Draws of the difference of two models in many cohorts (draws, cohorts), and what one patient moves in each.

    better, worse: shares of the regions that only the first, only the second model answers right. resemblance: the
    correlation of regions of one patient (Dirichlet-multinomial); patients have regions / 2 to 3/2 regions.
    """
    random = rng.generator(0, "cohorts", patients, better, worse, regions, resemblance)
    shares = np.array([better, worse, 1 - better - worse])
    if resemblance:
        shape = np.maximum(shares * (1 - resemblance) / resemblance, 1e-9)
        own = random.standard_gamma(shape, (patients, COHORTS, 3))
        own /= own.sum(-1, keepdims=True)
        counts = random.integers(max(1, regions // 2), regions * 3 // 2 + 1, (patients, COHORTS))
    else:
        own, counts = np.broadcast_to(shares, (patients, COHORTS, 3)), np.ones((patients, COHORTS), int)
    first, second, _ = np.moveaxis(random.multinomial(counts, own), -1, 0)
    weights = draw_patients([str(k) for k in range(patients)], DRAWS).astype(np.float32)
    drawn = (weights @ (first - second).astype(np.float32)) / (weights @ counts.astype(np.float32))
    most = ((first + second) / counts).max(0)
    return drawn, np.where(most > 0, most, 1.0)


def as_tested(patients, *how):
    """The draws as they are tested."""
    drawn, most = cohorts(patients, *how)
    return widened(drawn, patients, most)


NULLS = [  # better, worse, regions, resemblance
    (0.05, 0.05, 1, 0), (0.15, 0.15, 1, 0), (0.1, 0.1, 12, 0.3), (0.05, 0.05, 12, 0.6), (0.02, 0.02, 12, 0.1),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("patients", [60, 120])
@pytest.mark.parametrize("null", NULLS)
def test_a_five_percent_test_rejects_at_most_that_where_models_are_as_good(patients, null):
    drawn = as_tested(patients, *null)
    p = 2 * np.minimum(tail(drawn, 0, patients), tail(-drawn, 0, patients))
    assert (p <= 0.05).mean() <= 0.065


MARGINS = [  # better, worse, regions, resemblance: worse by the margin
    (0, 0.02, 1, 0), (0, 0.05, 1, 0), (0.03, 0.08, 1, 0), (0, 0.1, 1, 0), (0.05, 0.1, 12, 0.3), (0, 0.05, 12, 0.3),
    (0.01, 0.03, 12, 0.6), (0.01, 0.03, 12, 0.2),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("patients", [60, 120])
@pytest.mark.parametrize("at", MARGINS)
def test_at_the_margin_noninferiority_holds_in_at_most_five_percent(patients, at):
    drawn = as_tested(patients, *at)
    assert (tail(drawn, -(at[1] - at[0]), patients) <= 0.05).mean() <= 0.05 + ERROR


def test_few_patients_of_whom_few_differ_would_hold_any_margin_without_those_who_are_added():
    drawn, _ = cohorts(60, 0, 0.02)
    assert 0.28 < (tail(drawn, -0.02, 60) <= 0.05).mean() < 0.32


def test_at_32_patients_the_worst_case_holds_a_little_too_often():
    drawn = as_tested(32, 0, 0.05, 12, 0.3)
    assert (tail(drawn, -0.05, 32) <= 0.05).mean() <= 0.08


@pytest.mark.parametrize("patients, differing", [(120, 0.05), (120, 0.2), (400, 0.05)])
def test_the_smallest_margin_of_the_plan_holds_in_four_of_five_cohorts(patients, differing):
    drawn = as_tested(patients, differing / 2, differing / 2)
    margin = smallest_margin(patients, differing)
    assert (tail(drawn, -margin, patients) <= 0.05).mean() == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("patients, differing", [(820, 0.03), (1370, 0.05), (2200, 0.08)])
def test_a_margin_of_one_and_a_half_points_takes_many_patients(patients, differing):
    assert smallest_margin(patients, differing, undecided=0) == pytest.approx(0.015, abs=0.0001)
    assert smallest_margin(patients, differing) == pytest.approx(0.015, abs=0.001)


@pytest.mark.parametrize("patients", [2, 8, 30, 500])
def test_no_margin_of_the_plan_is_out_of_reach(patients):
    assert smallest_margin(patients, 0.03) > least_margin(patients, 0.95)


def test_a_margin_out_of_reach_is_known_beforehand():
    assert least_margin(60, 0.95) == pytest.approx(2 * 1.671 / 60, rel=0.02)
    for patients in (20, 60, 400):
        nobody = Sample(0.0, np.zeros(10_000))
        margin = least_margin(patients, 0.95)
        assert outcome(nobody, patients, 1, test="noninferiority", margin=0.95 * margin, confidence=0.95).p > 0.05
        assert outcome(nobody, patients, 1, test="noninferiority", margin=1.05 * margin, confidence=0.95).p < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("test", ["superiority", "trend", "noninferiority", "equivalence"])
def test_a_p_value_agrees_with_its_interval(test):
    random = rng.generator(0, "agreement", test)
    for k in range(300):
        center = random.normal(0, 0.03)
        value = Sample(center, random.normal(center, 0.02, 999))
        found = outcome(
            value, 40 + k, 0.3, test=test, margin=0.0 if test in ("superiority", "trend") else 0.05, confidence=0.95
        )
        ends = {"superiority": [found.low], "trend": [found.low], "noninferiority": [found.low + 0.05]}.get(
            test, [found.low + 0.05, 0.05 - found.high]
        )
        if abs(found.p - 0.05) > 0.005:  # draws next to the end
            assert (found.p < 0.05) == all(end > 0 for end in ends)
    assert found.confidence == pytest.approx(0.95 if test in ("superiority", "trend") else 0.9)


def test_a_contrast_of_two_models_is_their_difference_and_of_shares_their_slope():
    one, other = Sample(0.9, np.array([0.8, 1.0])), Sample(0.7, np.array([0.7, 0.6]))
    found = contrast([one, other], [1, -1])
    assert found.point == pytest.approx(0.2) and found.drawn == pytest.approx([0.1, 0.4])
    weights = slope_weights(4)
    assert np.dot(weights, np.array([0.5, 0.6, 0.7, 0.8])) == pytest.approx(0.1)
    shares = np.log2([25, 50, 100])
    values = [0.4, 0.7, 0.8]
    assert np.dot(slope_weights(3), values) == pytest.approx(np.polyfit(shares, values, 1)[0])


def test_one_patient_moves_a_contrast_by_what_differs_in_it():
    all_right, regions = units_of([1] * 8, 4), units_of([1, 1, 1, 0, 1, 1, 1, 1], 4)
    assert influence([[all_right, regions]], [1, -1]) == 0.25
    assert influence([[all_right, regions], [all_right, all_right]], [1, -1]) == 0.125  # mean of two seeds
    assert influence([[all_right, all_right]], [1, -1]) == 1  # nothing is known of who might differ
    assert influence([[units_of([0, 1]), units_of([1, 1])]], [1, -1]) == 1


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
    found = outcome(Sample(np.nan, np.full(100, np.nan)), 40, 1, test="superiority", margin=0, confidence=0.95)
    assert found.p == 1 and np.isnan(found.low)
    assert tail(np.zeros((0,)), 0, 40) == 1


def test_a_percentile_is_cut_further_out_in_small_cohorts():
    assert percentile_of(0.025, 12) < percentile_of(0.025, 60) < percentile_of(0.025, 100_000) <= 0.025
    assert percentile_of(0.025, 100_000) == pytest.approx(0.025, abs=1e-5)


def test_three_numbers_are_called_accuracy():
    three = np.array([[749, 251, 0], [0, 749, 251], [251, 0, 749]])
    assert accuracies(three) == pytest.approx(
        {"accuracy": 0.749, "accuracy_one_vs_rest": 1 - 2 * 0.251 / 3, "accuracy_released": 0.8567}, abs=1e-4
    )
    five = np.eye(5) * 749 + np.roll(np.eye(5), 1, 1) * 251
    assert accuracies(five)["accuracy_released"] == pytest.approx(0.9088, abs=1e-4)
    assert all(np.isnan(value) for value in accuracies(np.zeros((2, 2))).values())
