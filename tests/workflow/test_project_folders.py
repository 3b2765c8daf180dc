"""The project runs wherever it lies: in folders with spaces, quotes and letters of any script, and from elsewhere."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest
from project_paths import BIN, ROOT
from workflow_runs import copy_project

from lowpower.config.training_settings import Training

pytestmark = pytest.mark.slow

AWFUL = "a b' ü [1] $HOME ;(&) #%~"


def run(python, folder, *arguments, **environment):
    """What Snakemake says, started by a python of the test's choice."""
    command = [python, "-m", "snakemake", *arguments, "--cores", "1", "--configfile", ROOT / "configs/smoke.yaml"]
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=kept | environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_scripts_run_in_a_folder_of_any_name(tmp_path):
    folder = tmp_path / AWFUL
    folder.mkdir()
    copy_project(folder)
    venv.create(
        folder / ".venv", symlinks=True
    )  # an interpreter whose own path is awful, with the packages of this one
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / ".venv")}))
    (packages / "shared.pth").write_text(sysconfig.get_path("purelib"))
    code, said = run(folder / ".venv/bin/python", folder, "results/smoke/config.json")
    assert code == 0 and (folder / "results/smoke/config.json").is_file(), said


def test_the_working_folder_and_those_of_the_machine_may_have_any_name(tmp_path):
    home, place, scratch = (tmp_path / f"{kind} {{x}} {AWFUL}" for kind in ("home", "place", "scratch"))
    for folder in (home, place, scratch):
        folder.mkdir()
    shutil.copytree(ROOT / "data/smoke", place / "data/smoke", ignore=shutil.ignore_patterns("*.tiff"))
    where = ["--snakefile", ROOT / "Snakefile", "--directory", place]
    code, said = run(sys.executable, tmp_path, "results/smoke/config.json", *where, HOME=str(home), TMPDIR=str(scratch))
    assert code == 0 and (place / "results/smoke/config.json").is_file(), said


def test_braces_in_the_projects_path_are_refused_before_the_first_job(tmp_path):
    folder = tmp_path / "a{b}"
    folder.mkdir()
    copy_project(folder)
    code, said = run(sys.executable, folder, "--dry-run")
    assert code and f"lowpower is in {folder}, and Snakemake reads braces" in said and "Traceback" not in said


def test_processes_of_one_training_meet_in_a_temporary_folder_of_any_name(tmp_path, monkeypatch):
    from lowpower.models import parallel

    scratch = tmp_path / f"#{AWFUL}"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    job = SimpleNamespace(training=Training(processes=2), gpu=False)
    parallel.on_processes(lambda job: parallel.total([1.0]))(job)
    assert list(tmp_path.iterdir()) == [scratch]


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_a_sheet_is_drafted_in_a_folder_with_spaces(tmp_path):
    from slide_files import draw_tissue, write_slide

    folder = tmp_path / AWFUL
    (folder / "my slides").mkdir(parents=True)
    write_slide(folder / "my slides/a b.tiff", draw_tissue(256, 256, [(40, 40, 160, 160)]))
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "workflow_scripts"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(BIN.parent)
    done = subprocess.run(
        ["make", "--assume-old=.venv/ready", "sheet", "SLIDES=my slides"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "a b,a b.tiff,,,,,," in (folder / "my slides/slides.csv").read_text(encoding="utf-8-sig")
