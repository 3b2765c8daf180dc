"""Low power first, high power where needed: accuracy and cost if the teacher reads a student's uncertain units."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.figures import style
from lowpower.files import CsvRow, read_rows

_TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100)
_SHARES = tuple(k / 50 for k in range(51))  # enough for a smooth curve on the logarithmic axis of FLOPs
_NOTHING = "There is no student below the teacher's magnification whose units and cost are known."


def draw_referral(referral: str | Path, svg: str | Path, png: str | Path) -> None:
    """Draw accuracy against FLOPs as more units are referred, for the best row at each magnification (referral.csv).

    A panel per split and kind of unit. The ring is the threshold chosen on validation data, with its interval; the
    dotted line is referral of the same share at random; the dashed line is the teacher.
    """
    rows = [row for row in read_rows(referral) if row["best"] and row["accuracy"] and row["flops_of_teacher"]]
    kinds, splits = (list(dict.fromkeys(row[key] for row in rows)) for key in ("per", "split"))
    if not rows:
        style.save(style.in_words(_NOTHING), svg, png)
        return
    looks = style.of_scales(row["magnification"] for row in rows)
    figure = Figure(figsize=(3.45 * max(2, len(kinds)), 3.9 * len(splits)), layout="constrained")
    grid = figure.subplots(len(splits), len(kinds), squeeze=False, sharex=True, sharey=True)
    for split, line in zip(splits, grid, strict=True):
        for per, axes in zip(kinds, line, strict=True):
            shown = [row for row in rows if (row["per"], row["split"]) == (per, split)]
            if shown:
                _panel(axes, shown, looks)
        line[0].set_ylabel("accuracy, %")
    for axes in grid[-1]:
        axes.set_xlabel("FLOPs, % of the teacher reading all")
    points = [_place(row) for row in rows]
    start, end = min(flops for flops, _ in points) / 1.3, max(flops for flops, _ in points) * 1.3
    ticks = [tick for tick in _TICKS if start <= tick <= end]
    grid[0, 0].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    lows = [100 * float(row["accuracy_low"]) for row in rows if row["asked"] == "chosen" and row["accuracy_low"]]
    grid[0, 0].set(xlim=(start, end), ylim=(min(95, *lows, *(value for _, value in points)) - 1, 100.7))
    style.save(figure, svg, png)


def _panel(axes: Axes, rows: list[CsvRow], looks: dict[str, tuple[str, str]]) -> None:
    axes.set_xscale("log")
    axes.set_title(f"{rows[0]['split']}, {int(rows[0]['n']):,} {rows[0]['per']}s", loc="left")
    for teacher in [_place(row)[1] for row in rows if row["asked"] == "100"][:1]:
        axes.axhline(teacher, color=style.TEACHER, zorder=1, **style.DASHED)
        axes.plot(100, teacher, "*", color=style.TEACHER, markersize=9, zorder=3, label="teacher alone")
    for scale, (color, _) in looks.items():
        own = [row for row in rows if row["magnification"] == scale]
        tried = sorted((_place(row) for row in own if row["asked"].isdigit()), key=lambda point: point[0])
        if not tried:
            continue
        (start, alone), (end, teacher) = tried[0], tried[-1]
        chance = [(start + share * (end - start), alone + share * (teacher - alone)) for share in _SHARES]
        axes.plot(*zip(*chance, strict=True), color=color, linewidth=0.8, linestyle=":", zorder=1)
        name = f"{own[0]['method']} at {magnification.describe(magnification.parse(scale))}"
        axes.plot(*zip(*tried, strict=True), color=color, marker="o", markersize=3, linewidth=1.2, label=name, zorder=2)
        for row in own:
            if not row["asked"].isdigit():
                flops, value = _place(row)
                ends = [100 * float(row[f"accuracy_{end}"] or row["accuracy"]) for end in ("low", "high")]
                axes.plot([flops, flops], ends, color=color, linewidth=1.6, alpha=0.35, zorder=2)
                axes.plot(flops, value, "o", markersize=7.5, markerfacecolor="none", markeredgecolor=color, zorder=4)
    axes.minorticks_off()
    axes.tick_params(labelleft=True)
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), fontsize=8, labelspacing=0.25, borderaxespad=0)


def _place(row: CsvRow) -> tuple[float, float]:
    return 100 * float(row["flops_of_teacher"]), 100 * float(row["accuracy"])
