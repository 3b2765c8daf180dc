"""The referral table for people: the best row of each magnification in full, and every row in one line."""

from collections.abc import Sequence

from lowpower import magnification
from lowpower.config.trained_model import Model
from lowpower.files import CsvRow
from lowpower.tables import layout
from lowpower.tables.layout import percent, points
from lowpower.tables.result_sections import named
from lowpower.text import count_of

CHOSEN = "chosen"  # in place of a share: the threshold chosen on validation data
NOTHING = "There is no student whose units have a known true class."
_ROW = ("method", "magnification", "labeled", "unlabeled")
_KIND = ("per", "split")


def mark_best(rows: Sequence[CsvRow], models: Sequence[Model], controls: Sequence[str]) -> list[CsvRow]:
    """Set ``best`` = 1 in the row of lowest validation log loss at each magnification below the teacher's.

    controls: methods that are never the best.
    """
    teachers = [model.magnification for model in models if model.method == "teacher"]
    best: dict[tuple, tuple[float, tuple]] = {}
    for row in rows:
        low = all(magnification.parse(row["magnification"]) < scale for scale in teachers)
        if low and row["val_log_loss"] and row["accuracy"] and row["method"] not in controls:
            kind = (*(row[key] for key in _KIND), row["magnification"])
            candidate = float(row["val_log_loss"]), tuple(row[key] for key in _ROW)
            if kind not in best or candidate[0] < best[kind][0]:
                best[kind] = candidate
    chosen = {(*kind[:-1], *row) for kind, (_, row) in best.items()}
    return [row | {"best": "1" if tuple(row[key] for key in (*_KIND, *_ROW)) in chosen else ""} for row in rows]


def sections(rows: Sequence[CsvRow]) -> list[tuple[str, list[CsvRow]]]:
    """The tables shown to people, each with its title."""
    kinds: dict[tuple[str, ...], list[CsvRow]] = {}
    for row in rows:
        kinds.setdefault(tuple(row[key] for key in _KIND), []).append(row)
    tables = []
    for (per, split), of_kind in kinds.items():
        seeds = {row["seeds"] for row in of_kind}
        over = "one seed" if seeds == {"1"} else f"mean of {max(map(int, seeds))} seeds"
        units = count_of(int(of_kind[0]["n"]), per)
        best = [row for row in of_kind if row["best"]]
        tables.append((f"Per {per}, {split} ({units}, {over}): the best row at each magnification", _in_full(best)))
        tables.append(
            (f"Per {per}, {split} ({units}, {over}): every row, accuracy by share referred", _in_lines(of_kind))
        )
    return [(title, table) for title, table in tables if table]


def _in_full(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """One line for each share of a row."""
    return [
        named(row)
        | {
            "asked for": f"{row['asked']} %" if row["asked"] != CHOSEN else CHOSEN,
            "referred %": _dash(percent(row["referred"])),
            "accuracy": _dash(percent(*_ends(row, "accuracy"))),
            "minus teacher's": _dash(points(*_ends(row, "accuracy_minus_teacher"))),
            "FLOPs, % of teacher's": _dash(percent(row["flops_of_teacher"])),
            "bytes, % of teacher's": _dash(percent(row["bytes_of_teacher"])),
        }
        for row in rows
    ]


def _in_lines(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """One line for each row: a column for each share, then the threshold chosen on validation data."""
    lines: dict[tuple[str, ...], CsvRow] = {}
    for row in rows:
        line = lines.setdefault(tuple(row[key] for key in _ROW), named(row))
        if row["asked"] == CHOSEN:
            line |= {
                CHOSEN: _dash(percent(*_ends(row, "accuracy"))),
                "chosen refers %": _dash(percent(row["referred"])),
            }
        else:
            line[f"{row['asked']} %"] = _dash(percent(row["accuracy"]))
    return list(lines.values())


def _ends(row: CsvRow, name: str) -> list[str]:
    return [row[f"{name}{end}"] for end in ("", "_low", "_high")]


def _dash(text: str) -> str:
    return text or layout.DASH


def note(rows: Sequence[CsvRow], confidence: float) -> str:
    """Note below the tables."""
    if not rows:
        return NOTHING
    sentences = [
        "The student reads every unit. Its seed's teacher reads again the units with the lowest confidence "
        "(probability of the student's predicted class), and the teacher's prediction counts. The threshold of a "
        "share is that quantile of the validation units' confidence, so the share actually referred differs. Chosen: "
        "the smallest share with which both together are as accurate on validation data as the teacher alone. Best: "
        "lowest validation log loss of all rows except controls (color alone, labels for all images). FLOPs and bytes: "
        "the student's for all regions plus the teacher's for those referred, in percent of the teacher's for all.",
        f"Percent; in parentheses {100 * confidence:g} % intervals as in the results. "
        "All columns, including thresholds: referral.csv.",
    ]
    if any(row["split"] == "val" for row in rows):
        sentences.append(
            "Thresholds were chosen and tested on the same validation units, so these results are optimistic."
        )
    if any(not row[key] for row in rows for key in ("accuracy", "flops_of_teacher")):
        sentences.append(f"{layout.DASH}: no teacher of the same seed, no validation unit of known class, or no cost.")
    return " ".join(sentences)


def in_short(rows: Sequence[CsvRow]) -> str:
    """Result of the best row at the lowest magnification with its chosen thresholds, for the terminal."""
    best = [row for row in rows if row["best"] and row["asked"] == CHOSEN]
    if not best:
        return f"referral: {NOTHING}" if not rows else f"referral: {count_of(len(rows), 'row')}"
    row = [row for row in best if all(row[key] == best[0][key] for key in _KIND)][-1]
    return (
        f"referral: {row['method']} at {row['magnification']} with {percent(row['referred'])} % of the {row['per']}s "
        f"({row['split']}) read again by the teacher: {percent(row['accuracy'])} % correct"
    )
