"""The results table: every metric of every model with its interval, and its difference to the teacher."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from lowpower import magnification
from lowpower.files import replacing, write_rows
from lowpower.log import Progress, say
from lowpower.tables import layout
from lowpower.tables.confusion import COUNTS, confusion_rows
from lowpower.tables.intervals import Sample, difference, draw_patients, interval, mean, sample
from lowpower.tables.layout import markdown, number, percent, points
from lowpower.tables.metrics import METRICS
from lowpower.tables.units import Judged, judge
from lowpower.wording import count_of

IDENTITY = ("method", "network", "magnification", "labeled", "unlabeled", "steps")
OTHERS = ("teacher", "averaged")  # less the teacher's answers to area means; level pixels less the model's own to these
COLUMNS = [
    *("method", "network", "magnification", "labeled", "unlabeled", "per", "split", "pixels"),
    *("seeds", "steps", "n", "patients"),
    *(f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")),
    *(f"{metric}_minus_{other}{end}" for other in OTHERS for metric in METRICS for end in ("", "_low", "_high")),
]
NOTHING = "There are no predictions of units whose true class is known."
_TITLES = {"accuracy": "accuracy", "macro_f1": "macro F1", "auroc": "AUROC"}


def evaluate(
    predictions: Sequence[str | Path],
    models: Sequence[dict],
    classes: Sequence[str],
    regions_have_labels: bool,
    splits: Sequence[str],
    statistics: dict,
    table: str | Path,
    summary: str | Path,
    latex: str | Path,
    confusion: str | Path,
) -> None:
    """Write results.csv, for people also as Markdown (summary) and LaTeX, and the confusion matrices' counts.

    predictions: one predictions.parquet per model, parallel to models (method, network, magnification, labeled,
    unlabeled, seed, steps). splits: those that are reported. statistics: draws, rank_draws, confidence.
    """
    judged = judge([pd.read_parquet(path) for path in predictions], classes, regions_have_labels, splits)
    rows = result_rows(judged, models, statistics)
    write_rows(table, COLUMNS, rows)
    write_rows(confusion, COUNTS, confusion_rows(judged, _groups(models), classes))
    for path, text in ((summary, summary_of), (latex, latex_of)):
        with replacing(path) as part:
            part.write_text(text(rows, statistics["confidence"]), encoding="utf-8")
    say(in_short(rows))


def result_rows(judged: Sequence[Judged], models: Sequence[dict], statistics: dict) -> list[dict[str, str]]:
    """The rows of results.csv as text: by split and kind of unit, patients first, teachers first, finest pixels first.

    A row is the mean over its seeds. The student of a seed is compared with the teacher of that seed, and, where it
    read the slide's own level, with itself on area means; both on the same units and the same drawn patients.
    """
    rows: list[dict[str, str]] = []
    averaged: dict[tuple, list[dict[str, Sample]]] = {}  # of each split and kind of unit, parallel to the models
    progress, done = Progress("drawing samples of patients", len(judged) * len(models)), 0
    for one in judged:
        weights = draw_patients(one.patients, statistics["draws"])
        samples = []
        for units in one.of_models:
            samples.append(units and sample(units, one.patients, weights, statistics["rank_draws"]))
            progress.at(done := done + 1)
        means = averaged.setdefault((one.kind["split"], one.kind["per"]), samples)  # those come first
        teachers = {model["seed"]: means[i] for i, model in enumerate(models) if model["method"] == "teacher"}
        for known, members in _groups(models):
            units = [one.of_models[i] for i in members]
            if None in units:
                continue
            counts = {
                "seeds": str(len(members)),
                "n": str(len({unit for u in units for unit in u.ids})),
                "patients": str(len({patient for u in units for patient in u.patients})),
            }
            others = {
                "teacher": [teachers.get(models[i]["seed"]) for i in members],
                "averaged": [means[i] if means is not samples else None for i in members],
            }
            own = [samples[i] for i in members]
            rows.append(known | one.kind | counts | _values(own, others, statistics["confidence"]))
    return rows


def _groups(models: Sequence[dict]) -> list[tuple[dict[str, str], list[int]]]:
    """The rows that the models make, in reading order: what identifies each, and the positions of its seeds."""
    methods = list(dict.fromkeys(model["method"] for model in models))
    groups: dict[tuple, list[int]] = {}
    for i in sorted(range(len(models)), key=lambda i: _place(models[i], methods)):
        known = models[i] | {"magnification": magnification.name_of(models[i]["magnification"])}
        groups.setdefault(tuple(str(known[key]) for key in IDENTITY), []).append(i)
    return [(dict(zip(IDENTITY, key, strict=True)), members) for key, members in groups.items()]


def _place(model: dict, methods: list[str]) -> tuple:
    first = model["method"] != "teacher"
    shares = (model["labeled"], model["unlabeled"], model["seed"])
    return first, -model["magnification"], methods.index(model["method"]), *shares


def _values(
    own: list[dict[str, Sample]], others: dict[str, list[dict[str, Sample] | None]], confidence: float
) -> dict[str, str]:
    """Every metric and difference with its interval; a difference is blank where a seed has nothing to compare with."""
    values = {}
    for metric in METRICS:
        values |= _cells(metric, mean([one[metric] for one in own]), confidence)
        for other, seeds in others.items():
            name = f"{metric}_minus_{other}"
            if all(seeds):
                pairs = zip(own, seeds, strict=True)
                values |= _cells(name, mean([difference(one[metric], than[metric]) for one, than in pairs]), confidence)
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
        gaps = {
            other: points(*(row[f"accuracy_minus_{other}{end}"] for end in ("", "_low", "_high"))) for other in OTHERS
        }
        cells["accuracy minus teacher's"] = "" if row["method"] == "teacher" else gaps["teacher"]
        if row["pixels"] == "level":
            cells["minus its own on area means"] = gaps["averaged"]
        table.append(cells)
    return table


def sections(rows: Sequence[dict[str, str]]) -> list[tuple[str, list[dict[str, str]]]]:
    """The tables shown to people, each with its title: per patient, and per region where regions have labels.

    Rows of one table read one kind of pixels.
    """
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if row["per"] == "slide":
            continue  # in results.csv; most cohorts have one slide per patient
        seeds = "one seed" if row["seeds"] == "1" else f"mean of {row['seeds']} seeds"
        units_of = "" if row["per"] == "patient" else f"{row['n']} regions of "
        read = ", read from the slide's own level" if row["pixels"] == "level" else ""
        title = f"Per {row['per']}, {row['split']}{read} ({units_of}{row['patients']} patients, {seeds})"
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


def latex_of(rows: Sequence[dict[str, str]], confidence: float) -> str:
    """The results as LaTeX: one tabular per table, under a comment with its title."""
    parts = [f"% {title}\n{layout.latex(table)}" for title, table in sections(rows)]
    return "\n".join([*parts, f"% {note(confidence) if parts else NOTHING}\n"])


def in_short(rows: Sequence[dict[str, str]]) -> str:
    """How many patients the teacher reads right, and the best and the worst student at the lowest magnification."""
    if not rows:
        return f"results: {NOTHING}"
    first = [row for row in rows if all(row[key] == rows[0][key] for key in ("per", "split", "pixels"))]
    students = [row for row in first if row["method"] != "teacher" and row["accuracy"]]
    lowest = [row for row in students if row["magnification"] == students[-1]["magnification"]]
    ranked = sorted(lowest, key=lambda row: -float(row["accuracy"]))
    shown = [row for row in first if row["method"] == "teacher"] + ranked[:1] + ranked[1:][-1:]
    reads = ", ".join(
        f"{row['method']} at {magnification.describe(magnification.parse(row['magnification']))} "
        f"{percent(row['accuracy'])} %"
        for row in shown
    )
    units = count_of(int(first[0]["n"]), first[0]["per"])
    return f"results: {count_of(len(rows), 'row')}; right of {units} ({first[0]['split']}): {reads}"
