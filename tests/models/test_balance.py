"""Classes of unequal frequency: weights of the loss, and draws."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight
from training_runs import JOB, RECIPE, teach

from lowpower import files
from lowpower.models.balance import BalancedOrder, class_weights, label_loss, label_order
from lowpower.models.color_fit import minimize
from lowpower.models.model_file import load_model
from lowpower.models.region_sets import Order, labeled, read_regions
from lowpower.models.training_inputs import Training

LABELS = ["b", "a", "b", "b", "c", "b", "b"]


def training(balance, classes=("a", "b", "c", "d")):
    job = replace(JOB, classes=list(classes), training=replace(RECIPE, balance=balance))
    return Training(job, "train", torch.nn.Module(), None, torch.device("cpu"))


def test_weights_are_those_of_scikit_learn():
    expected = compute_class_weight("balanced", classes=np.array(["a", "b", "c"]), y=LABELS)
    found = class_weights(LABELS, ["a", "b", "c", "d"])
    assert found == pytest.approx([*expected, 0])
    assert np.mean([found["abcd".index(label)] for label in LABELS]) == pytest.approx(1)


def test_a_weighted_loss_adds_up_over_the_parts_of_a_batch():
    logits = torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
    loss = label_loss(training("loss"), LABELS)
    parts = [(0, 2), (2, 3), (3, 7)]
    whole = sum(loss(logits[a:b], LABELS[a:b]) * (b - a) / 7 for a, b in parts)
    torch.testing.assert_close(whole, loss(logits, LABELS))
    classes = torch.tensor(["abcd".index(label) for label in LABELS])
    weights = torch.tensor(class_weights(LABELS, "abcd"))
    torch.testing.assert_close(loss(logits, LABELS), F.cross_entropy(logits, classes, weights))  # of all: the same sum
    plain = label_loss(training("none"), LABELS)(logits, LABELS)
    assert torch.equal(plain, F.cross_entropy(logits, classes)) and not torch.isclose(plain, loss(logits, LABELS))


def test_every_class_is_drawn_equally_often_and_a_step_depends_on_no_other():
    order = label_order(training("sampling"), LABELS, 4)
    assert isinstance(order, BalancedOrder) and type(label_order(training("loss"), LABELS, 4)) is Order
    drawn = [pair for step in range(15) for pair in order.at(step)]  # 60 draws, 20 of each class
    assert [[LABELS[item] for item, _ in drawn].count(name) for name in "abc"] == [20, 20, 20]
    assert len(set(drawn)) == 60  # a region that comes round again is another view
    common = [item for item, _ in drawn if LABELS[item] == "b"]
    for turn in range(4):  # pass after pass over the class
        assert sorted(common[5 * turn : 5 * turn + 5]) == [0, 2, 3, 5, 6]
    for step in (9, 2, 14):
        assert label_order(training("sampling"), LABELS, 4).at(step) == drawn[4 * step : 4 * step + 4]


@pytest.fixture
def uneven(tiny_cohort):
    """The tiny cohort without one of the two labeled slides of class red."""
    rows = files.read_rows(tiny_cohort / "splits.csv")
    for row in rows:
        if row["slide"] == "B1":
            row.update(label="", labeled_rank="", unlabeled_rank="0.5")
    files.write_rows(tiny_cohort / "splits.csv", list(rows[0]), rows)
    return tiny_cohort


@pytest.mark.slow
@pytest.mark.parametrize("bags", ["none", "mean"])
def test_a_training_heeds_the_balance_and_ends_alike_twice(uneven, bags):
    regions = labeled(read_regions(uneven / "regions/10x.csv", uneven / "splits.csv", 0), 100)
    assert [sum(region.label == name for region in regions) for name in JOB.classes] == [8, 4]
    recipe = {"bags": bags, "batch": 2, "bag_regions": 2}
    found = {
        name: load_model(teach(uneven, uneven / name, balance=name.rstrip("2"), **recipe))[0].head.weight
        for name in ("none", "loss", "sampling", "loss2", "sampling2")
    }
    assert torch.equal(found["loss"], found["loss2"]) and torch.equal(found["sampling"], found["sampling2"])
    assert not any(torch.equal(found["none"], found[name]) for name in ("loss", "sampling"))


def test_a_weighted_fit_of_color_is_that_of_scikit_learn():
    draw = np.random.default_rng(0)
    features, answers = draw.normal(size=(60, 6)), np.minimum(draw.integers(0, 6, 60), 2)
    weights = [class_weights(answers.tolist(), [0, 1, 2])[answer] for answer in answers]
    head = torch.nn.Linear(6, 3, dtype=torch.float64)
    minimize(
        head, features=torch.tensor(features), targets=torch.tensor(answers), penalty=1e-2,
        weights=torch.tensor(weights, dtype=torch.float64),
    )  # fmt: skip
    other = LogisticRegression(C=1 / (2 * 1e-2 * 60), class_weight="balanced", tol=1e-12, max_iter=10_000)
    expected = other.fit(features, answers).predict_proba(features)
    np.testing.assert_allclose(head(torch.tensor(features)).softmax(1).detach(), expected, atol=1e-6)
