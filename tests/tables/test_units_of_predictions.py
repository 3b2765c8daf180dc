"""Predictions of regions, made into the units that tables judge."""

import numpy as np
import pandas as pd

from lowpower.tables.unit_judging import units

CLASSES = ["a", "b", "c"]


def predictions(**columns):
    n = len(columns["region"])
    blank = {name: [""] * n for name in ("slide", "patient", "site", "label", "true_label")}
    scores = np.linspace(0.1, 0.9, n)
    frame = {"label_source": ["slide"] * n, "area_mm2": [1.0] * n, "p_a": scores, "p_b": 1 - scores, "p_c": 0.0}
    return pd.DataFrame(blank | frame | columns)


def test_patients_are_the_area_weighted_mean_of_their_regions():
    frame = predictions(
        region=["r1", "r2", "r3"], slide=["s1", "s2", "s3"], patient=["p1", "p1", "p2"], label=["a", "a", "b"],
        area_mm2=[1.0, 3.0, 2.0], p_a=[0.2, 0.6, 0.3], p_b=[0.8, 0.4, 0.7],
    )  # fmt: skip
    found = units(frame, "patient", classes=CLASSES, regions_have_labels=False)
    assert (found.ids, found.patients, found.truth.tolist()) == (["p1", "p2"], ["p1", "p2"], [0, 1])
    np.testing.assert_allclose(found.probabilities[:, 0], [(0.2 + 3 * 0.6) / 4, 0.3])
    shuffled = units(frame.iloc[[2, 0, 1]], "patient", classes=CLASSES, regions_have_labels=False)
    np.testing.assert_array_equal(shuffled.probabilities, found.probabilities)
    per_slide = units(frame, "slide", classes=CLASSES, regions_have_labels=False)
    assert (per_slide.ids, per_slide.patients) == (["s1", "s2", "s3"], ["p1", "p1", "p2"])
    np.testing.assert_array_equal(per_slide.probabilities[:, 0], frame["p_a"])


def test_the_truth_is_the_true_label_and_units_without_one_do_not_count():
    frame = predictions(
        region=["r1", "r2", "r3"], slide=["s1", "s2", "s3"], patient=["p1", "p2", "p3"],
        label=["a", "", ""], true_label=["b", "c", ""],
    )  # fmt: skip
    assert units(frame, "slide", classes=CLASSES, regions_have_labels=False).truth.tolist() == [1, 2]
    assert units(frame, "region", classes=CLASSES, regions_have_labels=True).ids == ["r1", "r2"]


def test_regions_count_only_where_labels_belong_to_them():
    frame = predictions(
        region=["r1", "r2", "r3"], slide=["s1", "s1", "s2"], patient=["p1", "p1", "p2"],
        label=["a", "b", "a"], label_source=["annotation", "annotation", "slide"],
    )  # fmt: skip
    assert units(frame, "region", classes=CLASSES, regions_have_labels=False).ids == ["r1", "r2"]
    assert units(frame, "region", classes=CLASSES, regions_have_labels=True).ids == ["r1", "r2", "r3"]
    # s1's regions differ, so it has no one truth
    assert units(frame, "slide", classes=CLASSES, regions_have_labels=False).ids == ["s2"]


def test_no_predictions_are_no_units():
    found = units(predictions(region=[]), "patient", classes=CLASSES, regions_have_labels=True)
    assert found.ids == []
    assert found.probabilities.shape == (0, 3)
