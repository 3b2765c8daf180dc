"""A package's values are those that the tables print."""

import numpy as np
import pytest

from lowpower.evaluation.units import Judged, Units
from lowpower.tables.referral_results import SHARES
from lowpower.tables.validation_choices import choices_of


def units(seed, n=40, way="mean"):
    draw = np.random.default_rng(seed)
    probabilities = draw.dirichlet([1, 1], n)
    ids = [f"P{k:02}" for k in range(n)]
    truth = (probabilities[:, 1] + draw.normal(0, 0.3, n) > 0.5).astype(int)
    return Units(ids, ids, truth, probabilities, regions=[1] * n, way=way)


def judged(pixels="averaged", student=1, teacher=2, per="patient"):
    of_models = [units(student), units(teacher) if pixels == "averaged" else None]
    return Judged({"per": per, "split": "val", "pixels": pixels}, of_models[0].ids, of_models, of_models)


def test_a_threshold_of_referral_refers_the_share_that_is_written_beside_it():
    (chosen,) = choices_of([judged()], 1, True)
    confidence = units(1).probabilities.max(1)
    assert [one.asked for one in chosen.referral] == [*map(str, SHARES), "chosen"]
    for one in chosen.referral:
        assert one.share == np.mean(confidence < (np.inf if one.threshold is None else one.threshold))
    by_share = {one.asked: one for one in chosen.referral}
    assert by_share["0"].share == 0 and by_share["100"].threshold is None and 0.15 <= by_share["20"].share <= 0.25
    assert (chosen.units, chosen.aggregation) == (40, "mean") and chosen.temperature and chosen.threshold


def test_without_a_teacher_or_a_positive_class_there_is_nothing_to_choose():
    (chosen,) = choices_of([judged()], None, False)
    assert chosen.referral == [] and chosen.threshold is None


def test_pixels_of_levels_have_choices_of_their_own_and_the_teacher_reads_area_means():
    averaged, level = choices_of([judged(), judged("level", student=3)], 1, True)
    assert (averaged.pixels, level.pixels) == ("averaged", "level")
    assert level.temperature != averaged.temperature
    assert {one.asked for one in level.referral} == {one.asked for one in averaged.referral}
    right = [u.probabilities.argmax(1) == u.truth for u in (units(3), units(2))]
    chosen = next(one for one in level.referral if one.asked == "chosen")
    referred = units(3).probabilities.max(1) < (np.inf if chosen.threshold is None else chosen.threshold)
    assert np.where(referred, right[1], right[0]).mean() >= right[1].mean()


@pytest.mark.parametrize("way", ["mean", "max"])
def test_kinds_without_units_are_left_out(way):
    one = judged()
    empty = Units([], [], np.zeros(0, int), np.zeros((0, 2)), way=way)
    assert choices_of([Judged(one.kind, [], [empty, empty], [empty, empty])], 1, True) == []
