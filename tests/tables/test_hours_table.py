"""The budget of each training: looks, epochs and FLOPs of a row, its own hours, and what it shares with others."""

from dataclasses import asdict

import pytest
from demo_config import demo
from project_paths import CONFIG_SCHEMA as CONFIG

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models
from lowpower.config.trained_model import TimedModel
from lowpower.config.training_jobs import time_files, timed_row
from lowpower.tables.hours_table import COLUMNS, count_hours
from lowpower.tables.layout import in_units, numeric
from lowpower.training_time import NO_TIME, TrainingTime

TEACHER_PASS, STUDENT_PASS = 1000, 60  # FLOPs of a forward pass


def taken(seconds, attempts=1, **more):
    return TrainingTime(seconds=seconds, cpu_seconds=seconds / 2, attempts=attempts, device="cpu", processes=1, **more)


def budgets(folder, config, time_of, recorded):
    """Rows of the table by method. time_of: path below the results -> TrainingTime. recorded: seed -> seconds.

    Seed 0 has 10 training regions on slide A; other seeds have 6 more on slide B.
    """
    found = models(config)
    paths = [(folder / name, k) for k, model in enumerate(found) for name in time_files(config, model)]
    for path, _ in paths:
        files.write_json(path, asdict(time_of(str(path.relative_to(folder)))))
    recordings = {}
    for seed, parts in recorded.items():
        recordings[seed] = [str(folder / f"{seed}-{k}.tsv") for k in range(len(parts))]
        for path, part in zip(recordings[seed], parts, strict=True):
            if part is not None:
                (folder / path).write_text(f"s\th:m:s\tcpu_time\n{part}\t0:00:01\t9\n")
    flops = {("resnet10", "10x"): TEACHER_PASS, ("resnet10", "2.5x"): STUDENT_PASS, ("color", "2.5x"): 7}
    flops |= {("resnet10", "5x"): 250, ("resnet10", "1.25x"): 15}
    costs = [{"network": n, "magnification": m, "flops_per_region": f} for (n, m), f in flops.items()]
    files.write_rows(folder / "cost.csv", list(costs[0]), costs)
    files.write_rows(folder / "index.csv", ["slide"], [{"slide": slide} for slide in "A" * 10 + "B" * 6 + "C" * 3])
    splits = [folder / f"seed{seed}.csv" for seed in config.seeds]
    for seed, path in zip(config.seeds, splits, strict=True):
        split_of = {"A": "train", "B": "train" if seed else "val", "C": "test", "unusable": "train"}
        rows = [{"seed": seed, "slide": slide, "patient": slide, "split": split} for slide, split in split_of.items()]
        files.write_rows(path, list(rows[0]), rows)
    forms = [folder / f"hours.{form}" for form in ("csv", "md", "tex")]
    rows = [TimedModel(**timed_row(config, model)) for model in found]
    owners = [k for _, k in paths]
    times = [path for path, _ in paths]
    count_hours(times, folder / "cost.csv", folder / "index.csv", splits, owners, rows, recordings, 4, *forms)
    return {row["method"]: row for row in files.read_rows(forms[0])}


ROWS = dict.fromkeys(("scratch", "teacher_init", "sskd_finetuned", "vicreg", "color_baseline"))


def test_a_row_has_its_own_hours_and_those_of_what_it_learned_from(tmp_path):
    config = read_config(demo(methods=ROWS, student_magnifications=[2.5], seeds=[0, 1]), CONFIG)

    def time_of(path):
        if "color_baseline" in path:
            return NO_TIME
        return taken(36.0, 2) if "distilled" in path else taken(360.0 if "seed1" in path else 180.0)

    rows = budgets(tmp_path, config, time_of, {"0": [72.0, 36.0], "1": [36.0, 0.0]})
    assert list(rows["teacher"]) == COLUMNS and list(rows) == ["teacher", *ROWS]
    shown = {
        name: [row[key] for key in ("hours", "hours_total", "cpu_hours", "attempts")] for name, row in rows.items()
    }
    assert shown["teacher"] == shown["scratch"] == ["0.0750", "0.1500", "0.0375", "2"]
    assert shown["sskd_finetuned"] == ["0.0850", "0.1700", "0.0425", "6"]
    assert shown["vicreg"] == ["0.1500", "0.3000", "0.0750", "4"]
    assert shown["color_baseline"] == ["", "", "", ""] and rows["color_baseline"]["seeds"] == "2"
    used = {name: (row["teacher_hours"], row["recording_hours"]) for name, row in rows.items()}
    assert used == dict.fromkeys(rows, ("", "")) | {
        "teacher_init": ("0.0750", ""), "sskd_finetuned": ("0.0750", "0.0200"),
    }  # fmt: skip


def budget(row):
    return [row[name] for name in ("steps", "looks", "epochs", "train_flops", "recording_flops")]


LIVE = {"distill": {"images": "all", "teacher": "online"}, "finetune": {"images": "labeled"}}


def test_looks_epochs_and_flops_by_hand(tmp_path):
    methods = {name: ROWS[name] for name in ("scratch", "sskd_finetuned", "vicreg", "color_baseline")} | {"live": LIVE}
    config = read_config(demo(methods=methods, student_magnifications=[2.5], seeds=[0, 1]), CONFIG)

    def time_of(path):
        if "color_baseline" in path:
            return NO_TIME
        all_regions, labeled = (16, 8) if "seed1" in path else (10, 4)
        if "distilled" in path or "pretrained" in path:
            looks = 3840 if "pretrained" in path else 1920
            return taken(9.0, steps=80, looks=looks, regions=all_regions)
        alone = "teacher" in path or "scratch" in path
        return taken(9.0, steps=100 if alone else 20, looks=800 if alone else 160, regions=labeled)

    rows = budgets(tmp_path, config, time_of, {"0": [1.0], "1": [1.0]})
    assert budget(rows["teacher"]) == ["100", "800", "150.0000", str(3 * 1000 * 800), ""]  # 800 / 4 and 800 / 8
    assert budget(rows["scratch"]) == ["100", "800", "150.0000", str(3 * 60 * 800), ""]
    # of the regions of distillation, the larger set: 2080 / 10 and 2080 / 16; 4 views of 10 and of 16 regions recorded
    assert budget(rows["sskd_finetuned"]) == ["100", "2080", "169.0000", str(3 * 60 * 2080), str(1000 * 4 * 13)]
    assert budget(rows["vicreg"]) == ["100", "4000", "325.0000", str(3 * 60 * 4000), ""]
    assert budget(rows["live"]) == ["100", "2080", "169.0000", str(3 * 60 * 2080), str(1000 * 1920)]
    assert budget(rows["color_baseline"]) == [""] * 5
    head, _, *body = (tmp_path / "hours.md").read_text().splitlines()
    cells = dict(zip(*([cell.strip() for cell in line.split("|")] for line in (head, body[2])), strict=True))
    assert cells == {
        "": "", "method": "sskd_finetuned", "read at": "2.5x (4.0 µm/px)", "labeled %": "100", "unlabeled %": "100",
        "seeds": "2", "steps": "100", "looks": "2.08k", "epochs": "169.00", "training FLOPs": "374k",
        "recording FLOPs": "52k", "hours per seed": "0.005", "hours in all": "0.010", "teacher's hours": "0.002",
        "recording's hours": "0.000", "attempts": "4",
    }  # fmt: skip
    assert r"\begin{tabular}{llrrrrrrrrrrrrr}" in (tmp_path / "hours.tex").read_text()


def test_looks_that_no_stage_counted_are_blank(tmp_path):
    config = read_config(demo(methods={"sskd_finetuned": None}, student_magnifications=[2.5], seeds=[0]), CONFIG)

    def time_of(path):
        return taken(9.0, steps=50) if "distilled" in path else taken(9.0, steps=50, looks=400, regions=4)

    row = budgets(tmp_path, config, time_of, {"0": [1.0]})["sskd_finetuned"]
    assert budget(row) == ["100", "", "", "", str(1000 * 4 * 10)]


def test_what_is_not_known_is_blank(tmp_path):
    config = read_config(demo(methods={"sskd": None}, teacher="given.safetensors"), CONFIG)
    rows = budgets(tmp_path, config, lambda _: taken(36.0), {"0": [1.0, None]})
    assert (rows["sskd"]["teacher_hours"], rows["sskd"]["recording_hours"]) == ("", "")
    assert budget(rows["teacher"]) == [""] * 5 and rows["teacher"]["hours"] == ""


def test_a_row_with_the_teacher_in_the_loop_replays_no_recording():
    found = read_config(demo(methods={"live": LIVE, "sskd": None, "scratch": None}), CONFIG)
    rows = {row["method"]: (row["recording"], row["online"]) for row in (timed_row(found, m) for m in models(found))}
    assert rows == {
        "teacher": (False, False), "live": (False, True), "sskd": (True, False), "scratch": (False, False),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "text"),
    {
        "": "",
        "24": "24",
        "999": "999",
        "1500": "1.5k",
        "48000": "48k",
        "999999": "1M",
        "19700000000000": "19.7T",
    }.items(),
)
def test_large_numbers_have_three_digits_and_a_unit(cell, text):
    assert in_units(cell) == text
    assert numeric([{"n": text}], "n") == bool(text)
