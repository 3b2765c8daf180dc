"""A figure with a small panel for each method and magnification: the teacher first, then row by row the students."""

from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.figures import style

Key = tuple[str, str]  # method, magnification such as 2.5x
_PAGE = 6.9  # inches between the margins of a page


def model_panels(
    keys: Iterable[Key], width: float, height: float, share: bool = False
) -> tuple[Figure, dict[Key, Axes], Axes]:
    """An empty figure, the panel of each model, and the place beside the teacher's panel, for a legend.

    width, height: inches of a panel and its margin. Students stand by magnification (rows, finest first) and method
    (columns, in the order of ``keys``); a row wider than a page is broken. share: whether all have the same axes.
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
    found: dict[Key, Axes] = {}
    for i, line in enumerate(lines):
        for j, key in enumerate(line):
            same = next(iter(found.values()), None) if share else None
            found[key] = axes = figure.add_subplot(grid[i, j], sharex=same, sharey=same)
            below = i + 1 < len(lines) and j < len(lines[i + 1])  # then its ticks are labeled there
            axes.tick_params(labelsize=7, labelleft=j == 0, labelbottom=not below)
            axes.set_title(style.shorten(key[0], 22), fontsize=8, loc="left")
        if line:
            found[line[0]].set_ylabel(magnification.describe(magnification.parse(line[0][1])), fontsize=8)
    beside = figure.add_subplot(grid[0, 1:])
    beside.set_axis_off()
    return figure, found, beside
