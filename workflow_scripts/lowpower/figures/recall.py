"""Recall of each class by magnification."""

from collections.abc import Sequence
from pathlib import Path

from lowpower import magnification
from lowpower.figures import style
from lowpower.figures.accuracy_cost import largest_shares
from lowpower.figures.confusion_figure import matrices_of
from lowpower.figures.panels import explain, method_panels, one_kind
from lowpower.files import read_rows


def draw_recall(confusion: str | Path, classes: Sequence[str], svg: str | Path, png: str | Path) -> None:
    """Draw a panel for each method, at its largest shares, with a line for each class; the last point is the teacher.

    confusion: confusion.csv, counts summed over seeds. A class without units has no line.
    """
    rows = one_kind(largest_shares(read_rows(confusion)))
    if not any(row["method"] != "teacher" for row in rows):
        style.save(style.in_words(style.NOTHING), svg, png)
        return
    matrices = matrices_of(rows, classes)
    scales = sorted({scale for _, scale in matrices}, key=magnification.parse)
    looks = {name: look for name, look in style.of_methods(list(classes)).items() if name in classes}
    figure, panels, last = method_panels([method for method, _ in matrices], 1.7, 1.55)
    for name, axes in panels.items():
        for k, cls in enumerate(classes):
            color, marker = looks[cls]
            points = [
                (scales.index(scale), 100 * counts[k, k] / counts[k].sum(), method)
                for (method, scale), counts in matrices.items()
                if method in ("teacher", name) and counts[k].any()
            ]
            own = sorted(point[:2] for point in points if point[2] == name)
            teacher = [point[:2] for point in points if point[2] == "teacher"]
            if own:
                axes.plot(*zip(*own, strict=True), color=color, marker=marker, markersize=3.5, linewidth=1)
            if own and teacher:
                axes.plot(*zip(own[-1], teacher[0], strict=True), color=color, linewidth=0.8, linestyle=":")
            if teacher:
                axes.plot(*teacher[0], "*", color=color, markersize=6, markeredgewidth=0)
        axes.set(ylim=(-3, 103), yticks=(0, 50, 100), xlim=(-0.3, len(scales) - 0.7))
        axes.set_xticks(range(len(scales)), [f"{magnification.mpp_of(magnification.parse(s)):g}" for s in scales])
    shown = {style.shorten(cls, 22): look for cls, look in looks.items()}
    explain(last, [f"{rows[0]['split']}, per {rows[0]['per']};", "star: the teacher"], shown)
    figure.supxlabel("µm per pixel (10x is 1.0)", fontsize=9)
    figure.supylabel("recall of the class, %", fontsize=9)
    style.save(figure, svg, png)
