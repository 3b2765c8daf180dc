"""The differences of the experiments: those of the seeds, and of two studies the mean of theirs."""

import json
import subprocess
import sys

import pytest
import yaml
from prediction_frames import CLASSES, predictions
from project_paths import CONFIG_SCHEMA as CONFIG
from project_paths import ROOT

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models


def make(folder, right):
    """A study on disk, of which each row reads so many of 8 patients right."""
    raw = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text())
    raw |= {"cohort": folder.name, "classes": CLASSES, "methods": {"scratch": None, "sskd": None}, "seeds": [0, 1]}
    config = read_config(raw, CONFIG)
    files.write_json(folder / "config.json", config.as_dict())
    for model in models(config):
        (folder / model.folder).mkdir(parents=True)
        predictions(right[model.method]).to_parquet(folder / model.folder / "predictions.parquet")


@pytest.mark.slow
def test_differences_are_those_of_the_studies_and_their_mean(tmp_path):
    make(tmp_path / "one", {"teacher": 8, "scratch": 4, "sskd": 6})
    make(tmp_path / "two", {"teacher": 8, "scratch": 4, "sskd": 8})
    studies = [tmp_path / "one", tmp_path / "two"]
    command = [sys.executable, ROOT / "bench/differences.py", *studies, "--", "scratch", "scratch", "sskd"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = {(line["study"], line["per"]): line for line in map(json.loads, run.stdout.splitlines())}
    assert len(run.stdout.splitlines()) == 2 * 3 and '"row": "scratch"' not in run.stdout  # no row less itself
    for per in ("patient", "region"):
        assert [found[name, per]["points"] for name in ("one", "two", "together")] == [25.0, 50.0, 37.5]
        assert found["together", per]["low"] > found["one", per]["low"]
