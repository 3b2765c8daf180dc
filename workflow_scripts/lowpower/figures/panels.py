"""Figures of small panels: one for each method and magnification, or one for each method."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lowpower import magnification
from lowpower.figures import style
from lowpower.figures.accuracy_cost import largest_shares
from lowpower.files import CsvRow, read_rows

Key = tuple[str, str]  # method, magnification such as 2.5x
_PAGE = 6.9  # inches between the margins of a page


def model_panels(
    keys: Iterable[Key], width: float, height: float, share: bool = False
) -> tuple[Figure, dict[Key, Axes], Axes]:
    """Make an empty figure, the panel of each model, and the space beside the teacher's panel, for a legend.

    width, height: inches of a panel and its margin. Students are arranged by magnification (rows, finest first) and
    method (columns, in the order of ``keys``); a row wider than a page is broken. share: True for shared axes.
    """
    keys = list(dict.fromkeys(keys))
    students = [key for key in keys if key[0] != "teacher"]
    scales = sorted({scale for _, scale in students}, key=magnification.parse, reverse=True)
    rows = [[key for key in students if key[1] == scale] for scale in scales]
    across = max(2, min(int(_PAGE / width), max([3, *map(len, rows)])))
    lines = [[key for key in keys if key[0] == "teacher"]]
    lines += [row[k : k + across] for row in rows for k in range(0, len(row), across)]
    figure = Figure(figsize=(across * width, len(lines) * height), layout="constrained")
    grid = figure.add_gridspec(len(lines), across)
    panels: dict[Key, Axes] = {}
    for i, line in enumerate(lines):
        for j, key in enumerate(line):
            same = next(iter(panels.values()), None) if share else None
            panels[key] = axes = figure.add_subplot(grid[i, j], sharex=same, sharey=same)
            below = i + 1 < len(lines) and j < len(lines[i + 1])  # a panel below has the tick labels
            axes.tick_params(labelsize=7, labelleft=j == 0, labelbottom=not below)
            axes.set_title(style.shorten(key[0], 22), fontsize=8, loc="left")
        if line:
            panels[line[0]].set_ylabel(magnification.describe(magnification.parse(line[0][1])), fontsize=8)
    beside = figure.add_subplot(grid[0, 1:])
    beside.set_axis_off()
    return figure, panels, beside


def method_panels(methods: Iterable[str], width: float, height: float) -> tuple[Figure, dict[str, Axes], Axes]:
    """Make an empty figure, a panel for each method but the teacher, on the same axes, and the space after the last.

    width, height: inches of a panel and its margin.
    """
    names = [method for method in dict.fromkeys(methods) if method != "teacher"]
    across = max(2, min(int(_PAGE / width), len(names) + 1))
    deep = len(names) // across + 1
    figure = Figure(figsize=(across * width, deep * height), layout="constrained")
    grid = figure.add_gridspec(deep, across)
    panels: dict[str, Axes] = {}
    for k, name in enumerate(names):
        same = next(iter(panels.values()), None)
        panels[name] = axes = figure.add_subplot(grid[divmod(k, across)], sharex=same, sharey=same)
        axes.tick_params(labelsize=7, labelleft=k % across == 0, labelbottom=k + across >= len(names))
        axes.set_title(style.shorten(name, 22), fontsize=8, loc="left")
    last = figure.add_subplot(grid[divmod(len(names), across)])
    last.set_axis_off()
    return figure, panels, last


def one_kind(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Select the rows of the first split: those of regions if these have labels, else those of patients."""
    rows = [row for row in rows if row["split"] == rows[0]["split"]]
    per = "region" if any(row["per"] == "region" for row in rows) else "patient"
    return [row for row in rows if row["per"] == per]


def metric_of(results: str | Path, metric: str, rows: Sequence[CsvRow]) -> dict[Key, str]:
    """A metric of each model from results.csv, for the same kind of unit and split as ``rows``."""
    kind = {key: rows[0][key] for key in ("per", "split")}
    of_kind = (row for row in largest_shares(read_rows(results)) if {key: row[key] for key in kind} == kind)
    return {(row["method"], row["magnification"]): row[metric] for row in of_kind}


def explain(axes: Axes, words: Sequence[str], looks: dict[str, tuple[str, str]]) -> None:
    """Put sentences, and below them the legend of lines, into the space that ``method_panels`` returned."""
    axes.text(0, 1, "\n".join(words), fontsize=8, va="top", linespacing=1.4)
    handles = [
        Line2D([], [], color=color, marker=marker, markersize=4.5, **(style.DASHED if color == style.TEACHER else {}))
        for color, marker in looks.values()
    ]
    axes.legend(handles, list(looks), loc="lower left", fontsize=8, borderaxespad=0, labelspacing=0.3)
