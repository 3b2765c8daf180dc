"""Copies of the project in which Snakemake runs."""

import hashlib
import os
import re
import shutil
import subprocess

from project_paths import BIN, ROOT

PARTS = [
    *("Snakefile", "config.yaml", "rules", "envs", "schemas", "profiles", "configs", "workflow_scripts", "data"),
    "CITATION.cff",
]
SMOKE = "configs/smoke.yaml"


def copy_project(folder):
    ignore = shutil.ignore_patterns("__pycache__", "*.tiff", "lung")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def snakemake(folder, *arguments, check=True):
    # a fixed hash seed would hide an order that depends on it
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
    run = subprocess.run(
        [BIN / "snakemake", *map(str, arguments)], cwd=folder, capture_output=True, text=True, env=environment
    )
    assert not check or run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return run.stdout + run.stderr


def run_smoke(folder):
    """A copy of the project with the finished smoke preset, run on two cores."""
    copy_project(folder)
    snakemake(folder, "--cores", 2, "--configfile", SMOKE)
    return folder


def planned(folder, *arguments):
    """How many jobs of each rule a dry run plans."""
    text = snakemake(folder, *arguments, "--dry-run", "--quiet", "reason")
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total ", text, re.S | re.M)
    if not table:
        assert "Nothing to be done" in text, text
        return {}
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table[1], re.M)}


TIMED = r"^(logs|benchmarks|cost)/|^tables/(cost|hours)\.|^figures/accuracy_flops\.|time\.json$"
TIMED += r"|^(report\.html|provenance\.json)$"


def results(folder):
    """Hash of every file that has to be the same in each run: all but timings and what shows them."""
    timed = re.compile(TIMED)
    base = folder / "results/smoke"
    paths = sorted(path for path in base.rglob("*") if path.is_file())
    names = {str(path.relative_to(base)): path for path in paths}
    return {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in names.items() if not timed.search(n)}


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
