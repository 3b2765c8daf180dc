"""Layout of results.csv and related tables for people: cells, titles, and the tables after the headline."""

from collections.abc import Callable, Sequence

from lowpower import magnification
from lowpower.evaluation.metrics import CALLED, OF_CLASS
from lowpower.files import CsvRow
from lowpower.tables.layout import DASH, decimals, percent, points

_MORE = {
    "recall": "balanced accuracy (macro recall)",
    "precision": "macro precision",
    "average_precision": "average precision",
    "agreement": "agrees with teacher",
}
_SCORES = {"kappa": "kappa", "log_loss": "log loss", "brier": "Brier", "ece": "ECE"}
_CALLED = dict(zip(CALLED, ("sensitivity", "specificity", "PPV", "NPV"), strict=True))


def named(row: CsvRow) -> CsvRow:
    """Cells that identify a row."""
    read = magnification.describe(magnification.parse(row["magnification"]))
    return {
        "method": row["method"],
        "read at": read,
        "labeled %": row["labeled"],
        "unlabeled %": row["unlabeled"],
    }


def shown(row: CsvRow, metric: str, text: Callable[..., str] = percent) -> str:
    """A metric of a row in percent with its interval; a dash for a missing value or interval."""
    value, low, high = (row[f"{metric}{end}"] for end in ("", "_low", "_high"))
    if not value:
        return DASH
    return text(value, low, high) if low else f"{text(value)} ({DASH})"


def titled(rows: Sequence[CsvRow]) -> dict[str, list[CsvRow]]:
    """Rows by the title of their table for people; rows of slides are left out."""
    tables: dict[str, list[CsvRow]] = {}
    for row in rows:
        if row["per"] == "slide":
            continue  # in results.csv; most cohorts have one slide per patient
        seeds = "one seed: these models alone" if row["seeds"] == "1" else f"mean of {row['seeds']} seeds"
        read = ", read from the slide's own level" if row["pixels"] == "level" else ""
        counted = "" if "site" in row or "class" in row else f"{counts(row)}, "
        tables.setdefault(f"Per {row['per']}, {row['split']}{read} ({counted}{seeds})", []).append(row)
    return tables


def counts(row: CsvRow) -> str:
    """Numbers of units and patients of a row, as text."""
    units = "" if row["per"] == "patient" else f"{row['n']} regions of "
    return f"{units}{row['patients']} patients"


def details(rows: Sequence[CsvRow]) -> list[tuple[str, list[CsvRow]]]:
    """The tables after the headline: more metrics, probabilities before and after calibration, the positive class.

    They show patients on area means.
    """
    rows = [row for row in rows if row["pixels"] == "averaged" and row["per"] == "patient"]
    tables = []
    for title, group in titled(rows).items():
        tables.append(
            (f"{title}: more metrics", [named(r) | {t: shown(r, m) for m, t in _MORE.items()} for r in group])
        )
        scores = [named(row) | _scores(row) for row in group]
        tables.append((f"{title}: chance and probabilities, not in percent", scores))
        if any(row["threshold"] for row in group):
            called = [named(row) | {t: shown(row, m) for m, t in _CALLED.items()} for row in group]
            tables.append((f"{title}: the positive class at the threshold chosen on validation patients", called))
    return tables


def _scores(row: CsvRow) -> CsvRow:
    cells = {}
    for metric, title in _SCORES.items():
        cells[title] = decimals(row[metric], 3) or DASH
        if f"{metric}_calibrated" in row:
            cells[f"{title}, calibrated"] = decimals(row[f"{metric}_calibrated"], 3) or DASH
    return cells


def classes_shown(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Rows of classes.csv for people."""
    titles = dict(zip(OF_CLASS, ("F1", "precision", "recall"), strict=True))
    return [
        named(row) | {"class": row["class"], "n": row["n"]} | {t: shown(row, m) for m, t in titles.items()}
        for row in rows
    ]


def sites_shown(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Rows of sites.csv for people."""
    return [
        {"site": row["site"]}
        | named(row)
        | {"patients": row["patients"], "accuracy": shown(row, "accuracy"), "AUROC": shown(row, "auroc")}
        | {"accuracy minus teacher's": gap(row)}
        for row in rows
    ]


def gap(row: CsvRow) -> str:
    """Accuracy of a row minus the teacher's; blank for the teacher itself, a dash where there is no teacher."""
    return "" if row["method"] == "teacher" else shown(row, "accuracy_minus_teacher", points)
