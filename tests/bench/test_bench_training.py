"""The benchmarks of training, tiny: they run the workflow's functions, and their last line says what is promised."""

import json
import subprocess
import sys

import pytest
from project_paths import BENCH

pytestmark = pytest.mark.slow


def lines_of(name):
    run = subprocess.run([sys.executable, BENCH / name, "--quick"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_trainings_are_measured_beside_the_bare_model():
    *lines, last = lines_of("training.py")
    assert list(last) == ["kept", "streamed", "teacher", "peak_mb"]
    assert all(last[name] > 0 for name in last)
    assert [line["job"] for line in lines if line["what"] == "job"] == ["student", "student", "teacher"]
    rates = next(line["ms_per_region"] for line in lines if line["what"] == "setting")
    assert list(rates) == ["float32", "float32 channels_last", "bfloat16", "bfloat16 channels_last"]
    assert last["peak_mb"] == max(line["peak_mb"] for line in lines if line["what"] != "setting")


def test_a_study_is_measured_with_the_teacher_recorded_and_in_the_loop():
    *lines, last = lines_of("study.py")
    assert list(last)[:3] == ["times_cheaper", "times_cheaper_low", "teacher_passes_ratio"]
    assert all(last[name] > 0 for name in last)
    passes = {line["step"]: line["passes"] for line in lines}
    looks = last["regions"] * last["looks"]
    assert passes == {"recording": 4 * last["views"]} | {
        f"{scale} {way}": looks * (way == "live") for scale in ("5x", "2.5x") for way in ("recorded", "live")
    }
    assert last["teacher_passes_ratio"] == 2 * looks / passes["recording"]
