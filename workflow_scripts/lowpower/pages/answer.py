"""Answer of a study: one sentence and at most five rows, chosen on validation data."""

from collections.abc import Sequence
from typing import NamedTuple

from lowpower import magnification
from lowpower.files import CsvRow
from lowpower.pages.methods_sentences import listed
from lowpower.pages.page import Table
from lowpower.tables import results_table
from lowpower.tables.expected_ranges import Ranges
from lowpower.tables.layout import DASH, decimals, percent, points
from lowpower.tables.result_sections import counts, gap, named, shown

MOST_ROWS = 5
_KEY = ("method", "magnification", "labeled", "unlabeled")
_NO_STUDENT = "No student that reads a lower magnification than the teacher has results on validation data yet."


class Answer(NamedTuple):
    """The sentence, its rows and the basis of their choice; a table without rows if there is no answer."""

    sentence: str
    table: Table
    note: str


def answer(
    rows: Sequence[CsvRow],
    referred: Sequence[CsvRow],
    costs: Sequence[CsvRow],
    controls: Sequence[str],
    confidence: float,
    ranges: Ranges | None = None,
) -> Answer:
    """Choose the rows by validation log loss; describe the cost and the loss in accuracy of the best.

    rows, referred, costs: of results.csv, referral.csv (which has the log losses) and cost.csv. controls: methods that
    are never chosen. ranges: what several seeds of this study gave, if known.
    """
    if not rows:
        return Answer(results_table.NOTHING, Table("", [], "tables/results.csv"), "")
    kind = {key: rows[0][key] for key in ("per", "split")} | {"pixels": "averaged"}
    of_kind = [row for row in rows if all(row[key] == value for key, value in kind.items())]
    losses = {
        _key(row): row["val_log_loss"]
        for row in referred
        if all(row[key] == kind[key] for key in ("per", "split")) and row["val_log_loss"]
    }
    teachers = [row for row in of_kind if row["method"] == "teacher"]
    chosen = _choose(of_kind, {key: float(loss) for key, loss in losses.items()}, controls)
    if not chosen or not teachers:
        return Answer(_NO_STUDENT, Table("", [], "tables/results.csv"), "")
    ordered = [teachers[0], *sorted(chosen, key=lambda row: (-_scale(row), float(losses[_key(row)])))]
    lines = [_line(row, costs, losses.get(_key(row), ""), ranges) for row in ordered]
    links = [{"method": folder_of(*(row[key] for key in _KEY))} for row in ordered]
    return Answer(
        _sentence(chosen[0], teachers[0], costs, confidence),
        Table("", lines, "tables/results.csv", links),
        _note(of_kind[0], confidence) + (" About the range of other seeds, see Results." if ranges else ""),
    )


def folder_of(method: str, scale: str, labeled: str, unlabeled: str) -> str:
    """Folder of a row's models, one for each seed, relative to the page."""
    if method == "teacher":
        return "teacher/"
    return f"students/{method}/{scale}/labeled{labeled}-unlabeled{unlabeled}/"


def _choose(rows: Sequence[CsvRow], losses: dict[tuple, float], controls: Sequence[str]) -> list[CsvRow]:
    """The best row, then the best at each other magnification, then other methods at the best row's magnification."""
    highest = max((_scale(row) for row in rows if row["method"] == "teacher"), default=0)
    students = [row for row in rows if _key(row) in losses and row["accuracy"] and row["method"] not in controls]
    students = sorted((row for row in students if _scale(row) < highest), key=lambda row: losses[_key(row)])
    of_scale: dict[str, CsvRow] = {}
    of_method: dict[str, CsvRow] = {}  # at the best row's magnification
    for row in students:
        of_scale.setdefault(row["magnification"], row)
        if row["magnification"] == students[0]["magnification"]:
            of_method.setdefault(row["method"], row)
    return [*of_scale.values(), *list(of_method.values())[1:]][: MOST_ROWS - 1]


def _key(row: CsvRow) -> tuple[str, ...]:
    return tuple(row[key] for key in _KEY)


def _scale(row: CsvRow) -> float:
    return magnification.parse(row["magnification"])


def _shares(row: CsvRow, costs: Sequence[CsvRow]) -> dict[str, str]:
    """Pixels and FLOPs per region, in percent of the teacher's; empty if the costs are unknown."""
    for cost in costs:
        if (cost["network"], cost["magnification"]) == (row["network"], row["magnification"]):
            names = {"pixels": "pixels_per_region", "FLOPs": "flops_per_region"}
            return {name: f"{100 * int(cost[key]) / int(costs[0][key]):.3g}" for name, key in names.items()}
    return {}


def _line(row: CsvRow, costs: Sequence[CsvRow], loss: str, ranges: Ranges | None) -> CsvRow:
    """A row in readable form, with the range of its accuracy, if known, and its share of the teacher's cost."""
    shares, name = _shares(row, costs), named(row)
    return (
        {key: name.pop(key) for key in ("method", "read at")}
        | {"accuracy": shown(row, "accuracy")}
        | (ranges.beside_accuracy(row) if ranges else {})
        | {"accuracy minus teacher's": gap(row)}
        | {f"{key}, % of teacher's": shares.get(key, DASH) for key in ("pixels", "FLOPs")}
        | name
        | {"validation log loss": decimals(loss, 3) or DASH}
    )


def _sentence(row: CsvRow, teacher: CsvRow, costs: Sequence[CsvRow], confidence: float) -> str:
    """Sentence on the magnification, cost and accuracy of the chosen row, compared with the teacher."""
    shares = [f"{share} % of the {name}" for name, share in _shares(row, costs).items()]
    cost = f", which takes {listed(shares)} of the teacher," if shares else ""
    seeds = f"; means of {row['seeds']} seeds" if row["seeds"] != "1" else ""
    text = (
        f"At {_described(row)}{cost} `{row['method']}` classifies {percent(row['accuracy'])} % of {counts(row)} "
        f"({row['split']}) correctly; the teacher at {_described(teacher)} classifies {percent(teacher['accuracy'])} %"
    )
    difference = row["accuracy_minus_teacher"]
    if difference:
        ends = [points(row[f"accuracy_minus_teacher_{end}"]) for end in ("low", "high")]
        interval = f"{100 * confidence:g} % interval {' to '.join(ends)}" if all(ends) else "no interval"
        text += f". Difference: {points(difference)} points ({interval}{seeds})"
    return f"{text}."


def _described(row: CsvRow) -> str:
    return magnification.describe(_scale(row))


def _note(row: CsvRow, confidence: float) -> str:
    seeds = "one seed" if row["seeds"] == "1" else f"means of {row['seeds']} seeds"
    return (
        f"Rows are chosen by validation log loss, never by the accuracies shown. After the teacher: at each lower "
        "magnification the row with the lowest log loss (of more than four magnifications, the four lowest log "
        "losses); then, up to five rows, other methods at the magnification of the sentence. The sentence names the "
        "row with the lowest log loss of all. Controls (labels for all images, or color alone) are only in Results. "
        f"Percent per {row['per']}, {row['split']}, {seeds}; in parentheses {100 * confidence:g} % intervals that "
        f"carry the spread of {'patients' if row['seeds'] == '1' else 'seeds and of patients'}."
    )
