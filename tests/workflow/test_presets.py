"""The presets for the paper's cohorts and for one's own slides: each plans the study that it describes."""

import csv
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from project_paths import ROOT
from slide_files import draw_tissue, write_slide
from workflow_runs import copy_project, planned

from lowpower.config.config_file import read_config
from lowpower.magnification import reduction_between
from lowpower.slides.sheet_draft import draft_sheet

pytestmark = pytest.mark.slow

SCHEMA = ROOT / "schemas/config.schema.yaml"
# teachers, parts of recordings, distilled students, students
STUDIES = {
    "celiac": (5, 5 * 8, 4 * 5 * (1 + 3 * 4), 4 * 5 * (4 + 3 * 4)),  # three rows see four shares of unlabeled slides
    "luad": (5, 5 * 8, 3 * 5 * 4, 3 * 5 * 7),
    "rcc": (5, 5 * 8, 2 * 5 * 4, 2 * 5 * 7),
    "own": (1, 1, 2 * 2, 2 * 4),
}


def preset(name):
    return yaml.safe_load((ROOT / f"configs/{name}.yaml").read_text(encoding="utf-8"))


def project_with_sheet(folder, name):
    """A copy of the project in which the sheet that the preset names is its example."""
    copy_project(folder)
    shutil.copy(folder / f"data/{name}/slides.example.csv", folder / preset(name)["slides"])
    return folder


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("unit", ["tissue", "grid"])
def test_a_preset_is_valid_with_either_unit(name, unit):
    config = read_config(preset(name) | {"unit": unit}, SCHEMA)
    for low in config.student_magnifications:
        assert reduction_between(config.teacher_magnification, low) % 2 == 0
    assert config.coarsest_magnification <= min(config.student_magnifications)
    assert config.cohort == name and config.report_split == "val"


@pytest.mark.parametrize("name", STUDIES)
def test_a_preset_with_its_example_sheet_plans_its_study(tmp_path, name):
    folder = project_with_sheet(tmp_path, name)
    slides = len((folder / preset(name)["slides"]).read_text().splitlines()) - 1
    teachers, recordings, distilled, students = STUDIES[name]
    expected = {
        "tile_slide": slides,
        "train_teacher": teachers,
        "record_teacher": recordings,
        "distill_student": distilled,
        "finetune_student": students,
        "predict": teachers + students,
    }
    jobs = planned(folder, "--configfile", f"configs/{name}.yaml")
    assert {rule: jobs[rule] for rule in expected} == expected and jobs["write_report"] == 1
    tables = planned(folder, "paper", "--configfile", f"configs/{name}.yaml")
    assert {rule: tables[rule] for rule in expected} == expected
    assert "write_report" not in tables and "draw_figures" not in tables


def test_the_lines_of_the_docs_fill_in_a_sheet_of_tcga_slides(tmp_path):
    lines = re.search(r"```python\n(.*?)```", (ROOT / "docs/paper.md").read_text(encoding="utf-8"), re.S)[1]
    rcc = project_with_sheet(tmp_path, "rcc") / "data/rcc"
    wanted = list(csv.DictReader((rcc / "slides.example.csv").read_text().splitlines()))
    (rcc / "slides.csv").unlink()
    slide = write_slide(tmp_path / "a.svs", draw_tissue(256, 256, []))
    others = ["TCGA-KIRC/u/TCGA-BP-X099-11A-01-TS1.u.svs", "TCGA-KIRC/u/TCGA-BP-X098-11Z-00-DX1.u.svs"]
    for path in [row["path"] for row in wanted] + others:
        (rcc / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(slide, rcc / path)
    (rcc / wanted[0]["path"]).write_bytes(b"")
    draft_sheet(rcc)
    subprocess.run([sys.executable, "-c", lines], cwd=tmp_path, check=True)
    rows = {row["path"]: row for row in csv.DictReader((rcc / "slides.csv").read_text().splitlines())}
    for row in wanted:
        made = rows.pop(row["path"])
        for column in ("slide", "patient", "label", "site"):
            assert made[column] == row[column]
        assert (made["mpp"], "empty" in made["exclude"]) == ("", row is wanted[0])
    assert [rows[path]["exclude"] for path in others] == ["not a diagnostic slide", "not of a tumor"]
    assert planned(tmp_path, "paper", "--configfile", "configs/rcc.yaml")["train_teacher"] == 5


def test_the_hooks_call_tools_of_the_lock():
    lock = (ROOT / "requirements.txt").read_text()
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    tools = [hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks if hook["language"] == "system"]
    assert set(tools) == {"ruff", "snakefmt"} and all(f"\n{tool}==" in lock for tool in tools)
