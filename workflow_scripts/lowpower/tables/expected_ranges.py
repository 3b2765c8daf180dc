"""A run's figures beside the range that several seeds of the same study gave (``config.expected_file``)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lowpower.config.expected_file import ExpectedRow, read_expected
from lowpower.files import CsvRow
from lowpower.tables.layout import DASH, decimals, number, percent, points
from lowpower.tables.result_sections import named, titled
from lowpower.text import abbreviate

TITLES = {  # metrics with a range: the figures of the tables for people
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "auroc": "AUROC",
    "accuracy_minus_teacher": "accuracy minus teacher's",
    "accuracy_minus_averaged": "minus its own on area means",
}
IDENTITY = ("method", "magnification", "labeled", "unlabeled", "per", "split", "pixels")
WITHIN, BELOW, ABOVE = "within", "below", "above"


def text_of(metric: str) -> Callable[..., str]:
    """Layout of a metric: signed points for a difference, else percent."""
    return points if "_minus_" in metric else percent


@dataclass(frozen=True)
class Range:
    """Figures of several seeds, shares of 1."""

    figures: Sequence[float]

    def place(self, cell: str) -> str:
        """Place of a figure of results.csv, by the digits that tables show: within the range, below or above it."""
        value, low, high = (float(decimals(text, 1, times=100)) for text in (cell, *self.cells()[1:]))
        return BELOW if value < low else ABOVE if value > high else WITHIN

    def cells(self) -> tuple[str, str, str]:
        """Mean, lowest and highest, as in results.csv."""
        mean, *ends = (number(value, 4) for value in (np.mean(self.figures), min(self.figures), max(self.figures)))
        return mean, *ends


@dataclass(frozen=True)
class Ranges:
    """Ranges of a study's figures.

    of_rows: by ``IDENTITY`` and metric. seeds: of the ranges. own: seeds of the run. source: the file, with where it
    was made. differing: what differs between the two studies; if anything does, no range is shown.
    """

    of_rows: dict[tuple[str, ...], Range]
    seeds: Sequence[int]
    own: Sequence[int]
    source: str
    differing: Sequence[str] = ()

    def of(self, row: CsvRow, metric: str) -> Range | None:
        """Range of a figure of results.csv; None where there is none, or no figure."""
        range_ = None if self.differing else self.of_rows.get((*(row[key] for key in IDENTITY), metric))
        return range_ if row[metric] else None

    def beside_accuracy(self, row: CsvRow) -> CsvRow:
        """Cells beside the accuracy of a row; none where the ranges do not apply."""
        if self.differing:
            return {}
        found = self.of(row, "accuracy")
        return {
            f"{len(self.seeds)} seeds: mean (range)": percent(*found.cells()) if found else DASH,
            "this run": found.place(row["accuracy"]) if found else DASH,
        }

    def tables(self, rows: Sequence[CsvRow]) -> list[tuple[str, list[CsvRow]]]:
        """The other figures of each table for people, each with its place and range."""
        tables = []
        for title, group in titled(rows).items():
            ranged = [m for m in TITLES if m != "accuracy" and any(self.of(row, m) for row in group)]
            cells = [named(row) | {TITLES[metric]: self._cell(row, metric) for metric in ranged} for row in group]
            if ranged:
                tables.append((f"{title}: other figures, and the range of {len(self.seeds)} seeds", cells))
        return tables

    def _cell(self, row: CsvRow, metric: str) -> str:
        """Such as "96.2, within 84.4-99.3"; blank for the teacher's difference to itself."""
        found, text = self.of(row, metric), text_of(metric)
        if not found:
            return "" if row["method"] == "teacher" and text is points else text(row[metric]) or DASH
        _, low, high = found.cells()
        between = " to " if text is points else "-"
        return f"{text(row[metric])}, {found.place(row[metric])} {text(low)}{between}{text(high)}"

    def note(self, rows: Sequence[CsvRow]) -> str:
        """Sentences that explain the ranges, or why there are none."""
        n, of_seeds = len(self.seeds), f"The ranges of {len(self.seeds)} seeds ({self.source})"
        if self.differing:
            return f"{of_seeds} do not apply and are not shown: this study differs in {abbreviate(self.differing)}."
        places = [found.place(row["accuracy"]) for row in _shown(rows) if (found := self.of(row, "accuracy"))]
        if not places:
            return f"{of_seeds} have none of these rows."
        outside = len(places) - places.count(WITHIN)
        own = ", ".join(map(str, self.own))
        repeats = (
            f"seeds {own} repeat some of them and lie" if len(self.own) > 1 else f"seed {own} repeats one and lies"
        )
        known = set(self.own) <= set(self.seeds)
        like = f"On that kind of processor, {repeats} within. On another, a run" if known else "A run"
        means = " A mean of several seeds, as here, lies outside less often." if len(self.own) > 1 else ""
        return (
            f"{of_seeds} go from the lowest to the highest figure that one seed gave. {like} is like one more "
            f"seed: each of its figures lies outside with a probability of up to 2 in {n + 1} ({200 / (n + 1):.0f} %), "
            f"so some outside are no sign of a fault.{means} Here {outside} of {len(places)} accuracies lie "
            "outside; a dash marks rows without a range."
        )

    def unused(self, rows: Sequence[CsvRow]) -> list[str]:
        """Rows of the file that the study lacks, as text, each method and magnification once."""
        known = {tuple(row[key] for key in IDENTITY) for row in rows}
        return list(dict.fromkeys(f"{key[0]} at {key[1]}" for key in self.of_rows if key[:-1] not in known))


def load_ranges(path: str | Path | None, seeds: Sequence[int], differing: Sequence[str] = ()) -> Ranges | None:
    """Read the ranges of a study with these seeds; None without a file. differing: see ``Ranges``."""
    if path is None:
        return None
    expected = read_expected(path)
    of_rows = {
        (*_identity(row), metric): Range([float(figure) for figure in figures.split()])
        for row in expected.rows
        for metric, figures in row.figures.items()
    }
    source = f"{path}: lowpower {expected.lowpower}, {expected.processor}"
    return Ranges(of_rows, expected.config["seeds"], seeds, source, differing)


def _identity(row: ExpectedRow) -> tuple[str, ...]:
    return tuple(getattr(row, key) for key in IDENTITY)


def _shown(rows: Sequence[CsvRow]) -> list[CsvRow]:
    return [row for group in titled(rows).values() for row in group]
