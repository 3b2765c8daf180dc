"""The results table: every metric of every model with its interval, and its difference to the teacher."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lowpower import magnification
from lowpower.files import replacing, write_rows
from lowpower.tables.intervals import Sample, difference, draw_patients, interval, mean, sample
from lowpower.tables.layout import markdown, number, percent, points
from lowpower.tables.metrics import METRICS
from lowpower.tables.units import PER, Units, units

COLUMNS = [
    *("method", "magnification", "labeled", "unlabeled", "per", "split", "pixels", "seeds", "steps", "n", "patients"),
    *(f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")),
    *(f"{metric}_minus_teacher{end}" for metric in METRICS for end in ("", "_low", "_high")),
]
NOTHING = "There are no predictions of units whose true class is known."
_TITLES = {"accuracy": "accuracy", "macro_f1": "macro F1", "auroc": "AUROC"}


def evaluate(
    predictions: Sequence[str | Path],
    models: Sequence[dict],
    classes: Sequence[str],
    regions_have_labels: bool,
    statistics: dict,
    table: str | Path,
    summary: str | Path,
) -> None:
    """Write results.csv and, for people, results.md.

    predictions: one predictions.parquet per model, parallel to models (method, magnification, labeled, unlabeled,
    seed, steps). statistics: draws, rank_draws, confidence.
    """
    frames = [pd.read_parquet(path) for path in predictions]
    rows = result_rows(frames, models, classes, regions_have_labels, statistics)
    write_rows(table, COLUMNS, rows)
    with replacing(summary) as part:
        part.write_text(summary_of(rows, statistics["confidence"]), encoding="utf-8")


def result_rows(
    frames: Sequence[pd.DataFrame],
    models: Sequence[dict],
    classes: Sequence[str],
    regions_have_labels: bool,
    statistics: dict,
) -> list[dict[str, str]]:
    """The rows of results.csv as text: by split and kind of unit, patients first, teachers first, finest pixels first.

    A row is the mean over its seeds. The student of a seed is compared with the teacher of that seed, on the same
    drawn patients.
    """
    methods = list(dict.fromkeys(model["method"] for model in models))
    groups: dict[tuple, list[int]] = {}
    for i in sorted(range(len(models)), key=lambda i: _place(models[i], methods)):
        key = tuple(models[i][k] for k in ("method", "magnification", "labeled", "unlabeled", "steps"))
        groups.setdefault(key, []).append(i)
    kinds = sorted({kind for frame in frames for kind in zip(frame["split"], frame["pixels"], strict=True)})
    rows = []
    for split, pixels in kinds:
        parts = [frame[(frame["split"] == split) & (frame["pixels"] == pixels)] for frame in frames]
        patients = sorted({patient for part in parts for patient in part["patient"]})
        weights = draw_patients(patients, statistics["draws"])
        for per in PER:
            judged = [units(part, per, classes, regions_have_labels) for part in parts]
            if not any(one.ids for one in judged):
                continue
            samples = [sample(one, patients, weights, statistics["rank_draws"]) for one in judged]
            teachers = {models[i]["seed"]: samples[i] for i in range(len(models)) if models[i]["method"] == "teacher"}
            for key, members in groups.items():
                known = {"per": per, "split": split, "pixels": pixels}
                known |= _identity(key, [judged[i] for i in members])
                seeds = [(samples[i], teachers.get(models[i]["seed"])) for i in members]
                rows.append(known | _values(seeds, statistics["confidence"]))
    return rows


def _place(model: dict, methods: list[str]) -> tuple:
    first = model["method"] != "teacher"
    shares = (model["labeled"], model["unlabeled"], model["seed"])
    return first, -model["magnification"], methods.index(model["method"]), *shares


def _identity(key: tuple, judged: list[Units]) -> dict[str, str]:
    method, scale, labeled, unlabeled, steps = key
    return {
        "method": method,
        "magnification": magnification.name_of(scale),
        "labeled": str(labeled),
        "unlabeled": str(unlabeled),
        "seeds": str(len(judged)),
        "steps": str(steps),
        "n": str(len({unit for one in judged for unit in one.ids})),
        "patients": str(len({patient for one in judged for patient in one.patients})),
    }


def _values(seeds: list[tuple[dict[str, Sample], dict[str, Sample] | None]], confidence: float) -> dict[str, str]:
    """Every metric and difference with its interval; differences are blank where a seed has no teacher."""
    values = {}
    for metric in METRICS:
        values |= _cells(metric, mean([own[metric] for own, _ in seeds]), confidence)
        name = f"{metric}_minus_teacher"
        if all(teacher for _, teacher in seeds):
            values |= _cells(name, mean([difference(own[metric], t[metric]) for own, t in seeds]), confidence)
        else:
            values |= dict.fromkeys((name, f"{name}_low", f"{name}_high"), "")
    return values


def _cells(name: str, value: Sample, confidence: float) -> dict[str, str]:
    low, high = interval(value.drawn, confidence)
    return {name: number(value.point, 4), f"{name}_low": number(low, 4), f"{name}_high": number(high, 4)}


def headline(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Rows of results.csv for people: percent with intervals."""
    table = []
    for row in rows:
        cells = {"method": row["method"], "read at": magnification.describe(magnification.parse(row["magnification"]))}
        cells |= {"labeled %": row["labeled"], "unlabeled %": row["unlabeled"]}
        for metric, title in _TITLES.items():
            cells[title] = percent(*(row[f"{metric}{end}"] for end in ("", "_low", "_high")))
        gap = (row[f"accuracy_minus_teacher{end}"] for end in ("", "_low", "_high"))
        cells["accuracy minus teacher's"] = "" if row["method"] == "teacher" else points(*gap)
        table.append(cells)
    return table


def sections(rows: Sequence[dict[str, str]]) -> list[tuple[str, list[dict[str, str]]]]:
    """The tables shown to people, each with its title: per patient, and per region where regions have labels."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["per"] == "slide":
            continue  # in results.csv; most cohorts have one slide per patient
        seeds = "one seed" if row["seeds"] == "1" else f"mean of {row['seeds']} seeds"
        units_of = "" if row["per"] == "patient" else f"{row['n']} regions of "
        title = f"Per {row['per']}, {row['split']} ({units_of}{row['patients']} patients, {seeds})"
        found.setdefault(title, []).append(row)
    return [(title, headline(group)) for title, group in found.items()]


def note(confidence: float) -> str:
    """What a reader has to know of the tables."""
    return (
        f"Percent; in parentheses {100 * confidence:g} % intervals from a bootstrap of patients. "
        "All columns, and results per slide: results.csv."
    )


def summary_of(rows: Sequence[dict[str, str]], confidence: float) -> str:
    """The results as Markdown."""
    parts = [f"### {title}\n\n{markdown(table)}" for title, table in sections(rows)]
    return "\n".join([*parts, f"{note(confidence) if parts else NOTHING}\n"])
