import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.calibration import calibration_curve

from lowpower.evaluation import metrics
from lowpower.evaluation.calibration import BINS, UNCHOSEN, Chosen
from lowpower.evaluation.ranking_metrics import ranked

CLASSES = ["a", "b", "c"]


def made_up(classes=4, n=300, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    scores = rng.random((n, classes)).round(1)  # rounded, so that there are ties
    scores[np.arange(n), truth] += 0.3
    return truth, scores, rng


@pytest.mark.parametrize("absent", [None, 2])
def test_counted_metrics_agree_with_scikit_learn(absent):
    truth, scores, _ = made_up()
    truth, scores = truth[truth != absent], scores[truth != absent]  # `absent` is still predicted
    predicted = scores.argmax(1)
    found = metrics.counted(metrics.confusion(truth, predicted, 4))
    known = {"labels": np.unique(truth), "average": "macro", "zero_division": 0}
    assert found["accuracy"] == pytest.approx(oracle.accuracy_score(truth, predicted))
    assert found["macro_f1"] == pytest.approx(oracle.f1_score(truth, predicted, **known))
    assert found["precision"] == pytest.approx(oracle.precision_score(truth, predicted, **known))
    assert found["recall"] == pytest.approx(oracle.recall_score(truth, predicted, **known))
    if absent is None:
        assert found["recall"] == pytest.approx(oracle.balanced_accuracy_score(truth, predicted))  # its other name


def test_a_class_that_is_never_predicted_has_precision_zero():
    found = metrics.counted(metrics.confusion(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), 2))
    assert found["precision"] == 0.25
    assert found["macro_f1"] == pytest.approx((2 * 2 / (2 + 4)) / 2)


def test_an_empty_matrix_has_no_metric():
    assert all(np.isnan(value) for value in metrics.counted(np.zeros((3, 3))).values())


@pytest.mark.parametrize("classes", [2, 4])
def test_weighted_ranks_agree_with_scikit_learn(classes):
    truth, scores, rng = made_up(classes)
    group = rng.integers(0, 25, len(truth))
    weights = rng.integers(0, 4, (5, 25))
    found = ranked(truth, scores, group=group, weights=weights)
    for measure, name in ((oracle.roc_auc_score, "auroc"), (oracle.average_precision_score, "average_precision")):
        for value, of_groups in zip(found[name], weights, strict=True):
            each = [measure(truth == c, scores[:, c], sample_weight=of_groups[group]) for c in range(classes)]
            assert value == pytest.approx(np.mean(each), abs=1e-12)


def test_ranks_leave_out_classes_that_are_absent_and_are_undefined_with_one_class():
    truth, scores, _ = made_up(3)
    two = truth < 2
    group = np.arange(two.sum())
    found = ranked(truth[two], scores[two], group=group, weights=np.ones((1, two.sum())))
    expected = [oracle.roc_auc_score(truth[two] == c, scores[two][:, c]) for c in (0, 1)]
    assert found["auroc"][0] == pytest.approx(np.mean(expected))
    one = ranked(np.zeros(4, int), scores[:4], group=np.arange(4), weights=np.ones((1, 4)))
    assert np.isnan(list(one.values())).all()


def test_constant_scores_rank_nothing_and_agree_by_chance_alone():
    truth, _, _ = made_up(3)
    scores = np.full((len(truth), 3), 1 / 3)
    ranks = ranked(truth, scores, group=np.arange(len(truth)), weights=np.ones((1, len(truth))))
    assert ranks["auroc"] == pytest.approx(0.5)
    each = [oracle.average_precision_score(truth == c, scores[:, c]) for c in range(3)]
    assert ranks["average_precision"] == pytest.approx(np.mean(each))
    assert metrics.counted(metrics.confusion(truth, scores.argmax(1), 3))["kappa"] == pytest.approx(0)


def totals_of(truth, probabilities, teachers_call=None, chosen=UNCHOSEN):
    parts = metrics.features(truth, probabilities=probabilities, teachers_call=teachers_call, chosen=chosen)
    return metrics.measured({name: part.sum(0)[None] for name, part in parts.items()}, probabilities.shape[1])


def probable(classes=4, n=300):
    truth, scores, rng = made_up(classes, n)
    return truth, scores / scores.sum(1, keepdims=True), rng


def test_metrics_of_probabilities_agree_with_scikit_learn():
    truth, probabilities, rng = probable()
    teachers = np.where(rng.random(len(truth)) < 0.1, -1, rng.integers(0, 4, len(truth)))
    found = totals_of(truth, probabilities, teachers)
    calls = probabilities.argmax(1)
    assert found["log_loss"] == pytest.approx(oracle.log_loss(truth, probabilities))
    ours = oracle.brier_score_loss(truth, probabilities, labels=range(4), scale_by_half=False)
    assert found["brier"] == pytest.approx(ours)
    assert found["kappa"] == pytest.approx(oracle.cohen_kappa_score(truth, calls))
    asked = teachers >= 0
    assert found["agreement"] == pytest.approx(oracle.accuracy_score(teachers[asked], calls[asked]))
    top = probabilities.max(1)
    right, said = calibration_curve(calls == truth, top, n_bins=BINS)
    counts = np.histogram(-top, -np.linspace(0, 1, BINS + 1)[::-1])[0][::-1]  # bins that hold their upper end
    assert found["ece"] == pytest.approx((counts[counts > 0] * abs(right - said)).sum() / len(top))


@pytest.mark.parametrize("classes", [2, 3])
def test_metrics_of_the_positive_class_are_those_of_its_two_by_two_table(classes):
    truth, probabilities, _ = probable(classes)
    found = totals_of(truth, probabilities, chosen=Chosen(positive=1, threshold=0.4))
    called, positive = probabilities[:, 1] >= 0.4, truth == 1
    assert found["sensitivity"] == pytest.approx(oracle.recall_score(positive, called))
    assert found["specificity"] == pytest.approx(oracle.recall_score(~positive, ~called))
    assert found["ppv"] == pytest.approx(oracle.precision_score(positive, called))
    assert found["npv"] == pytest.approx(oracle.precision_score(~positive, ~called))


def test_metrics_of_each_class_agree_with_scikit_learn():
    truth, scores, _ = made_up()
    truth, scores = truth[truth != 2], scores[truth != 2]  # 2 is still called
    found = metrics.of_classes(metrics.confusion(truth, scores.argmax(1), 4))
    expected = oracle.precision_recall_fscore_support(truth, scores.argmax(1), labels=range(4), zero_division=0)
    for name, values in zip(("precision", "recall", "f1"), expected, strict=False):
        values[2] = 0 if name == "precision" else np.nan  # nobody has it: nothing to recall
        np.testing.assert_allclose(found[name], values)
