"""The results for people and for programs: results.csv and related tables."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lowpower import magnification
from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.units import by_site
from lowpower.files import CsvRow, write_rows
from lowpower.log import say
from lowpower.tables import layout
from lowpower.tables.class_table import CLASS_COLUMNS, class_rows
from lowpower.tables.confusion_table import COUNTS, confusion_rows
from lowpower.tables.expected_ranges import Ranges, load_ranges
from lowpower.tables.layout import percent, points
from lowpower.tables.result_rows import COLUMNS, result_rows
from lowpower.tables.result_sections import classes_shown, details, gap, named, shown, sites_shown, titled
from lowpower.tables.study_rows import groups_of
from lowpower.tables.units_file import read_judged
from lowpower.text import count_of

NOTHING = "There are no predictions of units whose true class is known."
_TITLES = {"macro_f1": "macro F1", "auroc": "AUROC"}


def evaluate(
    units: str | Path,
    models: Sequence[ResultModel],
    classes: Sequence[str],
    reported: Sequence[str],
    statistics: Statistics,
    positive_class: str,
    csv: str | Path,
    md: str | Path,
    tex: str | Path,
    confusion: str | Path,
    class_tables: Sequence[str | Path],
    site_tables: Sequence[str | Path],
    expected: str | Path | None = None,
    differing: Sequence[str] = (),
) -> None:
    """Write the tables of results, classes, sites and confusion.

    units: units.parquet. reported: the splits to report. positive_class: blank for none. csv, md, tex: the results.
    confusion: CSV. class_tables, site_tables: CSV, Markdown and LaTeX each. expected: file of the figures of several
    seeds, to show their ranges, or None. differing: why these do not apply; empty if they do.
    """
    judged = read_judged(units, [model.folder for model in models], reported)
    positive = classes.index(positive_class) if positive_class else None
    rows = result_rows(judged, models, statistics, positive)
    write_rows(csv, COLUMNS, rows)
    write_rows(confusion, COUNTS, confusion_rows(judged, groups_of(models), classes))
    of_classes = class_rows(judged, models, classes, statistics)
    write_rows(class_tables[0], CLASS_COLUMNS, of_classes)
    of_sites = result_rows(by_site(judged), models, statistics, positive)
    write_rows(site_tables[0], ["site", *COLUMNS], of_sites)
    ranges = load_ranges(expected, sorted({model.seed for model in models}), differing)
    for texts, parts, of_ranges in (
        ((md, tex), [*headlines(rows, ranges), *details(rows)], f" {ranges.note(rows)}" if ranges else ""),
        (class_tables[1:], sections(of_classes, classes_shown), ""),
        (site_tables[1:], sections(of_sites, sites_shown), ""),
    ):
        note_below = note(statistics.confidence, statistics.fewest_patients) + of_ranges if parts else NOTHING
        layout.write_texts(*texts, parts, note_below)
    if ranges and (unused := ranges.unused(rows)):
        say(f"expected: this study lacks some rows of {expected}, which are left out: {', '.join(unused)}")
    say(in_short(rows))


def headline(rows: Sequence[CsvRow], ranges: Ranges | None = None) -> list[CsvRow]:
    """Rows of results.csv for people: percent with intervals; the accuracy beside its range, if any."""
    table = []
    for row in rows:
        cells = named(row) | {"accuracy": shown(row, "accuracy")}
        cells |= ranges.beside_accuracy(row) if ranges else {}
        cells |= {title: shown(row, metric) for metric, title in _TITLES.items()}
        cells["accuracy minus teacher's"] = gap(row)
        if row["pixels"] == "level":
            cells["minus its own on area means"] = shown(row, "accuracy_minus_averaged", points)
        table.append(cells)
    return table


def sections(
    rows: Sequence[CsvRow], build: Callable[[list[CsvRow]], list[CsvRow]] = headline
) -> list[tuple[str, list[CsvRow]]]:
    """The tables shown to people, each with its title: per patient, and per region where regions have labels.

    All rows of a table use the same kind of pixels.
    """
    return [(title, build(group)) for title, group in titled(rows).items()]


def headlines(rows: Sequence[CsvRow], ranges: Ranges | None) -> list[tuple[str, list[CsvRow]]]:
    """The sections, with the ranges of their figures, if any."""
    tables = sections(rows, lambda group: headline(group, ranges))
    return [*tables, *(ranges.tables(rows) if ranges else [])]


def note(confidence: float, fewest_patients: int = 2) -> str:
    """Note below the tables."""
    return (
        f"Percent; in parentheses {100 * confidence:g} % intervals that carry the spread of seeds and of patients, of "
        f"patients alone for one seed ({layout.DASH}: none, because there are fewer than {fewest_patients} patients, "
        "no teacher to compare with, or the number is undefined). All columns, and results per slide: results.csv."
    )


def in_short(rows: Sequence[CsvRow]) -> str:
    """Accuracy of the teacher, and of the best and the worst student at the lowest magnification."""
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
    return f"results: {count_of(len(rows), 'row')}; correct of {units} ({first[0]['split']}): {reads}"
