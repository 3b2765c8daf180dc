"""Pretraining without labels: VICReg's terms, gradients over passes, resume, and that no label is looked at."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from training_runs import AUGMENTATION, RECIPE, interrupt_seventh_step, student_job, swap_training_labels

from lowpower import rng
from lowpower.config.method_settings import Finetune, Pretrain
from lowpower.config.student_params import FinetuneJob, PretrainJob
from lowpower.files import read_json, read_rows
from lowpower.models import pretraining
from lowpower.models.fine_tuning import finetune_student
from lowpower.models.model_file import load_model
from lowpower.models.pixels import Normalizer, Pixels
from lowpower.models.pretraining import pretrain_student, two_views, vicreg
from lowpower.models.region_sets import Order, read_regions

pytestmark = pytest.mark.slow


def pretrain(cohort, name, images="all", **changes):
    folder = cohort / name
    folder.mkdir(exist_ok=True)
    job = student_job(PretrainJob, **{"pretrain": Pretrain(images=images)} | changes)
    model, history = str(folder / "pretrained.safetensors"), str(folder / "pretrained.csv")
    tables, time = {"index": cohort / "regions/5x.csv", "splits": cohort / "splits.csv"}, folder / "time.json"
    pretrain_student(job, **tables, model=model, history=history, time=str(time))
    return folder / "pretrained.safetensors"


def equal(first, second):
    states = [load_model(path)[0].state_dict().values() for path in (first, second)]
    return all(torch.equal(a, b) for a, b in zip(*states, strict=True))


def test_the_loss_falls_the_last_weights_are_kept_and_nothing_is_validated(tiny_cohort):
    model = pretrain(tiny_cohort, "student")
    rows = read_rows(tiny_cohort / "student/pretrained.csv")
    assert [(row["step"], row["phase"], row["chosen"]) for row in rows] == [
        ("4", "pretrain", "0"), ("8", "pretrain", "0"), ("12", "pretrain", "1"),
    ]  # fmt: skip
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert {row["val_log_loss"] + row["val_accuracy"] for row in rows} == {""}
    network, about = load_model(model)
    assert (about.architecture, about.magnification) == ("resnet10", 5)
    assert network.head.weight.shape == (2, 256)
    assert not list((tiny_cohort / "student").glob("last*"))
    time = read_json(tiny_cohort / "student/time.json")
    assert (time["looks"], time["regions"]) == (12 * 8 * 2, 24)  # two views of each region of a batch


def test_pretraining_may_take_several_batches_per_step_and_average_its_weights(tiny_cohort, monkeypatch):
    places, at = [], Order.at
    monkeypatch.setattr(Order, "at", lambda order, step: places.append(at(order, step)) or places[-1])
    more = Pretrain(images="all", batches_per_step=2)
    first = pretrain(tiny_cohort, "first", pretrain=more)
    assert len({len(place) for place in places}) == 1 and len(places[0]) == 2 * RECIPE.batch
    averaged = pretrain(tiny_cohort, "averaged", pretrain=replace(more, ema_decay=0.9))
    assert not equal(first, averaged)


def test_pretraining_uses_no_label(tiny_cohort):
    first = pretrain(tiny_cohort, "first")
    swap_training_labels(tiny_cohort)
    assert equal(first, pretrain(tiny_cohort, "second"))


def test_unlabeled_images_are_of_use_and_left_out_where_the_row_says_so(tiny_cohort):
    every, known = pretrain(tiny_cohort, "all"), pretrain(tiny_cohort, "labeled", "labeled")
    assert not equal(every, known)
    assert equal(known, pretrain(tiny_cohort, "none", unlabeled=0))


def test_a_killed_pretraining_ends_with_the_same_bytes(tiny_cohort, monkeypatch):
    whole = pretrain(tiny_cohort, "whole")
    steps = interrupt_seventh_step(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        pretrain(tiny_cohort, "resumed")
    resumed = pretrain(tiny_cohort, "resumed")
    assert steps == [*range(7), *range(4, 12)]
    assert resumed.read_bytes() == whole.read_bytes()
    histories = [(tiny_cohort / name / "pretrained.csv").read_bytes() for name in ("whole", "resumed")]
    assert histories[0] == histories[1]


def test_fine_tuning_goes_on_from_what_was_pretrained(tiny_cohort):
    start = pretrain(tiny_cohort, "student")
    still = replace(RECIPE, learning_rate=1e-9)
    job = student_job(FinetuneJob, finetune=Finetune(images="labeled"), steps=4, training=still)
    model, history = str(tiny_cohort / "m.safetensors"), str(tiny_cohort / "h.csv")
    before = str(tiny_cohort / "student/pretrained.csv")
    finetune_student(
        job,
        index=tiny_cohort / "regions/5x.csv",
        splits=tiny_cohort / "splits.csv",
        start=str(start),
        start_history=before,
        model=model,
        history=history,
    )
    assert [row["phase"] for row in read_rows(history)] == ["pretrain"] * 3 + ["finetune"]
    # four steps of 1e-9, and two roundings of weights of about 1 each
    torch.testing.assert_close(load_model(model)[0].conv.weight, load_model(start)[0].conv.weight, atol=1e-6, rtol=0)


@pytest.mark.parametrize("megapixels", [1, 1e-4])  # squares and others are two passes; one region a pass
def test_the_gradient_is_that_of_the_whole_batch_in_passes_of_any_size(tiny_cohort, monkeypatch, float64, megapixels):
    """What the passes leave in the weights' gradients, against one graph over all views."""
    caught = {}

    def train(training, regions, training_regions, micro_batches, model, stage, validated):
        network = training.network
        for share, losses, *_ in micro_batches(network, 0):
            (torch.stack(list(losses.values())).sum() * share).backward()
            caught["passes"] = caught.get("passes", 0) + 1
            caught["value"] = caught.get("value", 0) + sum(v.item() for v in losses.values()) * share
        passed = [weights.grad.clone() for weights in network.parameters()]
        network.zero_grad()
        pixels, normalize = (
            Pixels(9, 0, AUGMENTATION),
            Normalizer(training.header.mean, training.header.std, "cpu"),
        )
        order = Order(rng.integer(0, "order"), len(training_regions), 8)
        items = [two_views(pixels, training_regions[i], n) for i, n in order.at(0)]
        items.sort(key=lambda views: views[0].shape[1])
        embedded = [[network(normalize([view]))[0] for view in views] for views in zip(*items, strict=True)]
        loss = torch.stack(list(vicreg(*(torch.cat(views) for views in embedded)).values())).sum()
        loss.backward()
        assert caught["value"] == pytest.approx(loss.item(), rel=1e-12)
        for one, weights in zip(passed, network.parameters(), strict=True):
            torch.testing.assert_close(one, weights.grad, rtol=0, atol=1e-12)  # 4e-15 was seen
        assert max(weights.grad.abs().max() for weights in network.parameters()) > 0.5
        raise KeyboardInterrupt

    monkeypatch.setattr(pretraining, "train", train)
    with pytest.raises(KeyboardInterrupt):
        pretrain(tiny_cohort, "student", training=replace(RECIPE, megapixels_per_pass=megapixels))
    assert caught["passes"] == {1: 2, 1e-4: 8}[megapixels]


def test_the_terms_are_nothing_where_views_agree_and_regions_differ_in_all_directions():
    spread = torch.cat([torch.eye(4), -torch.eye(4)]) * 3  # every dimension of its own, spread above 1
    terms = vicreg(spread, spread)
    assert {name: value.item() for name, value in terms.items()} == {"invariance": 0, "variance": 0, "covariance": 0}


def test_regions_that_all_look_alike_cost_more_than_any_that_differ():
    alike = torch.ones(8, 4)
    draw = torch.Generator().manual_seed(0)
    costs = [
        sum(value.item() for value in vicreg(alike + noise, alike + noise).values())
        for noise in (torch.randn(8, 4, generator=draw) * size for size in (0, 0.1, 0.5))
    ]
    assert costs[0] == pytest.approx(25 * 0.99) and all(a > b for a, b in pairwise(costs))


def test_two_views_of_a_region_have_one_shape_though_one_of_them_is_turned(tiny_cohort):
    regions = read_regions(tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", 0)
    oblong = next(r for r in regions if r.width != r.height)
    pixels = Pixels(9, 0, replace(AUGMENTATION, quarter_turns=True))
    shapes = set()
    for number in range(8):
        first, second = two_views(pixels, oblong, number)
        assert first.shape == second.shape and not torch.equal(first, second)
        shapes.add(first.shape)
    assert len(shapes) == 2
