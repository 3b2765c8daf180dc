import numpy as np
import pytest
from sklearn import metrics as oracle

from lowpower.evaluation import sampling
from lowpower.evaluation.calibration import Chosen, tempered
from lowpower.evaluation.metrics import METRICS, RANKED
from lowpower.evaluation.units import Units

PATIENTS = [f"p{k:02d}" for k in range(12)]


def made_up(seed, per_patient=5, classes=3):
    """Units of 12 patients, each with one class, judged rather well."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(PATIENTS)), per_patient)
    truth = owners % classes
    probabilities = rng.dirichlet(np.ones(classes), len(owners))
    probabilities[np.arange(len(owners)), truth] += 0.4
    probabilities /= probabilities.sum(1, keepdims=True)
    return Units(
        [f"r{k}" for k in range(len(owners))], [PATIENTS[k] for k in owners], truth=truth, probabilities=probabilities
    )


def resampled(units, times):
    """The units of a draw, each patient's as often as it was drawn."""
    repeats = [times[PATIENTS.index(patient)] for patient in units.patients]
    return np.repeat(units.truth, repeats), np.repeat(units.probabilities, repeats, axis=0)


@pytest.mark.slow
def test_bootstrap_equals_resampling_by_hand_with_the_same_draws():
    units = made_up(0)
    weights = sampling.draw_patients(PATIENTS, 40)
    chosen = Chosen(temperature=0.5, positive=1, threshold=0.4)
    found = sampling.sample(units, PATIENTS, weights, rank_draws=20, chosen=chosen)
    of_classes = sampling.sample_classes(units, PATIENTS, weights)
    assert {name: len(found[name].drawn) for name in METRICS} == dict.fromkeys(METRICS, 40) | dict.fromkeys(RANKED, 20)
    for k, times in enumerate(weights):
        truth, probabilities = resampled(units, times)
        predicted, present = probabilities.argmax(1), np.unique(truth)
        known = {"labels": present, "average": "macro", "zero_division": 0}
        assert found["accuracy"].drawn[k] == pytest.approx(oracle.accuracy_score(truth, predicted))
        assert found["macro_f1"].drawn[k] == pytest.approx(oracle.f1_score(truth, predicted, **known))
        assert found["precision"].drawn[k] == pytest.approx(oracle.precision_score(truth, predicted, **known))
        assert found["log_loss"].drawn[k] == pytest.approx(oracle.log_loss(truth, probabilities, labels=range(3)))
        sharper = tempered(probabilities, 0.5)
        calibrated = oracle.log_loss(truth, sharper, labels=range(3))
        assert found["log_loss_calibrated"].drawn[k] == pytest.approx(calibrated)
        right = oracle.recall_score(truth == 1, probabilities[:, 1] >= 0.4, zero_division=np.nan)
        assert found["sensitivity"].drawn[k] == pytest.approx(right, nan_ok=True)
        if 2 in present:
            recall = oracle.recall_score(truth, predicted, labels=[2], average=None)[0]
            assert of_classes["recall"][2].drawn[k] == pytest.approx(recall)
        if k < 20:
            each = [oracle.roc_auc_score(truth == c, probabilities[:, c]) for c in present]
            assert found["auroc"].drawn[k] == pytest.approx(np.mean(each))
    assert found["accuracy"].point == pytest.approx(np.mean(units.probabilities.argmax(1) == units.truth))


def test_draws_are_of_patients_and_always_the_same():
    weights = sampling.draw_patients(PATIENTS, 500)
    assert (weights.sum(1) == len(PATIENTS)).all()
    np.testing.assert_array_equal(weights, sampling.draw_patients(PATIENTS, 500))
    np.testing.assert_allclose(weights.mean(0), 1, atol=0.2)


def test_blocks_of_draws_give_what_one_block_gives(monkeypatch):
    units, weights = made_up(0), sampling.draw_patients(PATIENTS, 50)
    whole = sampling.sample(units, PATIENTS, weights, rank_draws=50)
    monkeypatch.setattr(sampling, "_AT_ONCE", 7)
    for name, value in sampling.sample(units, PATIENTS, weights, rank_draws=50).items():
        np.testing.assert_allclose(value.drawn, whole[name].drawn, rtol=1e-12)


def test_the_order_of_units_changes_nothing():
    units = made_up(0)
    order = np.random.default_rng(0).permutation(len(units.ids))
    turned = Units(
        [units.ids[k] for k in order],
        [units.patients[k] for k in order],
        truth=units.truth[order],
        probabilities=units.probabilities[order],
    )
    weights = sampling.draw_patients(PATIENTS, 100)
    one, other = (sampling.sample(u, PATIENTS, weights, rank_draws=100) for u in (units, turned))
    for name in METRICS:
        np.testing.assert_allclose(one[name].drawn, other[name].drawn, rtol=1e-12)


def test_seeds_are_averaged_draw_by_draw_over_their_own_patients():
    weights = sampling.draw_patients(PATIENTS, 30)
    first, second = made_up(1), made_up(2)
    kept = [k for k, patient in enumerate(second.patients) if patient < "p06"]  # another test set than the first's
    second = Units(
        [second.ids[k] for k in kept],
        [second.patients[k] for k in kept],
        truth=second.truth[kept],
        probabilities=second.probabilities[kept],
    )
    samples = [sampling.sample(u, PATIENTS, weights, rank_draws=30)["accuracy"] for u in (first, second)]
    found = sampling.mean(samples)
    for k, times in enumerate(weights):
        each = [
            np.mean(probabilities.argmax(1) == truth)
            for truth, probabilities in (resampled(units, times) for units in (first, second))
            if len(truth)
        ]
        assert found.drawn[k] == pytest.approx(np.mean(each))


def test_a_difference_uses_the_same_draw_on_both_sides():
    weights = sampling.draw_patients(PATIENTS, 200)
    one, other = (sampling.sample(made_up(k), PATIENTS, weights, rank_draws=200)["accuracy"] for k in (1, 2))
    assert not sampling.difference(one, one).drawn.any()
    np.testing.assert_array_equal(sampling.difference(one, other).drawn, one.drawn - other.drawn)


def test_agreement_is_over_the_units_that_the_teacher_was_asked_about():
    student, teacher = made_up(1), made_up(2)
    less = Units(
        teacher.ids[10:], teacher.patients[10:], truth=teacher.truth[10:], probabilities=teacher.probabilities[10:]
    )
    weights = sampling.draw_patients(PATIENTS, 10)
    found = sampling.sample(student, PATIENTS, weights, rank_draws=10, teacher=less)["agreement"]
    same = student.probabilities[10:].argmax(1) == less.probabilities.argmax(1)
    assert found.point == pytest.approx(same.mean())
    assert np.isnan(sampling.sample(student, PATIENTS, weights, rank_draws=10)["agreement"].point)


@pytest.mark.parametrize("patients", [[], ["p00"]])
def test_fewer_than_two_patients_have_no_draws(patients):
    kept = [k for k, patient in enumerate(made_up(0).patients) if patient in patients]
    units = made_up(0)
    units = Units(
        [units.ids[k] for k in kept],
        patients * len(kept),
        truth=units.truth[kept],
        probabilities=units.probabilities[kept],
    )
    found = sampling.sample(units, patients, sampling.draw_patients(patients, 100), rank_draws=100)
    assert all(len(value.drawn) == 0 for value in found.values())
    assert np.isnan(found["accuracy"].point) == (not patients)
