"""Training on bags: the regions of a slide as one example of its class, averaged with equal or with learned weights."""

import json
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from region_images import CLASSES
from training_outputs import contents, outputs
from training_runs import AUGMENTATION, DISTILL, JOB, RECIPE, predict_test, record, student_job, teach

from lowpower import files, rng
from lowpower.config.method_settings import Finetune, Pretrain
from lowpower.config.student_params import DistillJob, FinetuneJob, PretrainJob
from lowpower.evaluation.aggregation import Aggregation, aggregate_by_attention
from lowpower.files import read_rows
from lowpower.inference.prediction import predict
from lowpower.models import training as loop
from lowpower.models.attention import GatedAttention, bag_logits, fit_attention, scores_of
from lowpower.models.bag_batches import draw_bags
from lowpower.models.bags import BagDraws, group_bags, measure_bags
from lowpower.models.distillation import distill_student
from lowpower.models.fine_tuning import finetune_student
from lowpower.models.model_file import load_model, save_model
from lowpower.models.pixels import Pixels
from lowpower.models.pretraining import pretrain_student
from lowpower.models.region_sets import in_split, labeled, read_regions
from lowpower.models.resnet import build, initialize
from lowpower.models.teacher_outputs import OnlineTeacher
from lowpower.models.teacher_training import train_teacher
from lowpower.models.training_inputs import start_training
from lowpower.tables.unit_judging import judge

ATTENTION = replace(RECIPE, batch=2, bags="attention", bag_regions=3)


def regions_of(cohort, scale="10x"):
    return read_regions(cohort / f"regions/{scale}.csv", cohort / "splits.csv", 0)


def start(cohort, **recipe):
    """A training of the teacher that has not begun, and the bags of its labeled slides."""
    bags = labeled(regions_of(cohort), 100)
    return start_training(replace(JOB, training=replace(ATTENTION, **recipe)), "train", None, bags), group_bags(bags)


def test_the_score_is_that_of_the_formula_and_equal_weights_make_a_mean():
    layer = initialize(GatedAttention(5), 3).double()
    features = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    parts = [(module.weight.double(), module.bias.double()) for module in (layer.content, layer.gate, layer.score)]
    (v, _), (u, _), (w, _) = parts
    expected = [(w @ (torch.tanh(v @ f) / (1 + torch.exp(-(u @ f))))).item() for f in features]
    assert layer(features).tolist() == pytest.approx(expected, rel=1e-12)
    logits = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        bag_logits(logits, torch.zeros(4, dtype=torch.float64), [1, 3]), torch.stack([logits[0], logits[1:].mean(0)])
    )
    only = bag_logits(logits, torch.tensor([0.0, 0.0, 900.0, 0.0], dtype=torch.float64), [4])
    torch.testing.assert_close(only[0], logits[2])  # all weight on one region, without overflow


@pytest.mark.parametrize("bags", ["mean", "attention"])
def test_predictions_aggregate_to_the_very_answer_of_the_network(tiny_cohort, bags):
    """Weights apart from zero, as trained; slides of regions of two sizes."""
    training, _ = start(tiny_cohort, bags=bags)
    for weights in training.network.parameters():
        weights.data += 0.05 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(len(weights)))
    model = tiny_cohort / "model.safetensors"
    save_model(model, training.network, training.header)
    predict_test(model, tiny_cohort / "regions/10x.csv", tiny_cohort / "splits.csv", tiny_cohort / "p.parquet")
    frame = pd.read_parquet(tiny_cohort / "p.parquet")
    assert (frame["attention"].nunique() == 1) == (bags == "mean")
    network, _ = load_model(model)
    network.eval()
    tested, pixels = group_bags(in_split(regions_of(tiny_cohort), "test")), Pixels(50)
    units = next(
        one for one in judge([frame], CLASSES, False, ["test"], Aggregation("attention")) if one.kind["per"] == "slide"
    ).of_models[0]
    assert units.ids == [bag.slide for bag in tested] and len(tested) == 2
    for bag, found in zip(tested, units.probabilities, strict=True):
        with torch.no_grad():
            logits, maps = network(training.normalize([pixels.image(region) for region in bag.regions]))
            answer = bag_logits(logits, scores_of(network, maps), [len(logits)]).softmax(1)[0]
        np.testing.assert_allclose(found, answer.double(), rtol=1e-5)
    measured = measure_bags(training, in_split(regions_of(tiny_cohort), "test"), pixels, network)
    truth = [CLASSES.index(bag.label) for bag in tested]
    assert measured[0] == pytest.approx(-np.log(units.probabilities[[0, 1], truth]).mean(), rel=1e-5)
    assert measured[1] == (units.probabilities.argmax(1) == truth).mean()


def gradients(training, bags, step):
    """Gradients of all weights after the micro-batches of a step, and the number of these."""
    training.network.zero_grad()
    parts = 0
    for part in draw_bags(training, bags, Pixels(50, 0, AUGMENTATION), 2)(training.network, step):
        (torch.stack(list(part.losses.values())).sum() * part.share).backward()
        parts += 1
    return torch.cat([weights.grad.flatten() for weights in training.network.parameters()]), parts


@pytest.mark.parametrize("balance", ["none", "loss"])
def test_a_batch_in_parts_has_the_gradient_of_the_whole_batch(tiny_cohort, float64, balance):
    """By the definition: the mean cross-entropy of the slides of a step, all of whose regions are held at once."""
    training, bags = start(tiny_cohort, balance=balance)
    bags = bags[:3]  # two of one class and one of the other
    weigh = torch.tensor([0.75, 1.5]) if balance == "loss" else torch.ones(2)
    draws, order = BagDraws(0, bags, 3), loop.Order(rng.integer(0, "order"), len(bags), 2)
    for step in (0, 2):
        whole, parts = gradients(training, bags, step)
        training.job = replace(training.job, training=replace(training.job.training, megapixels_per_pass=0.01))
        apart, many = gradients(training, bags, step)
        training.job = replace(training.job, training=replace(training.job.training, megapixels_per_pass=1))
        training.network.zero_grad()
        drawn = order.at(step)
        views = [draws.at(item, number) for item, number in drawn]
        found = []
        for region, number in chain(*views):
            logits, maps = training.forward(training.network, [Pixels(50, 0, AUGMENTATION).view(region, number)])
            found.append((logits, scores_of(training.network, maps)))
        logits, scores = (torch.cat(values) for values in zip(*found, strict=True))
        classes = training.class_numbers([bags[item].label for item, _ in drawn])
        losses = F.cross_entropy(bag_logits(logits, scores, [3, 3]), classes, reduction="none")
        (weigh[classes] * losses).mean().backward()
        expected = torch.cat([weights.grad.flatten() for weights in training.network.parameters()])
        assert parts < many == 6
        for one in (whole, apart):
            torch.testing.assert_close(one, expected, rtol=0, atol=1e-12)
    weights = dict(training.network.attention.named_parameters())
    assert weights["content.weight"].grad.abs().max() > 1e-6 and weights["gate.weight"].grad.abs().max() > 1e-6


def test_draws_depend_on_slide_and_number_alone_and_come_round(tiny_cohort):
    bags = group_bags(labeled(regions_of(tiny_cohort), 100))
    there, back = BagDraws(5, bags, 2), BagDraws(5, bags[::-1], 2)
    for number in (7, 0, 3):
        for k in range(len(bags)):
            assert there.at(k, number) == back.at(len(bags) - 1 - k, number)
    names = [[region.region for region, _ in there.at(0, number)] for number in range(40)]
    assert all(len(set(drawn)) == 2 for drawn in names)
    for first, second in zip(names[::2], names[1::2], strict=True):  # two draws of two are the four regions
        assert sorted(first + second) == sorted(region.region for region in bags[0].regions)
    assert len({tuple(drawn) for drawn in names}) > 6
    assert {number for _, number in there.at(0, 7)} == {7}  # a new view each time
    assert len(BagDraws(5, bags, 9).at(0, 3)) == 4  # a slide that is smaller is drawn whole


@pytest.mark.slow
@pytest.mark.parametrize("balance", ["none", "sampling"])
def test_a_killed_training_on_bags_ends_with_the_same_bytes(tiny_cohort, monkeypatch, balance):
    recipe = {"bags": "attention", "batch": 2, "bag_regions": 3, "evaluate_every": 2, "balance": balance}
    teach(tiny_cohort, tiny_cohort / "whole", **recipe)
    taken, take_step = [], loop.take_step

    def killed(*arguments):
        taken.append(1)
        if len(taken) == 7:
            raise KeyboardInterrupt
        return take_step(*arguments)

    monkeypatch.setattr(loop, "take_step", killed)
    with pytest.raises(KeyboardInterrupt):
        teach(tiny_cohort, tiny_cohort / "killed", **recipe)
    teach(tiny_cohort, tiny_cohort / "killed", **recipe)
    assert len(taken) == 7 + 6  # continued after the sixth step
    assert contents(tiny_cohort / "killed") == contents(tiny_cohort / "whole")


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_on_bags(tiny_cohort, float64):
    found = []
    for processes in (1, 2):
        job = replace(JOB, training=replace(ATTENTION, processes=processes, megapixels_per_pass=0.02))
        made = outputs(tiny_cohort / f"on{processes}", "model.safetensors", "history.csv", "time.json")
        train_teacher(job, tiny_cohort / "regions/10x.csv", tiny_cohort / "splits.csv", *made)
        found.append((load_model(made[0])[0].state_dict(), read_rows(made[1])))
    (one, rows), (two, others) = found
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, rtol=0, atol=1e-10)
    for row, other in zip(rows, others, strict=True):
        for name in ("loss", "cross_entropy", "val_log_loss", "val_accuracy"):
            assert float(row[name]) == pytest.approx(float(other[name]), abs=1.1e-6)


@pytest.fixture
def taught(tiny_cohort):
    """The tiny cohort with a teacher that learned by attention."""
    teach(tiny_cohort, tiny_cohort / "teacher", bags="attention", batch=2, bag_regions=4)
    return tiny_cohort


def distill(cohort, targets):
    folder = cohort / ("recorded" if targets else "online")
    made = outputs(folder, "distilled.safetensors", "distilled.csv")
    row = DISTILL if targets else replace(DISTILL, teacher="online", views=3)
    job = student_job(DistillJob, replace(JOB, training=replace(ATTENTION, batch=8)), distill=row)
    tables = cohort / "regions/5x.csv", cohort / "splits.csv"
    distill_student(job, *tables, targets, cohort / "teacher/model.safetensors", cohort / "regions/10x.csv", *made)
    return folder


@pytest.mark.slow
def test_a_student_learns_the_scores_of_its_teacher_and_answers_for_bags(taught):
    part = record(taught)
    folder = distill(taught, [part])
    network, header = load_model(folder / "distilled.safetensors")
    teacher, _ = load_model(taught / "teacher/model.safetensors")
    assert header.bags == "attention" and json.loads(header.to_json())["bags"] == "attention"
    moved = (network.attention.score.weight - start_network_of(taught).attention.score.weight).abs().max()
    assert moved > 1e-3
    online = distill(taught, [])
    first, second = (read_rows(path / "distilled.csv") for path in (folder, online))
    assert float(first[0]["loss"]) == pytest.approx(float(second[0]["loss"]), rel=2e-3)  # maps are stored in halves
    region = regions_of(taught)[0]
    source = OnlineTeacher(
        taught / "teacher/model.safetensors", Pixels(50, 0, AUGMENTATION), [region], torch.device("cpu"), 1
    )
    logits, maps, scores = source.outputs([(region.region, 1)], "max", 2)
    assert logits.shape == (1, 2) and maps.shape[:2] == (1, 256) and scores.shape == (1,)
    assert scores.item() != 0 and teacher.attention is not None
    start = str(folder / "distilled.safetensors")
    job = student_job(FinetuneJob, replace(JOB, training=ATTENTION), finetune=Finetune(images="labeled"))
    made = outputs(taught / "tuned", "model.safetensors", "history.csv")
    finetune_student(job, taught / "regions/5x.csv", taught / "splits.csv", start, str(folder / "distilled.csv"), *made)
    predict_test(made[0], taught / "regions/5x.csv", taught / "splits.csv", taught / "p.parquet")
    frame = pd.read_parquet(taught / "p.parquet")
    assert frame["attention"].nunique() > 2
    assert [row["phase"] for row in read_rows(made[1])] == ["distill"] * 3 + ["finetune"] * 3


def start_network_of(cohort):
    """The student as it starts: with random weights."""
    job = replace(JOB, training=ATTENTION)
    return start_training(job, "distill", None, regions_of(cohort, "5x")).network


@pytest.mark.slow
def test_attention_follows_the_row_and_not_its_start(taught):
    """Added to a start without it, removed from one with it; pretraining has none."""
    tables = taught / "regions/5x.csv", taught / "splits.csv"
    pretrained = outputs(taught / "pretrained", "model.safetensors", "history.csv")
    plain = replace(JOB, training=replace(ATTENTION, bags="none"))
    pretrain_student(student_job(PretrainJob, plain, pretrain=Pretrain(images="all")), *tables, *pretrained)
    starts = {"attention": pretrained[0], "none": str(taught / "teacher/model.safetensors")}
    for bags, start in starts.items():
        job = replace(JOB, training=replace(ATTENTION, bags=bags))
        made = outputs(taught / bags, "model.safetensors", "history.csv")
        job = student_job(FinetuneJob, job, finetune=Finetune(images="labeled"))
        finetune_student(job, *tables, start, None, *made)
        network, header = load_model(made[0])
        assert (header.bags, network.attention is not None) == (
            (None, False) if bags == "none" else ("attention", True)
        )


def test_a_layer_that_is_there_is_kept():
    network = build(2, 0)
    names = set(network.state_dict())
    fit_attention(network, "attention", 1)
    layer = network.attention
    fit_attention(network, "attention", 2)
    assert network.attention is layer
    fit_attention(network, "mean")
    assert network.attention is None and set(network.state_dict()) == names


def test_weights_of_log_probabilities_are_a_bag_of_logits():
    """Units of several sizes, regions in any order, probabilities down to 0."""
    draw = np.random.default_rng(0)
    logits, scores, unit = draw.normal(0, 9, (40, 3)), draw.normal(0, 5, 40), draw.permutation(np.arange(40) % 7)
    odds = np.exp(logits - logits.max(1, keepdims=True))
    found = aggregate_by_attention(odds / odds.sum(1, keepdims=True), scores, unit, 7)
    for k in range(7):
        own = torch.tensor(logits[unit == k]), torch.tensor(scores[unit == k])
        np.testing.assert_allclose(found[k], bag_logits(*own, [len(own[0])]).softmax(1)[0], rtol=1e-12)
    sure = aggregate_by_attention(np.array([[1.0, 0.0], [0.2, 0.8]]), np.zeros(2), np.zeros(2, int), 1)
    assert np.isfinite(sure).all() and sure[0, 0] > 0.999


@pytest.fixture
def foci(tmp_path):
    """Slides of eight regions of gray noise; on those of class red one region, and no other, is red."""
    index, splits = [], []
    for k in range(36):
        slide, label = f"S{k:02d}", CLASSES[k % 2]
        split = "train" if k < 20 else "val" if k < 28 else "test"
        rank = k / 20 if split == "train" else ""
        about = {"site": "", "label": label, "true_label": label, "labeled_rank": rank, "unlabeled_rank": ""}
        splits.append({"seed": 0, "slide": slide, "patient": slide, "split": split} | about)
        images = [rng.generator(0, "gray", slide, n).integers(60, 160, (32, 32, 3)) for n in range(8)]
        images[k % 8][..., 0] += 90 * (label == "red")
        path = tmp_path / f"regions/5x/{slide}.zip"
        encoded = [(f"{n:05d}.png", files.encode(image.astype(np.uint8), None)) for n, image in enumerate(images)]
        files.write_images(path, encoded)
        for n, (member, data) in enumerate(encoded):
            at = {"region": f"{slide}_{n:05d}", "slide": slide, "zip": f"5x/{slide}.zip", "member": member}
            size = {"width": 32, "height": 32, "area_mm2": 0.01, "tissue": 1.0, "annotation": "", "bytes": len(data)}
            index.append(at | size | {"fingerprint": files.fingerprint_images(path)})
    for name, rows in (("regions/5x.csv", index), ("splits.csv", splits)):
        files.write_rows(tmp_path / name, list(rows[0]), rows)
    return tmp_path


@pytest.mark.slow
def test_attention_finds_the_region_that_makes_the_class_where_labels_of_regions_do_not(foci):
    """Judged as a study would be: by the aggregation with the lowest log loss on validation."""
    accuracy = {}
    for bags in ("none", "attention"):
        recipe = replace(ATTENTION, bags=bags, batch=4 if bags == "attention" else 32, bag_regions=8, evaluate_every=20)
        job = replace(JOB, steps=100, training=recipe)
        made = outputs(foci / bags, "model.safetensors", "history.csv")
        train_teacher(job, foci / "regions/5x.csv", foci / "splits.csv", *made)
        predict(
            made[0], index=foci / "regions/5x.csv", splits=foci / "splits.csv", seed=0, predicted=["val", "test"],
            megapixels=1, gpu=False, predictions=foci / f"{bags}.parquet",
        )  # fmt: skip
        frame = pd.read_parquet(foci / f"{bags}.parquet")
        judged = judge([frame], CLASSES, False, ["test"], Aggregation("validation"))
        units = next(one for one in judged if one.kind["per"] == "slide").of_models[0]
        accuracy[bags] = (units.probabilities.argmax(1) == units.truth).mean(), units.way
    red = frame[frame["label"] == "red"]
    highest = red.loc[red.groupby("slide")["attention"].idxmax()]
    assert accuracy["attention"] == (1, "attention") and accuracy["none"][0] < 0.8
    assert all(int(row.region[-1]) == int(row.slide[1:]) % 8 for row in highest.itertuples())
