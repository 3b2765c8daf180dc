"""The benchmark of inference, tiny: it compares torch with the engine that predicts."""

import json
import subprocess
import sys

import pytest
from project_paths import BENCH


@pytest.mark.slow
def test_engines_are_timed_in_turns_with_their_start_up():
    run = subprocess.run([sys.executable, BENCH / "inference.py", "--quick"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    *lines, last = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(line["images"], line["pixels"]) for line in lines] == [(1, 64), (16, 64)]
    assert all(line["torch ms"] > 0 and line["ONNX Runtime ms"] > 0 for line in lines)
    assert 0 < last["largest_difference"] == max(line["difference"] for line in lines) < 1e-5
    assert last["least_times_faster"] == min(line["times_faster"]["median"] for line in lines)
    assert last["start"].keys() == {"torch", "ONNX Runtime"}
    assert last["start"]["ONNX Runtime"]["peak_mb"] < last["start"]["torch"]["peak_mb"]
