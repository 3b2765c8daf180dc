"""The benchmark of slides, tiny: it runs, what it compares is equal, and its last line says what is promised."""

import json
import subprocess
import sys

import pytest
from project_paths import BENCH

pytestmark = pytest.mark.slow


def test_the_benchmark_runs_and_its_images_are_openslides():
    run = subprocess.run([sys.executable, BENCH / "tiling.py", "--quick"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr  # an image that differs from OpenSlide's ends it
    *lines, last = (json.loads(line) for line in run.stdout.splitlines())
    assert list(last) == [
        "vs_openslide", "of_limit", "unaligned_vs_openslide", "step_vs_openslide", "downsample_of_limit",
        "equal_images", "peak_mb",
    ]  # fmt: skip
    assert last["equal_images"] > 8
    assert all(last[name] > 0 for name in last)
    memory = lines[0]
    assert memory["reader"] == "tifffile" and memory["regions"] == 1
    assert last["peak_mb"] == max(memory["peak_mb"].values())
    assert list(memory["peak_mb"]) == ["check_slide", "mask_tissue", "tile_slide", "downsample_slide", "read_level"]
