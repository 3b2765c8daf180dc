"""One training on several processes: the same steps, one message, and nothing left waiting."""

import os
import signal
import time
from dataclasses import replace

import pytest
import torch
from training_outputs import contents, in_a_process, outputs, torch_state
from training_runs import JOB, RECIPE

from lowpower.errors import InputError
from lowpower.files import read_json, read_rows
from lowpower.models import parallel
from lowpower.models.model_file import load_model
from lowpower.models.region_sets import Order
from lowpower.models.teacher_training import train_teacher

pytestmark = pytest.mark.slow


def run(cohort, name, processes, **recipe):
    """Train a teacher; returns its folder."""
    folder = cohort / name
    job = replace(JOB, training=replace(RECIPE, processes=processes, **recipe))
    made = outputs(folder, "model.safetensors", "history.csv", "time.json")
    train_teacher(job, cohort / "regions/10x.csv", cohort / "splits.csv", *made)
    return folder


def test_two_processes_take_the_steps_of_one(tiny_cohort, float64):
    one, two = run(tiny_cohort, "one", 1), run(tiny_cohort, "two", 2)
    for row, other in zip(read_rows(one / "history.csv"), read_rows(two / "history.csv"), strict=True):
        for name in ("loss", "val_log_loss", "val_accuracy"):
            # six decimals, of which a number between two may be rounded to either
            assert float(row[name]) == pytest.approx(float(other[name]), abs=1.1e-6)
        assert row["chosen"] == other["chosen"]
    first, second = (load_model(folder / "model.safetensors")[0].state_dict() for folder in (one, two))
    moved = max((a - b).abs().max() for a, b in zip(first.values(), start_of(first).values(), strict=True))
    for name, weights in first.items():
        # 1e-13 was seen. Adam divides a gradient by its own size or 1e-8, whichever is larger: rounding of 1e-16 where
        # the gradient is zero becomes 1e-8 of a step of 1e-3.
        torch.testing.assert_close(second[name], weights, rtol=0, atol=1e-10)
    assert moved > 5e-3  # each weight moves by up to 1e-3 a step, so the agreement says something


def start_of(weights):
    from lowpower import rng
    from lowpower.models import resnet

    return resnet.build(len(weights["head.bias"]), rng.integer(JOB.seed, "weights")).state_dict()


def test_one_process_never_comes_near_torch_distributed(tiny_cohort, monkeypatch):
    for name in ("init_process_group", "all_reduce", "get_backend", "destroy_process_group"):
        monkeypatch.setattr(parallel.distributed, name, None)
    monkeypatch.setattr(parallel.multiprocessing, "get_context", None)
    assert (run(tiny_cohort, "one", 1) / "model.safetensors").exists()


def test_every_place_of_a_batch_is_taken_once(monkeypatch):
    whole = Order(0, 10, 7).at(3)
    taken = []
    monkeypatch.setattr(parallel, "_size", 3)
    for rank in range(3):
        monkeypatch.setattr(parallel, "_rank", rank)
        taken.append(parallel.share(whole))
    assert [len(places) for places in taken] == [3, 2, 2]
    assert sorted(place for places in taken for place in places) == sorted(whole)


def second_process(monkeypatch, step, act):
    """Do something in the second of the processes when it takes a step."""

    def at(order, taken):
        if not parallel.is_first() and taken == step:
            act()
        return before(order, taken)

    before = Order.at
    monkeypatch.setattr(Order, "at", at)


def damaged():
    raise InputError("the region is damaged")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (damaged, "^the region is damaged$"),
        (
            lambda: os.kill(os.getpid(), signal.SIGKILL),
            "process 2 of 2 was ended by SIGKILL; usually memory has run",
        ),
    ],
    ids=["error", "killed"],
)
def test_a_process_that_fails_ends_them_all_with_one_message(tiny_cohort, monkeypatch, capfd, act, message):
    second_process(monkeypatch, 2, act)
    with pytest.raises(InputError, match=message):
        run(tiny_cohort, "two", 2)
    assert "Traceback" not in capfd.readouterr().err


def test_a_mistake_of_ours_shows_where_it_was_made(tiny_cohort, monkeypatch):
    second_process(monkeypatch, 0, lambda: 1 / 0)
    with pytest.raises(RuntimeError, match=r"(?s)in train_on_labels.*ZeroDivisionError"):
        run(tiny_cohort, "two", 2)


@pytest.mark.parametrize("to", ["one of them", "the one that waits"])
def test_several_processes_stop_and_continue_as_one_does(tiny_cohort, monkeypatch, capfd, to):
    waiting = os.getpid()

    def act():
        os.kill(os.getpid() if to == "one of them" else waiting, signal.SIGTERM)
        time.sleep(0.2)  # the other way the signal comes round to all of them

    with monkeypatch.context() as patch:
        second_process(patch, 5, act)
        with pytest.raises(SystemExit) as caught:
            run(tiny_cohort, "stopped", 2)
    assert caught.value.code == 128 + signal.SIGTERM
    said = capfd.readouterr().err
    assert said.count("stopped by SIGTERM; step 6 of 12 is saved") == 1 and "Traceback" not in said
    assert contents(run(tiny_cohort, "stopped", 2)) == contents(run(tiny_cohort, "whole", 2))
    assert [read_json(tiny_cohort / name / "time.json")["looks"] for name in ("stopped", "whole")] == [96, 96]


def test_processes_stop_when_the_one_that_waits_for_them_is_gone(tiny_cohort):
    def end_the_waiting():
        waiting = os.getppid()
        os.kill(waiting, signal.SIGKILL)
        while os.getppid() == waiting:  # until it is gone
            time.sleep(0.01)

    def at_a_step():
        second_process(pytest.MonkeyPatch(), 5, end_the_waiting)

    assert in_a_process(run, tiny_cohort, "orphans", 2, before=at_a_step) == -signal.SIGKILL
    checkpoint, until = tiny_cohort / "orphans/last-train.pt", time.monotonic() + 20
    while torch_state(checkpoint)["history"]["step"] != 6 and time.monotonic() < until:
        time.sleep(0.05)
    assert torch_state(checkpoint)["history"]["step"] == 6


def test_more_processes_than_gpus_is_one_message(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InputError, match=r"`training.processes` is 2, but torch finds 1 CUDA device here; write 1$"):
        parallel.on_processes(lambda job: None)(replace(JOB, training=replace(RECIPE, processes=2), gpu=True))
