"""The table of hours: training time of each row of the study, by the clock of its machine.

It is separate from results and claims, because it differs between otherwise equal runs.
"""

from collections.abc import Sequence
from pathlib import Path

from lowpower import magnification
from lowpower.config.trained_model import TimedModel
from lowpower.files import CsvRow, read_json, write_rows
from lowpower.log import say
from lowpower.tables.layout import decimals, number, write_texts
from lowpower.training_time import TrainingTime
from lowpower.typed_values import as_type

COLUMNS = [
    *("method", "magnification", "labeled", "unlabeled", "seeds", "hours", "hours_total", "cpu_hours"),
    *("teacher_hours", "recording_hours", "attempts", "device", "processes"),
]
NOTE = (
    "Wall-clock hours of training, validation included: mean of one seed, and sum of all seeds. The teacher and its "
    "recording, made once for each seed and shared by its rows, have their own columns. More attempts than stages: a "
    "training was interrupted and resumed. Blank: not timed. Other work on the machine lengthens these hours; "
    "processor hours are in hours.csv."
)
_TITLES = {
    "hours": "hours per seed",
    "hours_total": "hours in all",
    "teacher_hours": "teacher's",
    "recording_hours": "recording's",
}
_ROW = ("method", "magnification", "labeled", "unlabeled")


def count_hours(
    times: Sequence[str | Path],
    owners: Sequence[int],
    models: Sequence[TimedModel],
    recordings: dict[str, Sequence[str]],
    csv: str | Path,
    md: str | Path,
    tex: str | Path,
) -> None:
    """Write the table of hours as CSV, Markdown and LaTeX.

    times: time.json of each training stage. owners: parallel to times, the number of its model. recordings: seed ->
    benchmark files of its recording, of which some may be missing.
    """
    rows = hour_rows([as_type(TrainingTime, read_json(path)) for path in times], owners, models, _recorded(recordings))
    write_rows(csv, COLUMNS, rows)
    write_texts(md, tex, [("", headline(rows))], NOTE)
    say(f"all trainings together took {sum(float(row['hours_total'] or 0) for row in rows):.2f} hours")


def _recorded(recordings: dict[str, Sequence[str]]) -> float | None:
    """Mean seconds of a seed's recording, or None where a benchmark file is missing: users may delete them."""
    seconds = []
    for parts in recordings.values():
        if not all(Path(part).is_file() for part in parts):
            return None
        lines = [Path(part).read_text(encoding="utf-8").splitlines() for part in parts]
        seconds.append(sum(float(line[1].split("\t")[line[0].split("\t").index("s")]) for line in lines))
    return sum(seconds) / len(seconds) if seconds else None


def hour_rows(
    times: Sequence[TrainingTime], owners: Sequence[int], models: Sequence[TimedModel], recorded: float | None
) -> list[CsvRow]:
    """The rows of hours.csv as text, in the order of the models. recorded: seconds of one seed's recording."""
    groups: dict[tuple, list[int]] = {}
    for k, model in enumerate(models):
        groups.setdefault(tuple(getattr(model, key) for key in _ROW), []).append(k)
    stages = {
        key: [time for time, owner in zip(times, owners, strict=True) if owner in of] for key, of in groups.items()
    }
    teachers = next((key for key in groups if key[0] == "teacher"), None)
    teacher = _mean(stages.get(teachers, []), "seconds", groups.get(teachers, []))
    rows = []
    for key, members in groups.items():
        model, timed = models[members[0]], [time for time in stages[key] if time.seconds]
        rows.append(
            dict(zip(_ROW, map(str, key), strict=True))
            | {"magnification": magnification.name_of(model.magnification), "seeds": str(len(members))}
            | {
                "hours": _hours(_mean(timed, "seconds", members)),
                "cpu_hours": _hours(_mean(timed, "cpu_seconds", members)),
            }
            | {"hours_total": _hours(sum(time.seconds for time in timed) or None)}
            | {"teacher_hours": _hours(teacher) if model.teacher else ""}
            | {"recording_hours": _hours(recorded) if model.recording else ""}
            | {"attempts": str(sum(time.attempts for time in timed) or "")}
            | {name: " ".join(sorted({str(getattr(time, name)) for time in timed})) for name in ("device", "processes")}
        )
    return rows


def _mean(times: Sequence[TrainingTime], name: str, members: Sequence[int]) -> float | None:
    """Sum over the stages of a seed, mean over seeds; None where nothing was timed, as for an external teacher."""
    return sum(getattr(time, name) for time in times) / len(members) if times else None


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
            **{title: decimals(row[name], 3) for name, title in _TITLES.items()},
            "attempts": row["attempts"],
        }
        for row in rows
    ]
