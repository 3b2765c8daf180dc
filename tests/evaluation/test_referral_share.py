"""A share referred is tested against the promised one: exactly, and with at most one false alarm in 100 sets."""

from fractions import Fraction
from itertools import combinations

import pytest
from scipy import stats

from lowpower import rng
from lowpower.evaluation.referral_share import LEVEL, is_unlike, p_of_share


def chance_of_at_least(k, slides, rank, units):
    """Share of all orders of new and validation confidences with k new ones or more below the rank-th of validation."""
    orders = list(combinations(range(units + slides), units))  # the places of validation
    return Fraction(sum(places[rank - 1] - (rank - 1) >= k for places in orders), len(orders))


@pytest.mark.parametrize("referred, slides, promised, units", [(4, 5, 1, 6), (5, 5, 0, 4), (0, 6, 4, 5), (3, 6, 2, 5)])
def test_the_p_of_a_share_counts_orders_of_slides(referred, slides, promised, units):
    more = chance_of_at_least(referred, slides, promised + 1, units)
    fewer = 1 - chance_of_at_least(referred + 1, slides, promised, units) if promised else 1
    assert p_of_share(referred, slides, promised, units) == pytest.approx(float(min(1, 2 * more, 2 * fewer)), rel=1e-9)


def test_a_threshold_that_refers_none_or_all_of_validation_is_never_low_or_high():
    assert p_of_share(0, 50, 0, 30) == 1
    assert p_of_share(50, 50, 30, 30) == 1


@pytest.mark.parametrize("slides, promised, units", [(20, 5, 20), (100, 8, 40), (3000, 8, 40), (200, 60, 300)])
def test_slides_like_those_of_the_study_are_called_unlike_in_at_most_one_of_100_sets(slides, promised, units):
    unlike = [k for k in range(slides + 1) if is_unlike(k, slides, promised, units)]
    for rank in (promised, promised + 1):  # the threshold lies between these confidences of validation
        assert 0 < stats.betabinom.pmf(unlike, slides, rank, units - rank + 1).sum() <= LEVEL


def test_slides_of_which_the_student_is_less_sure_are_called_unlike():
    found = 0
    for k in range(200):
        draws = rng.generator(0, "referral share", k).random(140)
        found += is_unlike(int((draws[40:] ** 3 < sorted(draws[:40])[8]).sum()), 100, 8, 40)
    assert found > 190


def test_few_slides_and_small_differences_are_no_ground_for_a_warning():
    assert is_unlike(20, 20, 2, 400)
    assert not is_unlike(19, 19, 2, 400) and not is_unlike(20, 20, 0, 19)
    assert p_of_share(1450, 10_000, 1000, 10_000) < LEVEL  # a difference of 4.5 points
    assert not is_unlike(1450, 10_000, 1000, 10_000) and is_unlike(1600, 10_000, 1000, 10_000)
