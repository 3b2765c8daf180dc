"""The hours that training took: a row's own, and what it shares with others."""

from demo_config import demo
from project_paths import CONFIG_SCHEMA as CONFIG

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models
from lowpower.config.trained_model import TimedModel
from lowpower.config.training_jobs import time_files, timed_row
from lowpower.tables.hours_table import COLUMNS, count_hours


def taken(seconds, attempts=1):
    return {"seconds": seconds, "cpu_seconds": seconds / 2, "attempts": attempts, "device": "cpu", "processes": 1}


def counted(folder, config, seconds, recorded):
    """The table of a study whose trainings took so many seconds: path below the results -> seconds."""
    found = models(config)
    paths = [(folder / name, k) for k, model in enumerate(found) for name in time_files(config, model)]
    for path, _ in paths:
        files.write_json(path, taken(*seconds(str(path.relative_to(folder)))))
    recordings = {}
    for seed, parts in recorded.items():
        recordings[seed] = [str(folder / f"{seed}-{k}.tsv") for k in range(len(parts))]
        for path, part in zip(recordings[seed], parts, strict=True):
            if part is not None:
                (folder / path).write_text(f"s\th:m:s\tcpu_time\n{part}\t0:00:01\t9\n")
    forms = [folder / f"hours.{form}" for form in ("csv", "md", "tex")]
    rows = [TimedModel(**timed_row(config, model)) for model in found]
    count_hours([path for path, _ in paths], [k for _, k in paths], rows, recordings, *forms)
    return {row["method"]: row for row in files.read_rows(forms[0])}


ROWS = dict.fromkeys(("scratch", "teacher_init", "sskd_finetuned", "vicreg", "color_baseline"))


def test_a_row_has_its_own_hours_and_those_of_what_it_learned_from(tmp_path):
    config = read_config(demo(methods=ROWS, student_magnifications=[2.5], seeds=[0, 1]), CONFIG)

    def seconds(path):
        if "color_baseline" in path:
            return 0.0, 0
        return (36.0, 2) if "distilled" in path else (360.0 if "seed1" in path else 180.0, 1)

    rows = counted(tmp_path, config, seconds, {"0": [72.0, 36.0], "1": [36.0, 0.0]})
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
    assert (
        "| sskd_finetuned | 2.5x (4.0 µm/px) | 100       | 100         | 2     | 0.085 "
        in (tmp_path / "hours.md").read_text()
    )


def test_what_is_not_known_is_blank(tmp_path):
    config = read_config(demo(methods={"sskd": None}, teacher="given.safetensors"), CONFIG)
    row = counted(tmp_path, config, lambda _: (36.0, 1), {"0": [1.0, None]})["sskd"]
    assert (row["teacher_hours"], row["recording_hours"]) == ("", "")


def test_a_row_with_the_teacher_in_the_loop_replays_no_recording():
    live = {"distill": {"images": "all", "teacher": "online"}}
    found = read_config(demo(methods={"live": live}), CONFIG)
    assert [timed_row(found, model)["recording"] for model in models(found)] == [False] * 3
