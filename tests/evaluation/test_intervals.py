import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as oracle

from lowpower.evaluation import intervals
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
    weights = intervals.draw_patients(PATIENTS, 40)
    chosen = Chosen(temperature=0.5, positive=1, threshold=0.4)
    found = intervals.sample(units, PATIENTS, weights, rank_draws=20, chosen=chosen)
    of_classes = intervals.sample_classes(units, PATIENTS, weights)
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
    weights = intervals.draw_patients(PATIENTS, 500)
    assert (weights.sum(1) == len(PATIENTS)).all()
    np.testing.assert_array_equal(weights, intervals.draw_patients(PATIENTS, 500))
    np.testing.assert_allclose(weights.mean(0), 1, atol=0.2)


def test_blocks_of_draws_give_what_one_block_gives(monkeypatch):
    units, weights = made_up(0), intervals.draw_patients(PATIENTS, 50)
    whole = intervals.sample(units, PATIENTS, weights, rank_draws=50)
    monkeypatch.setattr(intervals, "_AT_ONCE", 7)
    for name, value in intervals.sample(units, PATIENTS, weights, rank_draws=50).items():
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
    weights = intervals.draw_patients(PATIENTS, 100)
    one, other = (intervals.sample(u, PATIENTS, weights, rank_draws=100) for u in (units, turned))
    for name in METRICS:
        np.testing.assert_allclose(one[name].drawn, other[name].drawn, rtol=1e-12)


def test_seeds_are_averaged_draw_by_draw_over_their_own_patients():
    weights = intervals.draw_patients(PATIENTS, 30)
    first, second = made_up(1), made_up(2)
    kept = [k for k, patient in enumerate(second.patients) if patient < "p06"]  # another test set than the first's
    second = Units(
        [second.ids[k] for k in kept],
        [second.patients[k] for k in kept],
        truth=second.truth[kept],
        probabilities=second.probabilities[kept],
    )
    samples = [intervals.sample(u, PATIENTS, weights, rank_draws=30)["accuracy"] for u in (first, second)]
    found = intervals.mean(samples)
    for k, times in enumerate(weights):
        each = [
            np.mean(probabilities.argmax(1) == truth)
            for truth, probabilities in (resampled(units, times) for units in (first, second))
            if len(truth)
        ]
        assert found.drawn[k] == pytest.approx(np.mean(each))


def test_a_difference_uses_the_same_draw_on_both_sides():
    weights = intervals.draw_patients(PATIENTS, 200)
    one, other = (intervals.sample(made_up(k), PATIENTS, weights, rank_draws=200)["accuracy"] for k in (1, 2))
    assert intervals.interval(intervals.difference(one, one).drawn, 0.95) == (0, 0)
    np.testing.assert_array_equal(intervals.difference(one, other).drawn, one.drawn - other.drawn)


def test_agreement_is_over_the_units_that_the_teacher_was_asked_about():
    student, teacher = made_up(1), made_up(2)
    less = Units(
        teacher.ids[10:], teacher.patients[10:], truth=teacher.truth[10:], probabilities=teacher.probabilities[10:]
    )
    weights = intervals.draw_patients(PATIENTS, 10)
    found = intervals.sample(student, PATIENTS, weights, rank_draws=10, teacher=less)["agreement"]
    same = student.probabilities[10:].argmax(1) == less.probabilities.argmax(1)
    assert found.point == pytest.approx(same.mean())
    assert np.isnan(intervals.sample(student, PATIENTS, weights, rank_draws=10)["agreement"].point)


def test_drawing_seeds_too_is_wider_where_seeds_differ_and_the_same_where_they_do_not():
    weights = intervals.draw_patients(PATIENTS, 2000)
    alike = [intervals.sample(made_up(1), PATIENTS, weights, rank_draws=10)["accuracy"]] * 3
    apart = [
        intervals.Sample(one.point + shift, one.drawn + shift) for one, shift in zip(alike, (-1, 0, 1), strict=True)
    ]
    seeds = intervals.draw_seeds(3, 2000)
    assert (seeds.sum(1) == 3).all()
    assert intervals.mean(alike, seeds).drawn == pytest.approx(alike[0].drawn)
    assert intervals.mean(apart).drawn == pytest.approx(alike[0].drawn)  # their mean never moves
    spread = intervals.mean(apart, seeds).drawn.std()
    expected = np.hypot(alike[0].drawn.std(), np.sqrt(2 / 3 / 3))  # variances of patients and of a mean of three seeds
    assert spread == pytest.approx(expected, rel=0.03)


def test_interval_is_the_percentiles_of_the_defined_draws():
    drawn = np.concatenate([np.arange(101.0), [np.nan]])
    assert intervals.interval(drawn, 0.9) == pytest.approx((5, 95))


def test_percentiles_are_moved_outward_where_patients_are_few():
    drawn = np.arange(10001.0)
    widths = [np.ptp(intervals.interval(drawn, 0.95, patients)) for patients in (5, 20, 100, 100_000)]
    assert widths == sorted(widths, reverse=True)
    assert intervals.interval(drawn, 0.95, 100_000) == pytest.approx(intervals.interval(drawn, 0.95), abs=1)


def test_the_interval_of_a_share_stays_within_0_and_1_and_has_a_width_at_both():
    drawn = np.random.default_rng(0).binomial(32, 30 / 32, 5000) / 32
    low, high = intervals.interval_of_share(intervals.Sample(30 / 32, drawn), 0.95, 32)
    assert 0.75 < low < 30 / 32 < high < 1
    for right, exact in ((32, (0.8911, 1)), (0, (0, 0.1089))):
        all_alike = intervals.Sample(right / 32, np.full(9, right / 32))
        assert intervals.interval_of_share(all_alike, 0.95, 32) == pytest.approx(exact, abs=1e-4)
        known = binomtest(right, 32).proportion_ci(0.95, method="exact")
        assert exact == pytest.approx((known.low, known.high), abs=1e-4)


def test_no_difference_in_any_draw_still_leaves_one_open():
    nothing = intervals.Sample(0.0, np.zeros(9))
    assert intervals.interval_of_difference(nothing, 0.95, 32) == pytest.approx((-0.1089, 0.1089), abs=1e-4)
    drawn = np.linspace(-0.2, 0.2, 101)
    found = intervals.interval_of_difference(intervals.Sample(0.0, drawn), 0.95, 32)
    assert found == intervals.interval(drawn, 0.95, 32)


@pytest.mark.parametrize("patients", [[], ["p00"]])
def test_fewer_than_two_patients_have_no_interval(patients):
    kept = [k for k, patient in enumerate(made_up(0).patients) if patient in patients]
    units = made_up(0)
    units = Units(
        [units.ids[k] for k in kept],
        patients * len(kept),
        truth=units.truth[kept],
        probabilities=units.probabilities[kept],
    )
    found = intervals.sample(units, patients, intervals.draw_patients(patients, 100), rank_draws=100)
    assert all(np.isnan(intervals.interval(value.drawn, 0.95)).all() for value in found.values())
    assert np.isnan(found["accuracy"].point) == (not patients)
