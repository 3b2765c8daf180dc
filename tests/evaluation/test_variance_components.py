import importlib.util

import numpy as np
import pytest
from project_paths import ROOT
from scipy import stats

from lowpower.evaluation.intervals import interval
from lowpower.evaluation.sampling import Sample, draw_patients
from lowpower.evaluation.variance_components import Estimate, added_patients, combine, estimate, undecided_variance

SPEC = importlib.util.spec_from_file_location("coverage", ROOT / "bench/coverage.py")
coverage = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(coverage)


def samples_of(differences, draws=20_000):
    """Samples of the mean over patients of each seed, from differences (seeds, patients)."""
    weights = draw_patients([str(k) for k in range(differences.shape[1])], draws)
    drawn = weights @ differences.T / differences.shape[1]
    return [Sample(float(own.mean()), column) for own, column in zip(differences, drawn.T, strict=True)]


@pytest.fixture
def differences():
    random = np.random.default_rng(3)
    return (
        0.03 + random.normal(0, 0.02, (5, 1)) + random.normal(0, 0.3, (1, 80)) + random.normal(0, 0.4, (5, 80))
    )  # seeds, patients


def test_the_bootstrap_gives_the_components_of_the_analysis_of_variance(differences):
    found, exact = estimate(samples_of(differences), 80), coverage.estimate_balanced(differences[None])
    assert found.point == pytest.approx(exact.point[0])
    assert float(found.error) == pytest.approx(float(exact.error[0]), rel=0.02)
    assert float(found.df) == pytest.approx(float(exact.df[0]), rel=0.1)


def test_one_seed_has_the_error_of_its_patients_and_their_t(differences):
    one = differences[:1]
    found = estimate(samples_of(one), 80)
    expected = stats.t.interval(0.95, 79, loc=one.mean(), scale=stats.sem(one[0]))
    assert interval(found, 0.95) == pytest.approx(expected, rel=0.02)


def test_seeds_that_differ_widen_the_interval_even_with_many_patients():
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.1, (3, 2000))
    alike, apart = noise, noise + np.array([[-0.05], [0.0], [0.05]])
    narrow, wide = (interval(estimate(samples_of(own, 2000), 2000), 0.95) for own in (alike, apart))
    by_seeds = stats.t.interval(0.95, 2, scale=0.05 / np.sqrt(3))
    assert wide[1] - wide[0] == pytest.approx(by_seeds[1] - by_seeds[0], rel=0.1)
    assert narrow[1] - narrow[0] < 0.1 * (wide[1] - wide[0])


def test_seeds_with_patients_of_their_own_are_compared_as_a_whole():
    random = np.random.default_rng(1)
    own = [random.normal(0.1, 0.5, 40) for _ in range(4)]  # of 160 patients, each seed tests 40
    weights = draw_patients([str(k) for k in range(160)], 20_000).astype(float)
    samples = []
    for k, values in enumerate(own):
        counts = weights[:, 40 * k : 40 * k + 40]
        samples.append(Sample(float(values.mean()), counts @ values / counts.sum(1)))
    between = np.std([values.mean() for values in own], ddof=1) / 2
    assert float(estimate(samples, 160).error) == pytest.approx(between, rel=0.15)


def test_quantiles_lie_between_those_of_satterthwaite_and_of_cochran():
    value = combine(0.0, 4e-4, 4e-4, 0.0, seeds=3, patients=60)
    satterthwaite = 2 * (4e-4 + 4e-4) ** 2 / (2 * (4e-4) ** 2 / 2 + 2 * (4e-4) ** 2 / 59)
    assert float(value.df) == pytest.approx(satterthwaite)
    weighted = (stats.t.isf(0.025, 2) + stats.t.isf(0.025, 59)) / 2
    assert value.quantile(0.025) == pytest.approx(1.03 * (stats.t.isf(0.025, value.df) + weighted) / 2)


def test_a_sum_below_its_larger_component_is_raised_a_fifth_of_the_way():
    value = combine(0.0, 0.5e-4, 2e-4, 1e-4, seeds=3, patients=60)
    assert float(value.error) ** 2 == pytest.approx(1.5e-4 + 0.2 * 0.5e-4)
    lowest = combine(0.0, 0.0, 1e-4, 1.2e-4, seeds=3, patients=60)  # the sum is below zero
    assert float(lowest.error) ** 2 == pytest.approx(1.2e-5)


@pytest.mark.parametrize("null", [-0.05, 0.0, 0.02, 0.031, 0.09])
def test_p_is_the_level_at_which_the_interval_reaches_the_border(differences, null):
    value = estimate(samples_of(differences, 2000), 80, 1e-5)
    p = value.p_above(null)
    low, high = interval(value, 1 - 2 * min(p, 1 - p))
    assert (low if value.point > null else high) == pytest.approx(null, abs=1e-6)
    assert (p < 0.5) == (value.point > null)


def test_p_is_never_zero_and_one_where_nothing_is_defined():
    assert 0 < Estimate(1.0, np.array(1e-3), np.array(50.0), np.array(0.0), 1, 51).p_above(0) < 1e-10
    assert Estimate(np.nan, np.array(np.nan), np.array(50.0), np.array(0.0), 1, 51).p_above(0) == 1


def test_four_patients_are_added_where_hardly_anyone_differs_and_none_where_six_do():
    nobody = np.zeros(60)
    assert undecided_variance(nobody, 60) == pytest.approx(4 / 60**2)
    two = np.array([0.5, -0.5] + [0.0] * 58)
    assert undecided_variance(two, 60) == pytest.approx(4 * 0.25 / 60**2)
    six = np.array([1.0, -1, 1, 1, -1, 1] + [0.0] * 54)
    assert undecided_variance(six, 60) == 0
    assert added_patients([0, 3, 4.5, 6, 60]) == pytest.approx([4, 4, 2, 0, 0])


def test_a_seed_without_the_metric_does_not_count(differences):
    samples = samples_of(differences, 2000)
    nothing = Sample(np.nan, np.full(2000, np.nan))
    found = estimate([*samples, nothing], 80)
    assert found.seeds == 5 and float(found.error) == float(estimate(samples, 80).error)
    assert np.isnan(estimate([nothing], 80).point)


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("accuracy, spread", [(0.6, 0.0), (0.6, 0.05), (0.9, 0.02), (0.985, 0.02)])
@pytest.mark.parametrize("seeds, patients", [(3, 60), (5, 304), (10, 120)])
def test_intervals_cover_and_tests_keep_their_level(accuracy, spread, clustered, seeds, patients):
    studies, error = 1000, 3 * np.sqrt(0.05 * 0.95 / 1000)  # three standard errors, 2.1 points
    cell = (accuracy, spread, clustered, seeds, patients)
    for worse in (0.0, coverage.MARGIN):
        found = coverage.simulate(*cell, worse, studies, number=1)
        assert found["coverage"] >= 0.93 - error
        assert found["above"] <= 0.06 if worse else found["above"] + found["below"] <= 0.06 + error
    assert found["coverage"] <= 0.97 + error or accuracy > 0.98  # few errors: wider
