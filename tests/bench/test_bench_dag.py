"""The benchmark of planning, tiny: it runs, both plans have the same jobs, and its last line says what is promised."""

import json
import subprocess
import sys

import pytest
from project_paths import BENCH

pytestmark = pytest.mark.slow


def test_the_benchmark_of_planning_runs():
    run = subprocess.run([sys.executable, BENCH / "dag.py", "--quick"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    last = json.loads(run.stdout.splitlines()[-1])
    assert {"vs_bare", "seconds", "peak_mb", "start_seconds", "start_vs_bare"} <= set(last)
    assert last["jobs"] == last["bare_jobs"] > 5 * last["slides"] == 300
    assert all(value > 0 for value in last.values())
