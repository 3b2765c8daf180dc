"""The benchmark of tables, tiny: it runs, and its last line says what is promised."""

import json
import subprocess
import sys

import pytest
from project_paths import BENCH

pytestmark = pytest.mark.slow


def test_the_benchmark_of_tables_runs():
    run = subprocess.run([sys.executable, BENCH / "evaluate.py", "--quick"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    last = json.loads(run.stdout.splitlines()[-1])
    assert list(last) == ["models", "regions", "patients", "seconds", "wall_seconds", "bare_seconds", "ratio"]
    assert (last["models"], last["regions"]) == (3, 200)
    assert all(value > 0 for value in last.values())
