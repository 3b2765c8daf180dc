"""Time that Snakemake takes to plan a study of thousands of slides; docs/scale.md explains the comparison.

.venv/bin/python bench/dag.py [--slides 10000] [--quick]

A dry run of the workflow for a sheet of this many slides and 105 models, against a dry run of a bare Snakefile with the
same chain and number of jobs: rules of one input, one output and a shell command only. Also the time that each job of
a cluster takes to start: a dry run of one slide's first step, with the same sheet. Seconds are processor time, which
other work on the machine affects less. Output: JSON lines; the last one is a summary.
"""

import argparse
import csv
import json
import re
import tempfile
from pathlib import Path

from children import run_child

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
cohort: many
slides: slides.csv
classes: [a, b, c]
split: {by: sheet}
teacher_magnification: 10
student_magnifications: [5, 2.5]
methods:
  scratch:
  teacher_init:
  kd_supervised:
  sskd:
  sskd_finetuned:
  sskd_tuned:
  all_labels:
unlabeled: [50, 100]
seeds: [0, 1, 2, 3, 4]
report_split: test
"""
SPLITS = ("train", "train", "train", "train", "train", "train", "val", "test", "test", "test")
BARE = """
SLIDES = [f"s{{k:05d}}" for k in range({slides})]
rule all:
    input: expand("out/models/{{k}}", k=range({models}))
rule check:
    output: "out/check/{{slide}}"
    shell: "touch {{output}}"
rule mask:
    input: "out/check/{{slide}}"
    output: "out/mask/{{slide}}"
    shell: "touch {{output}}"
rule tile:
    input: "out/mask/{{slide}}"
    output: "out/tile/{{slide}}"
    shell: "touch {{output}}"
rule reduce:
    input: "out/tile/{{slide}}"
    output: "out/reduced/{{scale}}/{{slide}}"
    shell: "touch {{output}}"
rule index:
    input: expand("out/reduced/{{scale}}/{{slide}}", scale=["5x", "2.5x"], slide=SLIDES)
    output: "out/index"
    shell: "touch {{output}}"
rule model:
    input: "out/index"
    output: "out/models/{{k}}"
    shell: "touch {{output}}"
"""


def main() -> None:
    """Make the sheet, plan both, and print one JSON line for each dry run and one as a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slides", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="60 slides, to see that it runs")
    given = parser.parse_args()
    slides = 60 if given.quick else given.slides
    with tempfile.TemporaryDirectory(prefix="lowpower-bench-") as name:
        folder = Path(name)
        write_study(folder, slides)
        ours = ["--snakefile", str(ROOT / "Snakefile"), "--configfile", str(folder / "config.yaml")]
        whole = take("lowpower", folder, ours)
        (folder / "bare.smk").write_text(BARE.format(slides=slides, models=whole["jobs"] - 5 * slides - 2))
        bare = ["--snakefile", str(folder / "bare.smk")]
        plain = take("bare", folder, bare)
        start = take("one job of lowpower", folder, ["results/many/slides/s00000.json", *ours])
        bare_start = take("one job of bare", folder, ["out/check/s00000", *bare])
    ratios = {"vs_bare": whole["seconds"] / plain["seconds"], "start_vs_bare": start["seconds"] / bare_start["seconds"]}
    about = {"slides": slides, "jobs": whole["jobs"], "bare_jobs": plain["jobs"], "start_seconds": start["seconds"]}
    summary = {"seconds": whole["seconds"], "peak_mb": whole["peak_mb"]}
    print(json.dumps({name: round(value, 2) for name, value in ratios.items()} | summary | about))


def write_study(folder: Path, slides: int) -> None:
    """Write a config and a sheet of slides, two per patient; a dry run reads no slide, so the files are empty."""
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "slides").mkdir()
    with (folder / "slides.csv").open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["slide", "path", "patient", "label", "true_label", "split", "site"])
        for k in range(slides):
            slide, patient = f"s{k:05d}", k // 2
            known, split = "abc"[patient % 3], SPLITS[patient % 10]
            (folder / f"slides/{slide}.svs").touch()
            label = "" if split == "train" and patient % 4 else known
            sheet.writerow([slide, f"slides/{slide}.svs", f"p{patient:05d}", label, known, split, f"site{k % 5}"])


def take(what: str, folder: Path, arguments: list[str]) -> dict:
    """Do a dry run in a folder; return its jobs, processor seconds and peak memory in MB."""
    dry = ["--dry-run", "--quiet", "rules", "--directory", str(folder)]
    said, seconds, peak = run_child("-m", "snakemake", *arguments, *dry)
    jobs = int(re.findall(r"^total +(\d+)$", said, re.MULTILINE)[-1])
    found = {"jobs": jobs, "seconds": round(seconds, 2), "peak_mb": peak}
    print(json.dumps({"dry run": what} | found), flush=True)
    return found


if __name__ == "__main__":
    main()
