"""The table of training budgets: steps, looks, epochs, FLOPs and hours of each row of the study.

It is separate from results and claims, because its hours, by the clock of a machine, differ between otherwise equal
runs.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from lowpower import magnification
from lowpower.config.split_row import SplitRow
from lowpower.config.trained_model import TimedModel
from lowpower.files import CsvRow, read_json, read_rows, write_rows
from lowpower.log import say
from lowpower.tables.layout import decimals, in_units, number, write_texts
from lowpower.training_time import TrainingTime
from lowpower.typed_values import as_type, typed_rows

COLUMNS = [
    *("method", "magnification", "labeled", "unlabeled", "seeds"),
    *("steps", "looks", "epochs", "train_flops", "recording_flops"),
    *("hours", "hours_total", "cpu_hours", "teacher_hours", "recording_hours", "attempts", "device", "processes"),
]
NOTE = (
    "Means of one seed. A look is one view of a training region in an optimizer step; epochs are looks per region of "
    "the row's largest training set. A look counts as three forward passes over a mean region (one forward, two for "
    "backward). Recording FLOPs: forward passes of the teacher for its recording, or at every step of a row without "
    "one. Hours are by the clock, validation included. The teacher and its recording, made once for each seed and "
    "shared by its rows, have their own columns. More attempts than stages: a training was interrupted and resumed. "
    "Blank: no training, or not counted. Other work on the machine lengthens these hours; processor hours are in "
    "hours.csv."
)
PASSES = 3  # forward passes that a look costs: one forward, and backward twice as much
_TITLES = {
    "hours": "hours per seed",
    "hours_total": "hours in all",
    "teacher_hours": "teacher's hours",
    "recording_hours": "recording's hours",
}
_ROW = ("method", "magnification", "labeled", "unlabeled")


def count_hours(
    times: Sequence[str | Path],
    cost: str | Path,
    index: str | Path,
    splits: Sequence[str | Path],
    owners: Sequence[int],
    models: Sequence[TimedModel],
    recordings: dict[str, Sequence[str]],
    views: int,
    csv: str | Path,
    md: str | Path,
    tex: str | Path,
) -> None:
    """Write the table of training budgets as CSV, Markdown and LaTeX.

    times: time.json of each training stage. owners: parallel to times, the number of its model. cost: cost.csv. index:
    regions at the teacher's magnification. recordings: seed -> benchmark files of its recording, of which some may be
    missing. views: number of recorded views of each region.
    """
    stages: list[list[TrainingTime]] = [[] for _ in models]
    for path, owner in zip(times, owners, strict=True):
        stages[owner].append(as_type(TrainingTime, read_json(path)))
    flops = {(row["network"], row["magnification"]): int(row["flops_per_region"]) for row in read_rows(cost)}
    rows = budget_rows(models, stages, flops, views * _training_regions(index, splits), _recorded(recordings))
    write_rows(csv, COLUMNS, rows)
    write_texts(md, tex, [("", headline(rows))], NOTE)
    say(f"all trainings together took {sum(float(row['hours_total'] or 0) for row in rows):.2f} hours")


def _training_regions(index: str | Path, splits: Sequence[str | Path]) -> float:
    """Mean number of training regions of a seed, all of which are recorded."""
    regions = Counter(row["slide"] for row in read_rows(index))
    seeds = [typed_rows(SplitRow, read_rows(path)) for path in splits]
    return fmean(sum(regions[row.slide] for row in rows if row.split == "train") for rows in seeds)


def _recorded(recordings: dict[str, Sequence[str]]) -> float | None:
    """Mean seconds of a seed's recording, or None where a benchmark file is missing: users may delete them."""
    seconds = []
    for parts in recordings.values():
        if not all(Path(part).is_file() for part in parts):
            return None
        lines = [Path(part).read_text(encoding="utf-8").splitlines() for part in parts]
        seconds.append(sum(float(line[1].split("\t")[line[0].split("\t").index("s")]) for line in lines))
    return sum(seconds) / len(seconds) if seconds else None


def budget_rows(
    models: Sequence[TimedModel],
    stages: Sequence[Sequence[TrainingTime]],
    flops: dict[tuple[str, str], int],
    recorded_looks: float,
    recorded: float | None,
) -> list[CsvRow]:
    """The rows of hours.csv as text, in the order of the models, teachers first.

    stages: parallel to models. flops: of a forward pass, by network and magnification. recorded_looks, recorded: views
    and seconds of one seed's recording.
    """
    groups: dict[tuple, list[int]] = {}
    for k, model in enumerate(models):
        groups.setdefault(tuple(getattr(model, key) for key in _ROW), []).append(k)
    teacher_pass = flops[models[0].network, magnification.name_of(models[0].magnification)]
    teacher_seconds, rows = None, []
    for key, members in groups.items():
        model, scale = models[members[0]], magnification.name_of(models[members[0]].magnification)
        seeds = [[time for time in stages[k] if time.seconds] for k in members]
        timed = [time for seed in seeds for time in seed]
        if model.method == "teacher":
            teacher_seconds = _mean(seeds, "seconds")
        looks = epochs = teacher_looks = None
        if all(seeds) and all(time.looks for time in timed):  # files of an earlier version have none
            looks = _mean(seeds, "looks")
            epochs = fmean(sum(time.looks for time in seed) / max(time.regions for time in seed) for seed in seeds)
            teacher_looks = fmean(seed[0].looks for seed in seeds) if model.online else None  # distillation is first
        if model.recording:
            teacher_looks = recorded_looks
        rows.append(
            dict(zip(_ROW, map(str, key), strict=True))
            | {"magnification": scale, "seeds": str(len(members))}
            | {
                "steps": number(_mean(seeds, "steps"), 0),
                "looks": number(looks, 0),
                "epochs": number(epochs, 4),
                "train_flops": _product(PASSES * flops[model.network, scale], looks),
                "recording_flops": _product(teacher_pass, teacher_looks),
                "hours": _hours(_mean(seeds, "seconds")),
                "hours_total": _hours(sum(time.seconds for time in timed) or None),
                "cpu_hours": _hours(_mean(seeds, "cpu_seconds")),
                "teacher_hours": _hours(teacher_seconds) if model.teacher else "",
                "recording_hours": _hours(recorded) if model.recording else "",
                "attempts": str(sum(time.attempts for time in timed) or ""),
            }
            | {name: " ".join(sorted({str(getattr(time, name)) for time in timed})) for name in ("device", "processes")}
        )
    return rows


def _mean(seeds: Sequence[Sequence[TrainingTime]], name: str) -> float | None:
    """Sum over the stages of a seed, mean over seeds; None where nothing was timed, as for an external teacher."""
    return fmean(sum(getattr(time, name) for time in seed) for seed in seeds) if any(seeds) else None


def _product(flops: int, looks: float | None) -> str:
    return number(None if looks is None else flops * looks, 0)


def _hours(seconds: float | None) -> str:
    return number(None if seconds is None else seconds / 3600, 4)


def headline(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Rows of hours.csv for people."""
    return [
        {
            "method": row["method"],
            "read at": magnification.describe(magnification.parse(row["magnification"])),
            "labeled %": row["labeled"],
            "unlabeled %": row["unlabeled"],
            "seeds": row["seeds"],
            "steps": row["steps"] and f"{int(row['steps']):,}",
            "looks": in_units(row["looks"]),
            "epochs": decimals(row["epochs"], 2),
            "training FLOPs": in_units(row["train_flops"]),
            "recording FLOPs": in_units(row["recording_flops"]),
            **{title: decimals(row[name], 3) for name, title in _TITLES.items()},
            "attempts": row["attempts"],
        }
        for row in rows
    ]
