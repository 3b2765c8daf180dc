"""Figures, drawn from tables only."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.files import read_rows
from lowpower.tables import style

_APART = 0.055  # distance between methods at one magnification, in powers of ten of FLOPs


def draw_accuracy_flops(results: str | Path, cost: str | Path, svg: str | Path, png: str | Path) -> None:
    """Accuracy against FLOPs per region, per patient and, where regions have labels, per region.

    Vertical lines are the intervals; the band is the teacher's. Of a method with several shares of training patients,
    the largest is drawn. FLOPs come from the cost table, so methods that read one magnification stand side by side.
    """
    rows = _largest_shares(read_rows(results))
    flops = {row["magnification"]: float(row["flops_per_region"]) for row in read_rows(cost)}
    panels = [per for per in ("patient", "region") if any(row["per"] == per for row in rows)] or ["patient"]
    looks = style.of_methods([row["method"] for row in rows])
    figure = Figure(figsize=(2.2 + 3.6 * len(panels), 3.6), layout="constrained")
    for k, (per, axes) in enumerate(zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True)):
        _points(axes, [row for row in rows if row["per"] == per], flops, looks)
        axes.set_title(f"per {per}", loc="left")
        axes.set_ylabel("accuracy, %" if k == 0 else "")
    _legend(figure, axes)
    style.save(figure, svg, png)


def _largest_shares(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Of each method, magnification and kind of unit, the row with the largest shares; of one split."""
    split = rows[0]["split"] if rows else ""
    best: dict[tuple, dict[str, str]] = {}
    for row in rows:
        key = (row["method"], row["magnification"], row["per"])
        shares = (int(row["labeled"]), int(row["unlabeled"]))
        if row["split"] == split and (
            key not in best or shares > (int(best[key]["labeled"]), int(best[key]["unlabeled"]))
        ):
            best[key] = row
    return list(best.values())


def _points(axes: Axes, rows: list[dict[str, str]], flops: dict[str, float], looks: dict) -> None:
    axes.set_xscale("log")
    axes.set_xlabel("FLOPs per region, 2 per multiply-add")
    students = list(dict.fromkeys(row["method"] for row in rows if row["method"] != "teacher"))
    for row in sorted(rows, key=lambda row: row["method"] != "teacher"):
        if not row["accuracy"]:
            continue
        color, marker = looks[row["method"]]
        value, low, high = (
            100 * float(row[k] or row["accuracy"]) for k in ("accuracy", "accuracy_low", "accuracy_high")
        )
        place = flops[row["magnification"]]
        if row["method"] == "teacher":
            axes.axhspan(low, high, color="#EDEDED", zorder=0)
            axes.axhline(value, color=style.TEACHER, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        else:
            place *= 10 ** (_APART * (students.index(row["method"]) - (len(students) - 1) / 2))
        axes.plot([place, place], [low, high], color=color, linewidth=1.2, zorder=2)
        axes.plot(
            place, value, marker, color=color, markersize=9 if marker == "*" else 5.5, label=row["method"],
            markeredgecolor="white", markeredgewidth=0.5, zorder=3,
        )  # fmt: skip
    used = {row["magnification"] for row in rows}
    ticks = {name: place for name, place in flops.items() if name in used}
    labels = [f"{_short(place)}\n{_scale(name)}" for name, place in ticks.items()]
    axes.set_xticks(list(ticks.values()), labels, fontsize=8)
    axes.minorticks_off()
    if ticks:
        axes.set_xlim(min(ticks.values()) / 2.2, max(ticks.values()) * 2.2)


def _short(flops: float) -> str:
    """A count of operations in at most four characters and a prefix: ``_short(2.5e8) == "250 M"``."""
    for size, prefix in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if flops >= size:
            return f"{flops / size:.3g}{prefix}"
    return f"{flops:.0f}"


def _scale(name: str) -> str:
    """A magnification with its µm/px on a second line, so that neighbors on the axis do not touch."""
    return magnification.describe(magnification.parse(name)).replace(" ", "\n", 1)


def _legend(figure: Figure, *panels: Axes) -> None:
    """One legend beside all panels, each method once."""
    handles: dict[str, object] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        figure.legend(list(handles.values()), list(handles), loc="outside right upper")


def draw_training_curves(
    histories: Sequence[str | Path], models: Sequence[dict], svg: str | Path, png: str | Path
) -> None:
    """Validation log loss by optimizer step, one panel per magnification, one line per model.

    histories: history.csv files, parallel to models (method, magnification, labeled, unlabeled, seed). A ring marks
    the weights that were kept.
    """
    scales = sorted({model["magnification"] for model in models}, reverse=True)
    looks = style.of_methods([model["method"] for model in models])
    figure = Figure(figsize=(1.8 + 2.6 * max(1, len(scales)), 3.0), layout="constrained")
    panels = figure.subplots(1, max(1, len(scales)), squeeze=False, sharey=True)[0]
    for scale, axes in zip(scales, panels, strict=False):
        for path, model in zip(histories, models, strict=True):
            if model["magnification"] == scale:
                _curve(axes, read_rows(path), model["method"], looks[model["method"]][0])
        axes.set_title(magnification.describe(scale), loc="left")
    for axes in panels:
        axes.set_xlabel("optimizer step")
    panels[0].set_ylabel("validation log loss")
    panels[0].set_ylim(bottom=0)
    _legend(figure, *panels)
    style.save(figure, svg, png)


def _curve(axes: Axes, history: list[dict[str, str]], method: str, color: str) -> None:
    validated = [row for row in history if row["val_log_loss"]]
    steps = _steps_since_start(validated)
    losses = [float(row["val_log_loss"]) for row in validated]
    axes.plot(steps, losses, color=color, linewidth=1.2, label=method)
    kept = [k for k, row in enumerate(validated) if row["chosen"] == "1"]
    axes.plot(
        [steps[k] for k in kept], [losses[k] for k in kept], "o",
        markersize=5, markerfacecolor="white", markeredgecolor=color,
    )  # fmt: skip


def _steps_since_start(history: list[dict[str, str]]) -> list[int]:
    """Steps since the first phase began: a history counts fine-tuning, like distillation, from its own start."""
    steps: list[int] = []
    before = 0
    for k, row in enumerate(history):
        if k and row["phase"] != history[k - 1]["phase"]:
            before = steps[-1]
        steps.append(before + int(row["step"]))
    return steps
