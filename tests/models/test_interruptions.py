"""Trainings that are stopped, by a signal or without warning, end with the bytes of one that never was."""

import json
import os
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from training_outputs import contents, in_a_process, outputs, torch_state
from training_runs import DISTILL, JOB, RECIPE, record, student_job, teach

from lowpower import rng
from lowpower.config.method_settings import Finetune
from lowpower.config.student_params import DistillJob, FinetuneJob
from lowpower.files import read_json
from lowpower.models import training_outputs
from lowpower.models.checkpoint import STOPS, load_checkpoint, on_stop, save_checkpoint
from lowpower.models.distillation import distill_student
from lowpower.models.fine_tuning import finetune_student
from lowpower.models.region_sets import Order
from lowpower.models.teacher_training import train_teacher

pytestmark = pytest.mark.slow

TABLES = "regions/5x.csv", "splits.csv"


def run_teacher(cohort, folder, job=JOB):
    index, splits = cohort / "regions/10x.csv", cohort / "splits.csv"
    train_teacher(job, index, splits, *outputs(folder, "model.safetensors", "history.csv", "time.json"))


def run_distillation(cohort, folder, **row):
    job = student_job(DistillJob, distill=replace(DISTILL, ema_decay=0.9, **row))
    tables = [cohort / name for name in TABLES]
    seen = cohort / "teacher/model.safetensors", cohort / "regions/10x.csv"
    made = outputs(folder, "distilled.safetensors", "distilled.csv", "distilled-time.json")
    distill_student(job, *tables, [cohort / "part0of1.safetensors"], *seen, *made)


def run_finetuning(cohort, folder):
    job = student_job(FinetuneJob, finetune=Finetune(images="labeled"))
    tables = [cohort / name for name in TABLES]
    start = cohort / "teacher/model.safetensors"
    finetune_student(job, *tables, start, None, *outputs(folder, "model.safetensors", "history.csv", "time.json"))


STAGES = {"train": (run_teacher, 7), "distill": (run_distillation, 7), "finetune": (run_finetuning, 6)}


def raising(number, event):
    """Send this process the signal at its ``event``-th step or renaming of a file, whichever it comes to first."""

    def patch():
        left = [event]

        def counted(call):
            def one_more(*arguments):
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), number)
                return call(*arguments)

            return one_more

        Order.at, Path.replace = counted(Order.at), counted(Path.replace)

    return patch


@pytest.fixture(autouse=True)
def as_in_a_terminal():
    """Signals mean what they do there, also where the tests run in the background of a shell, which ignores SIGINT."""
    usual = dict.fromkeys(STOPS, signal.SIG_DFL) | {signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, meaning) for number, meaning in usual.items()}
    yield
    for number, meaning in before.items():
        signal.signal(number, meaning)


@pytest.fixture
def cohort(tiny_cohort):
    teach(tiny_cohort, tiny_cohort / "teacher")
    record(tiny_cohort)
    return tiny_cohort


@pytest.mark.parametrize("phase", STAGES)
def test_twenty_kills_change_no_byte(cohort, phase):
    """Of the three stages together: without warning or with, in a step or while a file gets its name."""
    run, kills = STAGES[phase]
    whole, killed = cohort / "whole", cohort / "killed"
    assert in_a_process(run, cohort, whole) == 0
    ended, k = [], 0
    while len(ended) < kills:
        draw = rng.generator(7, "kills", phase, k)
        number, event = signal.Signals(int(draw.choice([signal.SIGKILL, signal.SIGTERM]))), int(draw.integers(1, 8))
        code = in_a_process(run, cohort, killed, before=raising(number, event))
        ended += [code] if code else []
        k += 1
    assert set(ended) <= {-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM}
    assert in_a_process(run, cohort, killed) == 0
    assert contents(killed) == contents(whole)


def stop_at(step, number):
    """Ask this process to stop while it takes a step."""

    def patch():
        def signaled(order, taken):
            if taken == step:
                os.kill(os.getpid(), number)
            return at(order, taken)

        at = Order.at
        Order.at = signaled

    return patch


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_saves_the_step_at_hand_between_two_validations(tiny_cohort, capfd, number):
    stopped, whole = tiny_cohort / "stopped", tiny_cohort / "whole"
    assert in_a_process(run_teacher, tiny_cohort, stopped, before=stop_at(5, number)) == 128 + number
    name = signal.Signals(number).name
    line = f"test, seed 0: train: stopped by {name}; step 6 of 12 is saved, and the same command continues from there\n"
    said = capfd.readouterr().err
    assert said.endswith(line) and "Traceback" not in said
    assert [path.name for path in stopped.iterdir()] == ["last-train.pt"]
    run_teacher(tiny_cohort, stopped)
    run_teacher(tiny_cohort, whole)
    assert "continuing after step 6 of 12" in capfd.readouterr().err
    assert contents(stopped) == contents(whole)


def test_signals_mean_afterwards_what_they_meant_before():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    before = {number: signal.getsignal(number) for number in STOPS}
    heard = []
    with pytest.raises(KeyError), on_stop(heard.append):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGUSR1)  # ignored before, as under nohup: ignored still
        raise KeyError
    assert heard == [signal.SIGTERM, signal.SIGINT]
    assert {number: signal.getsignal(number) for number in STOPS} == before


def flip_a_bit(content):
    return content[:-9000] + bytes([content[-9000] ^ 1]) + content[-8999:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        flip_a_bit,  # torch alone would load it
        lambda content: content[32:],  # a file of torch's own
        lambda content: b"cos\nsystem\n(S'touch stranger'\ntR.",
    ],
    ids=["cut short", "empty", "one bit", "torch's own", "a stranger's pickle"],
)
def test_a_damaged_checkpoint_is_ignored(tmp_path, monkeypatch, capfd, damage):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "last-train.pt"
    save_checkpoint(path, {"belongs_to": "here", "network": torch.ones(9000)})
    assert load_checkpoint(path, "here", "test")["network"].sum() == 9000
    path.write_bytes(damage(path.read_bytes()))
    assert load_checkpoint(path, "here", "test") is None
    assert (
        "test: last-train.pt is damaged or not a checkpoint of this version; starting afresh" in capfd.readouterr().err
    )
    assert not (tmp_path / "stranger").exists()


def test_time_adds_up_over_attempts_and_reaches_nothing_else(tiny_cohort):
    stopped, whole = tiny_cohort / "stopped", tiny_cohort / "whole"
    assert in_a_process(run_teacher, tiny_cohort, stopped, before=stop_at(3, signal.SIGTERM)) == 143
    assert in_a_process(run_teacher, tiny_cohort, stopped, before=stop_at(9, signal.SIGUSR1)) == 138
    (saved,) = stopped.iterdir()
    before = torch_state(saved)["time"]
    run_teacher(tiny_cohort, stopped)
    run_teacher(tiny_cohort, whole)
    time = json.loads((stopped / "time.json").read_text())
    assert 0 < before["seconds"] < time["seconds"] and 0 < before["cpu_seconds"] < time["cpu_seconds"]
    assert (before["attempts"], time["attempts"]) == (2, 3)
    constant = {"steps": 12, "device": "cpu", "processes": 1, "threads": 1, "looks": 96, "regions": 16}
    assert time.items() >= constant.items() and len(time) == 9
    assert contents(stopped) == contents(whole)


LOOKS = {  # of 12 steps, and training regions: 4 labeled patients, 6 in all, 4 regions each
    "train": (run_teacher, 12 * 8, 16),
    "distill": (run_distillation, 12 * 8, 24),
    "two batches a step": (partial(run_distillation, batches_per_step=2, drop_last=True), 12 * 16, 24),
    "finetune": (run_finetuning, 12 * 8, 16),
}


@pytest.mark.parametrize("stage", LOOKS)
def test_a_look_that_a_kill_lost_is_not_counted(cohort, stage):
    run, *expected = LOOKS[stage]
    for name, kills in {"whole": {}, "killed": {5: signal.SIGKILL, 9: signal.SIGTERM}}.items():
        for step, number in kills.items():
            assert in_a_process(run, cohort, cohort / name, before=stop_at(step, number))
        assert in_a_process(run, cohort, cohort / name) == 0
        (path,) = (cohort / name).glob("*time.json")
        time = read_json(path)
        assert [time[key] for key in ("looks", "regions")] == expected
        assert (time["steps"], time["attempts"]) == (12, 1 + len(kills))


def test_a_row_without_fine_tuning_takes_no_time(tiny_cohort):
    teach(tiny_cohort, tiny_cohort / "teacher")
    start = [str(tiny_cohort / f"teacher/{name}") for name in ("model.safetensors", "history.csv")]
    made = outputs(tiny_cohort / "student", "model.safetensors", "history.csv", "time.json")
    finetune_student(student_job(FinetuneJob, finetune=None), None, None, *start, *made)
    time = read_json(made[2])
    assert (time["seconds"], time["looks"], time["regions"]) == (0, 0, 0)


def test_a_checkpoint_is_written_every_minute(tiny_cohort, monkeypatch):
    monkeypatch.setattr(training_outputs, "SAVE_EVERY", 0.0)
    slow = partial(run_teacher, job=replace(JOB, training=replace(RECIPE, evaluate_every=12)))
    assert in_a_process(slow, tiny_cohort, tiny_cohort / "t", before=stop_at(9, signal.SIGKILL)) == -9
    assert torch_state(tiny_cohort / "t/last-train.pt")["history"]["step"] == 9
