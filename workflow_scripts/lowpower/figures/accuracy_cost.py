"""Accuracy against cost: the accuracy that each student loses and the FLOPs that it saves."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.figures import style
from lowpower.files import CsvRow, read_rows

_OFF_SCALE = 100  # times fewer FLOPs than the teacher's network at the same magnification: drawn as a line
_ABREAST = 0.5  # width of the methods at one magnification, in powers of ten of FLOPs; a halving is 0.6
_BESIDE = 3  # magnifications whose tick labels fit into half a page


def draw_accuracy_flops(results: str | Path, cost: str | Path, svg: str | Path, png: str | Path) -> None:
    """Draw accuracy per patient and, where regions have labels, per region against FLOPs per region; a row per split.

    Vertical lines are the intervals; the band is the teacher's; a gray line joins the rows that no cheaper row matches.
    A method with several shares of training patients is drawn at its largest. FLOPs come from the cost table, by
    network and magnification; a row without FLOPs there is left out. So methods with one network and one magnification
    are drawn side by side; a method of negligible cost is a dotted line at its best magnification.
    """
    flops = {(row["network"], row["magnification"]): float(row["flops_per_region"]) for row in read_rows(cost)}
    rows = [row for row in largest_shares(read_rows(results)) if row["per"] != "slide" and row["accuracy"]]
    rows = [row for row in rows if (row["network"], row["magnification"]) in flops]
    kinds = list(dict.fromkeys(row["per"] for row in rows))
    splits = list(dict.fromkeys(row["split"] for row in rows))
    if not rows:
        style.save(style.in_words(style.NOTHING), svg, png)
        return
    looks = style.of_methods([row["method"] for row in sorted(rows, key=_scale_of)])  # as in training curves
    panels = [(split, per) for split in splits for per in kinds]
    narrow = len({row["magnification"] for row in rows}) <= _BESIDE
    across = len(kinds) if narrow else 1
    deep = len(panels) // across
    size = (1.7 + 3.4 * across, 0.4 + 3.2 * deep) if narrow else (8.5, 0.4 + 2.7 * deep)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(deep, across, squeeze=False, sharex=True, sharey=True)
    for (split, per), axes in zip(panels, grid.flat, strict=True):
        shown = [row for row in rows if (row["per"], row["split"]) == (per, split)]
        _points(axes, shown, flops, looks)
        axes.set_title(f"{split}, {max(int(row['n']) for row in shown):,} {per}s", loc="left")
    for axes in grid[:, 0]:
        axes.set_ylabel("accuracy, %")
    for axes in grid[-1]:
        axes.set_xlabel("FLOPs per region, 2 per multiply-add")
    legends = [axes.get_legend_handles_labels() for axes in grid.flat]
    handles = {label: handle for both in legends for handle, label in zip(*both, strict=True)}
    figure.legend(list(handles.values()), list(handles), loc="outside right upper")
    style.save(figure, svg, png)


def largest_shares(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Select the rows with the largest shares of training patients for each method, magnification and kind of unit.

    Only area means are kept: figures could not distinguish results on a slide's own level from them.
    """
    rows = [row for row in rows if row["pixels"] == "averaged"]
    largest: dict[tuple, tuple[int, int]] = {}
    for row in rows:
        shares = (int(row["labeled"]), int(row["unlabeled"]))
        largest[_kind(row)] = max(shares, largest.get(_kind(row), shares))
    return [row for row in rows if (int(row["labeled"]), int(row["unlabeled"])) == largest[_kind(row)]]


def _kind(row: CsvRow) -> tuple[str, ...]:
    return tuple(row[key] for key in ("method", "magnification", "per", "split"))


def _scale_of(row: CsvRow) -> float:
    return magnification.parse(row["magnification"])


def _points(axes: Axes, rows: list[CsvRow], flops: dict[tuple[str, str], float], looks: dict) -> None:
    axes.set_xscale("log")
    teachers = next(iter(flops))[0]  # its network: the tick of a magnification, or else the costliest network there
    costliest = {scale: x for (_, scale), x in sorted(flops.items(), key=lambda cell: cell[1])}
    ticks = {scale: flops.get((teachers, scale), costliest[scale]) for _, scale in flops}
    xs, reached, aside = [], [], {}
    students = [method for method in looks if method != "teacher"]
    apart = _ABREAST / max(len(students), 7)
    for row in rows:
        color, marker = looks[row["method"]]
        value, low, high = (
            100 * float(row[k] or row["accuracy"]) for k in ("accuracy", "accuracy_low", "accuracy_high")
        )
        x = flops[row["network"], row["magnification"]]
        if x * _OFF_SCALE < ticks.get(row["magnification"], 0):
            aside[row["method"]] = max(value, aside.get(row["method"], value))
            continue
        xs.append(x)
        if row["method"] == "teacher":
            axes.axhspan(low, high, color="#EDEDED", zorder=0)
            axes.axhline(value, color=style.TEACHER, zorder=1, **style.DASHED)
        else:
            x *= 10 ** (apart * (students.index(row["method"]) - (len(students) - 1) / 2))
        reached.append((flops[row["network"], row["magnification"]], value, x))
        axes.plot([x, x], [low, high], color=color, linewidth=1.2, zorder=2)
        axes.plot(
            x, value, marker, color=color, markersize=9 if marker == "*" else 5.5, label=row["method"],
            markeredgecolor="white", markeredgewidth=0.5, zorder=3,
        )  # fmt: skip
    for method, value in aside.items():
        axes.axhline(value, color=looks[method][0], linewidth=1.4, linestyle=":", zorder=1, label=method)
    axes.plot(*zip(*_frontier(reached), strict=True), color="#9A9A9A", linewidth=0.9, zorder=1.5)
    used = {row["magnification"] for row in rows}
    ticks = {name: x for name, x in ticks.items() if name in used}
    xs += ticks.values()
    labels = [f"{_short(x)}\n{_scale(name)}" for name, x in ticks.items()]
    axes.set_xticks(list(ticks.values()), labels, fontsize=8)
    axes.minorticks_off()
    axes.set_xlim(min(xs) / 2.2, max(xs) * 2.2)


def _frontier(reached: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Places and accuracies of the rows that no cheaper or equally expensive row matches, cheapest first.

    reached: FLOPs, accuracy and place on the axis of each row.
    """
    best: list[tuple[float, float]] = []
    for _, value, x in sorted(reached, key=lambda row: (row[0], -row[1])):
        if not best or value > best[-1][1]:
            best.append((x, value))
    return best


def _short(flops: float) -> str:
    """Format a count of operations in at most four characters and a prefix: ``_short(2.5e8) == "250 M"``."""
    for size, prefix in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if flops >= size:
            return f"{flops / size:.3g}{prefix}"
    return f"{flops:.0f}"


def _scale(name: str) -> str:
    """A magnification with its µm/px on a second line, so that neighbors on the axis do not touch."""
    return magnification.describe(magnification.parse(name)).replace(" ", "\n", 1)
