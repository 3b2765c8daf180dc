"""What validation data choose: temperature, threshold, and how regions become a slide."""

import numpy as np
import pytest
import torch
from sklearn import metrics as oracle

from lowpower.evaluation.aggregation import aggregate
from lowpower.evaluation.calibration import TEMPERATURES, choose, log_loss, temperature_of, tempered, threshold_of
from lowpower.evaluation.sampling import sample
from lowpower.evaluation.units import Units


def judged(sharpness, n=4000, classes=3):
    """Truth drawn from probabilities, which are told with their logarithms times ``sharpness``."""
    rng = np.random.default_rng(0)
    honest = rng.dirichlet(np.ones(classes), n)
    truth = (rng.random((n, 1)) > honest.cumsum(1)).sum(1)
    return truth, tempered(honest, 1 / sharpness)


@pytest.mark.parametrize("sharpness", [0.5, 1, 3])
def test_the_temperature_undoes_what_made_probabilities_too_sharp_or_too_soft(sharpness):
    truth, told = judged(sharpness)
    found = temperature_of(truth, told)
    assert found == pytest.approx(sharpness, rel=0.06)
    tried = {t: oracle.log_loss(truth, tempered(told, t)) for t in (found * 0.98, found, found * 1.02)}
    assert min(tried, key=tried.get) == found


def test_the_temperature_of_faultless_data_is_the_lower_bound_and_of_hopeless_data_the_upper():
    truth = np.array([0, 1, 2])
    told = np.full((3, 3), 0.2) + 0.4 * np.eye(3)
    assert temperature_of(truth, told) == pytest.approx(TEMPERATURES[0])
    assert temperature_of((truth + 1) % 3, told) == pytest.approx(TEMPERATURES[1])


def test_tempering_keeps_the_order_and_survives_certainty():
    found = tempered(np.array([[1.0, 0.0, 0.0], [0.5, 0.3, 0.2]]), 4)
    assert np.isfinite(found).all() and found.sum(1) == pytest.approx([1, 1])
    assert found[1].argsort().tolist() == [2, 1, 0]
    assert tempered(found, 1) == pytest.approx(found)


def test_the_threshold_maximizes_youdens_j():
    rng = np.random.default_rng(1)
    positive = rng.random(200) < 0.3
    score = np.clip(rng.normal(0.4 + 0.2 * positive, 0.2), 0, 1).round(2)  # with ties
    found = threshold_of(positive, score)
    false, true, _ = oracle.roc_curve(positive, score)
    j = (score[positive] >= found).mean() - (score[~positive] >= found).mean()
    assert j == pytest.approx((true - false).max())
    assert found not in score  # it lies between scores


def test_of_thresholds_that_are_as_good_the_lowest_is_taken():
    positive = np.array([True, False, True, False])
    assert threshold_of(positive, np.array([0.9, 0.8, 0.3, 0.1])) == pytest.approx(0.2)  # J is .5 at .85 as well
    assert threshold_of(positive, np.full(4, 0.5)) == 0.5  # all are called positive
    assert threshold_of(np.ones(3, bool), np.array([0.1, 0.2, 0.3])) is None


def test_nothing_is_chosen_without_validation_units():
    empty = choose(np.zeros(0, int), np.zeros((0, 2)), 1)
    assert (empty.temperature, empty.threshold) == (None, None)
    assert log_loss(np.zeros(0, int), np.zeros((0, 2))) == np.inf


def test_the_log_loss_is_that_by_which_training_chooses_weights():
    """Of one who is nearly sure, and of one who is so sure that float64 has no smaller probability."""
    truth, steps = np.array([0, 1, 1]), (0.1, 30.0, 37.0, 200.0, 700.0)
    for step in steps:
        logits = torch.tensor([[step, 0.0], [step, 0.0], [0.0, step]], dtype=torch.float64)
        trained = torch.nn.functional.cross_entropy(logits, torch.tensor(truth)).item()
        told = logits.softmax(1).numpy()
        assert log_loss(truth, told) == pytest.approx(trained, rel=1e-12)
        names = ["a", "b", "c"]
        units = Units(names, names, truth=truth, probabilities=told)
        assert sample(units, names, np.ones((1, 3)), rank_draws=0)["log_loss"].point == pytest.approx(
            trained, rel=1e-12
        )
    assert log_loss(np.array([0]), np.array([[0.0, 1.0]])) == pytest.approx(708.4, abs=0.1)


REGIONS = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.3, 0.7]])


@pytest.mark.parametrize(
    "way, k, expected",
    [
        ("mean", 3, [0.9 * 0.5 + 0.2 * 0.25 + 0.4 * 0.25, 0.3]),
        ("max", 3, [0.9 / 1.7, 0.3]),
        ("top_k", 2, [0.65 / (0.65 + 0.7), 0.3]),
        ("top_k", 9, [0.5, 0.3]),  # more than there are: all, without their areas
    ],
)
def test_regions_become_a_unit(way, k, expected):
    unit, area = np.array([0, 0, 0, 1]), np.array([2.0, 1.0, 1.0, 5.0])
    order = np.array([2, 0, 3, 1])  # which does not count
    found = aggregate(REGIONS[order], area[order], unit[order], units=2, way=way, k=k)
    assert found[:, 0] == pytest.approx(expected)
    assert found.sum(1) == pytest.approx([1, 1])
