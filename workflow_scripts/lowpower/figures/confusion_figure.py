"""A small confusion matrix for every model: true classes against predicted classes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from lowpower.figures import style
from lowpower.figures.accuracy_cost import largest_shares
from lowpower.figures.panels import Key, metric_of, model_panels, one_kind
from lowpower.files import CsvRow, read_rows
from lowpower.tables.layout import percent

_LONG = 8  # characters of a class name that fit beside a small matrix
_MANY = 6  # classes


def draw_confusion(
    confusion: str | Path, results: str | Path, classes: Sequence[str], svg: str | Path, png: str | Path
) -> None:
    """Draw one matrix per method and magnification, at its largest shares: percent of each true class (row).

    confusion: confusion.csv. results: results.csv, for the accuracy above each matrix. Regions are counted if they
    have labels, else patients. Class names are replaced by numbers if they are long or many.
    """
    rows = one_kind(largest_shares(read_rows(confusion)))
    if not rows:
        style.save(style.in_words(style.NOTHING), svg, png)
        return
    per, matrices = rows[0]["per"], matrices_of(rows, classes)
    right = metric_of(results, "accuracy", rows)
    numbered = len(classes) > _MANY or max(map(len, classes)) > _LONG
    names = [str(k + 1) for k in range(len(classes))] if numbered else list(classes)
    side = max(1.7, 0.5 + 0.24 * len(classes))
    figure, panels, beside = model_panels(matrices, side, side)
    for key, counts in matrices.items():
        _matrix(panels[key], counts, names, percent(right.get(key, "")))
    words = [
        f"Percent of the {per}s ({rows[0]['split']}) of each true class (row)",
        "by predicted class (column); –: none.",
        "",
    ]
    if numbered:
        words += [f"{name}  {style.shorten(full, 30)}" for name, full in zip(names, classes, strict=True)]
    beside.text(0, 1, "\n".join(words), fontsize=8, va="top", linespacing=1.5)
    figure.supylabel("truth", fontsize=9)
    figure.supxlabel("predicted", fontsize=9)
    style.save(figure, svg, png)


def matrices_of(rows: Sequence[CsvRow], classes: Sequence[str]) -> dict[Key, NDArray]:
    """Counts of each method and magnification, (classes, classes)."""
    position = {name: k for k, name in enumerate(classes)}
    matrices: dict[Key, NDArray] = {}
    for row in rows:
        counts = matrices.setdefault((row["method"], row["magnification"]), np.zeros((len(classes),) * 2, int))
        counts[position[row["truth"]], position[row["predicted"]]] += int(row["n"])
    return matrices


def _matrix(axes: Axes, counts: NDArray, names: Sequence[str], right: str) -> None:
    total = counts.sum(1, keepdims=True)
    share = counts / np.maximum(total, 1)
    middles = np.arange(len(names)) + 0.5
    axes.pcolormesh(share, cmap=style.SHARES, vmin=0, vmax=1, edgecolors=style.FRAME, linewidth=0.5)
    axes.set(aspect="equal", xlim=(0, len(names)), ylim=(len(names), 0))
    axes.set_xticks(middles, names, rotation=0 if max(map(len, names)) < 4 else 90)
    axes.set_yticks(middles, names)
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    for i, j in np.argwhere((counts > 0) | (total == 0)):
        text, color = _percent(counts[i, j], total[i, 0]), "white" if share[i, j] > 0.55 else "black"
        axes.text(j + 0.5, i + 0.5, text, color=color, fontsize=7, ha="center", va="center")
    accuracy = f", {right} % correct" if right else ""
    axes.set_title(f"{axes.get_title(loc='left')}\nn = {counts.sum():,}{accuracy}", fontsize=8, loc="left")


def _percent(count: int, total: int) -> str:
    """A share in whole percent, 0 and 100 only for exactly none and all; a dash if the total is 0."""
    if not total:
        return "–"
    if count == total:
        return "100"
    return f"{min(max(round(100 * count / total), 1), 99)}"
