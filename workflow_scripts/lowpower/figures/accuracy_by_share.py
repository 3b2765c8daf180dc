"""Benefit of more images: difference to the teacher against the share of patients that students train on."""

from pathlib import Path

from matplotlib.axes import Axes

from lowpower import magnification
from lowpower.figures import style
from lowpower.figures.panels import explain, method_panels, one_kind
from lowpower.files import CsvRow, read_rows

_REFERENCE = "scratch"  # the row trained on labels alone
_NOTHING = "No row of this study learns from several shares of {} patients."
_APART = 1.5  # percent of patients: offset between magnifications, so that intervals do not overlap


def draw_shares(results: str | Path, along: str, svg: str | Path, png: str | Path) -> None:
    """Draw accuracy minus that of the teacher, which has all labels, against ``along`` (labeled, unlabeled).

    One panel per method, at the largest value of the other share; the dotted line is the row ``scratch`` at the same
    labeled share. Methods with a single share are left out.
    """
    rows = [row for row in read_rows(results) if row["pixels"] == "averaged" and row["accuracy_minus_teacher"]]
    rows = one_kind([row for row in rows if row["method"] != "teacher"])
    other = "labeled" if along == "unlabeled" else "unlabeled"
    most = {method: max(int(r[other]) for r in rows if r["method"] == method) for method in {r["method"] for r in rows}}
    rows = [row for row in rows if int(row[other]) == most[row["method"]]]
    lines: dict[tuple[str, str], list[CsvRow]] = {}
    for row in sorted(rows, key=lambda row: int(row[along])):
        lines.setdefault((row["method"], row["magnification"]), []).append(row)
    several = [row["method"] for row in rows if len(lines[row["method"], row["magnification"]]) > 1]
    if not several:
        style.save(style.in_words(_NOTHING.format(along)), svg, png)
        return
    looks = style.of_scales(scale for method, scale in lines if method in several)
    figure, panels, last = method_panels(several, 1.7, 1.65)
    for name, axes in panels.items():
        axes.axhline(0, color=style.TEACHER, zorder=1, **style.DASHED)
        for k, (scale, look) in enumerate(looks.items()):
            _line(axes, lines.get((name, scale), []), along, look, _APART * (k - (len(looks) - 1) / 2))
            if name != _REFERENCE:
                _reference(axes, lines.get((_REFERENCE, scale), []), along, look[0])
        axes.set_xticks(sorted({int(row[along]) for row in rows if row["method"] in several}))
    described = {magnification.describe(magnification.parse(scale)): look for scale, look in looks.items()}
    words = [f"{rows[0]['split']}, per {rows[0]['per']};", "dashed: the teacher"]
    words += [f"dotted: {_REFERENCE}"] * any(method == _REFERENCE for method, _ in lines)
    explain(last, words, described)
    figure.supxlabel(f"{along} training patients, %", fontsize=9)
    figure.supylabel("accuracy less the teacher's, points", fontsize=9)
    style.save(figure, svg, png)


def _line(axes: Axes, rows: list[CsvRow], along: str, look: tuple[str, str], shift: float) -> None:
    color, marker = look
    places = [int(row[along]) + shift for row in rows]
    axes.plot(places, [_points(row) for row in rows], color=color, marker=marker, markersize=3.5, linewidth=1, zorder=3)
    for x, row in zip(places, rows, strict=True):
        ends = [_points(row, "_low"), _points(row, "_high")]
        axes.plot([x, x], ends, color=color, linewidth=0.8, zorder=2)


def _reference(axes: Axes, rows: list[CsvRow], along: str, color: str) -> None:
    """Draw the result of labels alone: one level along unlabeled shares, else a line."""
    if along == "unlabeled" and rows:
        axes.axhline(_points(rows[-1]), color=color, linewidth=0.9, linestyle=":", zorder=1)
    elif rows:
        axes.plot(
            [int(row[along]) for row in rows], list(map(_points, rows)), color=color, linewidth=0.9, linestyle=":"
        )


def _points(row: CsvRow, end: str = "") -> float:
    """The difference, or an end of its interval, in points; the difference itself if it has no interval."""
    return 100 * float(row[f"accuracy_minus_teacher{end}"] or row["accuracy_minus_teacher"])
