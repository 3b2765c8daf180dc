"""The benchmark of the drawn tissue, small: logistic regression reads the default's phenotype, not an equalized one."""

import json
import subprocess
import sys

import pytest
from project_paths import BENCH

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lines():
    run = subprocess.run([sys.executable, BENCH / "phantom.py", "--quick"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_colors_and_local_statistics_tell_phenotypes_unless_equalized_at_that_scale(lines):
    found = {(line["sizes"], line["equalized_um"], line["um"]): line for line in lines if "accuracy" in line}
    assert all(line["pieces"] == 100 and line["chance"] == [40.2, 59.8] for line in found.values())
    assert found["pleomorphic", 0, 8]["accuracy"] > 70
    assert all(found["pleomorphic", 0, um]["accuracy"] > 90 for um in (1, 2, 4))
    assert 40.2 <= found["matched", 8, 8]["accuracy"] <= 59.8
    assert all(found["matched", 8, um]["accuracy"] > 80 for um in (1, 2))


def test_differences_are_within_the_tolerance_at_that_scale_and_coarser(lines):
    found = {(line["sizes"], line["um"]): line for line in lines if "largest" in line}
    assert len(found) == 10
    for um in (8, 16):
        assert max(found["matched", um]["largest"]) < 0.75
        assert max(found["matched", um]["rms"]) < found["matched", um]["noise"] / 4
        assert max(found["pleomorphic", um]["largest"]) > 20
    assert min(found["matched", 1]["rms"]) > 1


def test_nuclei_are_measured(lines):
    pleomorphic, matched = (line for line in lines if "nucleus" in line)
    assert pleomorphic["box_percent"]["atypical"] < 65 < 90 < matched["box_percent"]["atypical"]
    assert pleomorphic["light_percent"][2] < -2 and matched["light_percent"][2] > 10
