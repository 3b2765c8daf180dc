"""ROC and reliability as tables."""

import numpy as np
import pytest
from prediction_frames import BOTH, JUDGING
from sklearn.metrics import roc_auc_score
from unit_files import write_units

from lowpower.evaluation.sampling import sample
from lowpower.evaluation.units import Units
from lowpower.files import read_rows
from lowpower.tables.curve_points import reliability_bins, roc_points, trace_curves


def units(truth, probabilities):
    names = [f"u{k}" for k in range(len(truth))]
    return Units(
        names, names, truth=np.array(truth, int), probabilities=np.array(probabilities, float).reshape(len(truth), -1)
    )


def drawn(count, seed=0):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, count)
    scores = random.normal(size=(count, 3)) + 1.2 * np.eye(3)[truth]
    return units(truth, np.exp(scores) / np.exp(scores).sum(1, keepdims=True))


def curve(seeds):
    points = [[float(value) for value in point.values()] for point in roc_points(seeds)]
    return np.array(points).T


def test_the_area_below_a_curve_is_the_auroc_of_the_results():
    one = drawn(600)
    false, true = curve([one])
    area = roc_auc_score(one.truth, one.probabilities, multi_class="ovr")
    assert np.trapezoid(true, false) == pytest.approx(area, abs=0.003)
    assert (false[0], false[-1], true[-1]) == (0, 1, 1) and (np.diff(true) >= 0).all()


def test_seeds_and_classes_are_averaged_and_absent_classes_do_not_count():
    perfect, inverse = units([0, 1], [[0.9, 0.1, 0], [0.1, 0.9, 0]]), units([0, 1], [[0.1, 0.9, 0], [0.9, 0.1, 0]])
    assert set(curve([perfect])[1]) == {1}
    assert curve([inverse])[1][:-1].max() == 0
    assert curve([perfect, inverse])[1][50] == 0.5
    assert roc_points([units([0, 0], [[0.9, 0.1], [0.8, 0.2]])]) == roc_points([]) == []


def test_units_are_counted_by_confidence():
    one = units([0, 0, 1], [[0.95, 0.05], [0.91, 0.09], [0.6, 0.4]])
    assert [list(found.values()) for found in reliability_bins([one])] == [
        ["0.5333", "0.6000", "1", "0.6000", "0.0000"],  # a bin holds its upper end
        ["0.8667", "0.9333", "1", "0.9100", "1.0000"],
        ["0.9333", "1.0000", "1", "0.9500", "1.0000"],
    ]
    assert reliability_bins([units([0], [[1.0, 0.0]])])[0]["confidence_to"] == "1.0000"
    assert [found["n"] for found in reliability_bins([one, one])] == ["2"] * 3 and reliability_bins([]) == []


def test_the_bins_are_those_of_the_error_in_the_results():
    one = drawn(300)
    found = reliability_bins([one])
    error = sum(int(row["n"]) * abs(float(row["confidence"]) - float(row["accuracy"])) for row in found) / 300
    everyone = np.ones((1, 300))
    assert sample(one, one.patients, everyone, rank_draws=0)["ece"].point == pytest.approx(error, abs=1e-4)


@pytest.mark.slow
def test_every_row_of_the_results_but_those_of_slides_has_its_curves(tmp_path):
    names = "roc.csv", "reliability.csv"
    trace_curves(*write_units(tmp_path, BOTH, JUDGING), ["test"], *(tmp_path / name for name in names))
    for name in names:
        rows = read_rows(tmp_path / name)
        kinds = {(row["method"], row["magnification"], row["unlabeled"], row["per"], row["pixels"]) for row in rows}
        students = [("scratch", s, "0") for s in ("5x", "2.5x")]
        students += [("sskd", "5x", "100"), ("sskd", "2.5x", "100"), ("sskd", "2.5x", "50")]
        read = [(*student, pixels) for student in students for pixels in ("averaged", "level")]
        read.append(("teacher", "10x", "0", "averaged"))
        assert kinds == {(*one[:3], per, one[3]) for one in read for per in ("patient", "region")}
