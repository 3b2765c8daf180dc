import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from lowpower.evaluation.intervals import interval, interval_of_share
from lowpower.evaluation.sampling import Sample
from lowpower.evaluation.variance_components import combine, estimate


def test_the_interval_of_a_difference_is_student_t_around_it():
    value = combine(0.1, 0.0, 0.02**2, 0.0, seeds=1, patients=40)
    assert interval(value, 0.9) == pytest.approx(stats.t.interval(0.9, 39, loc=0.1, scale=0.02))


def test_intervals_are_wider_where_patients_are_few():
    widths = [np.ptp(interval(combine(0.0, 0.0, 1e-4, 0.0, seeds=1, patients=n), 0.95)) for n in (5, 20, 100, 10**6)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(2 * 1.96 * 0.01, rel=1e-4)


def test_the_interval_of_a_share_is_that_of_its_logit():
    value = combine(0.94, 0.0, 0.04**2, 0.0, seeds=1, patients=32)
    reach = stats.t.isf(0.025, 31) * 0.04 / (0.94 * 0.06)
    low, high = interval_of_share(value, 0.95)
    assert (low, high) == pytest.approx(tuple(expit(logit(0.94) + np.array([-reach, reach]))))
    assert 0 < low < 0.94 < high < 1


def test_the_interval_of_a_share_is_exact_at_0_and_1():
    for right, exact in ((32, (0.8911, 1)), (0, (0, 0.1089))):
        found = interval_of_share(estimate([Sample(right / 32, np.full(9, right / 32))], 32), 0.95)
        assert found == pytest.approx(exact, abs=1e-4)
        known = stats.binomtest(right, 32).proportion_ci(0.95, method="exact")
        assert exact == pytest.approx((known.low, known.high), abs=1e-4)


def test_what_is_not_defined_has_no_interval():
    nothing = estimate([Sample(np.nan, np.full(9, np.nan))], 32)
    assert np.isnan([*interval(nothing, 0.95), *interval_of_share(nothing, 0.95)]).all()
