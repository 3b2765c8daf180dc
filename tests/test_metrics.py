import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as oracle

from lowpower.tables import metrics
from lowpower.tables.units import units

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


def test_a_class_that_is_never_predicted_has_precision_zero():
    found = metrics.counted(metrics.confusion(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0]), 2))
    assert found["precision"] == 0.25
    assert found["macro_f1"] == pytest.approx((2 * 2 / (2 + 4)) / 2)


def test_an_empty_matrix_has_no_metric():
    assert all(np.isnan(value) for value in metrics.counted(np.zeros((3, 3))).values())


def parts_of(truth, scores, group, groups):
    classes = scores.shape[1]
    won = np.stack([metrics.wins(scores[:, c], truth == c, group, groups) for c in range(classes)])
    positives = np.stack([np.bincount(group, truth == c, groups) for c in range(classes)])
    negatives = np.stack([np.bincount(group, truth != c, groups) for c in range(classes)])
    return won, positives, negatives


@pytest.mark.parametrize("classes", [2, 4])
def test_weighted_auroc_agrees_with_scikit_learn(classes):
    truth, scores, rng = made_up(classes)
    group = rng.integers(0, 25, len(truth))
    weights = rng.integers(0, 4, (5, 25)).astype(float)
    found = metrics.auroc(*parts_of(truth, scores, group, 25), weights)
    for value, of_groups in zip(found, weights, strict=True):
        expected = [
            oracle.roc_auc_score(truth == c, scores[:, c], sample_weight=of_groups[group]) for c in range(classes)
        ]
        assert value == pytest.approx(np.mean(expected), abs=1e-12)


def test_auroc_leaves_out_classes_that_are_absent_and_is_undefined_with_one_class():
    truth, scores, _ = made_up(3)
    two = truth < 2
    group = np.arange(two.sum())
    everyone = np.ones((1, two.sum()))
    found = metrics.auroc(*parts_of(truth[two], scores[two], group, len(group)), everyone)
    expected = [oracle.roc_auc_score(truth[two] == c, scores[two][:, c]) for c in (0, 1)]
    assert found[0] == pytest.approx(np.mean(expected))
    one = parts_of(np.zeros(4, int), scores[:4], np.arange(4), 4)
    assert np.isnan(metrics.auroc(*one, np.ones((1, 4)))).all()


def predictions(**columns):
    n = len(columns["region"])
    blank = {name: [""] * n for name in ("slide", "patient", "label", "true_label")}
    scores = np.linspace(0.1, 0.9, n)
    frame = {"label_source": ["slide"] * n, "area_mm2": [1.0] * n, "p_a": scores, "p_b": 1 - scores, "p_c": 0.0}
    return pd.DataFrame(blank | frame | columns)


def test_patients_are_the_area_weighted_mean_of_their_regions():
    frame = predictions(
        region=["r1", "r2", "r3"], slide=["s1", "s2", "s3"], patient=["p1", "p1", "p2"], label=["a", "a", "b"],
        area_mm2=[1.0, 3.0, 2.0], p_a=[0.2, 0.6, 0.3], p_b=[0.8, 0.4, 0.7],
    )  # fmt: skip
    found = units(frame, "patient", CLASSES, False)
    assert (found.ids, found.patients, found.truth.tolist()) == (["p1", "p2"], ["p1", "p2"], [0, 1])
    np.testing.assert_allclose(found.probabilities[:, 0], [(0.2 + 3 * 0.6) / 4, 0.3])
    shuffled = units(frame.iloc[[2, 0, 1]], "patient", CLASSES, False)
    np.testing.assert_array_equal(shuffled.probabilities, found.probabilities)
    per_slide = units(frame, "slide", CLASSES, False)
    assert (per_slide.ids, per_slide.patients) == (["s1", "s2", "s3"], ["p1", "p1", "p2"])
    np.testing.assert_array_equal(per_slide.probabilities[:, 0], frame["p_a"])


def test_the_truth_is_the_true_label_and_units_without_one_do_not_count():
    frame = predictions(
        region=["r1", "r2", "r3"], slide=["s1", "s2", "s3"], patient=["p1", "p2", "p3"],
        label=["a", "", ""], true_label=["b", "c", ""],
    )  # fmt: skip
    assert units(frame, "slide", CLASSES, False).truth.tolist() == [1, 2]
    assert units(frame, "region", CLASSES, True).ids == ["r1", "r2"]


def test_regions_count_only_where_labels_belong_to_them():
    frame = predictions(
        region=["r1", "r2", "r3"], slide=["s1", "s1", "s2"], patient=["p1", "p1", "p2"],
        label=["a", "b", "a"], label_source=["annotation", "annotation", "slide"],
    )  # fmt: skip
    assert units(frame, "region", CLASSES, False).ids == ["r1", "r2"]
    assert units(frame, "region", CLASSES, True).ids == ["r1", "r2", "r3"]
    assert units(frame, "slide", CLASSES, False).ids == ["s2"]  # s1's regions differ, so it has no one truth


def test_no_predictions_are_no_units():
    found = units(predictions(region=[]), "patient", CLASSES, True)
    assert found.ids == []
    assert found.probabilities.shape == (0, 3)
