"""Reliability diagrams: accuracy against confidence."""

from pathlib import Path

from lowpower import magnification
from lowpower.figures import style
from lowpower.figures.accuracy_cost import largest_shares
from lowpower.figures.panels import explain, method_panels, metric_of, one_kind
from lowpower.files import read_rows
from lowpower.tables.layout import percent

_LEAST = 0.01  # share of the units; bins with fewer are too noisy
_LARGEST = 60  # area of a marker for all units, in square points


def draw_reliability(reliability: str | Path, results: str | Path, svg: str | Path, png: str | Path) -> None:
    """Draw a panel for each method, at its largest shares: accuracy against confidence, a line for each magnification.

    reliability: reliability.csv; bins with less than 1 % of the units are not drawn. results: results.csv, for the
    expected calibration error in each panel.
    """
    rows = one_kind(largest_shares(read_rows(reliability)))
    if not any(row["method"] != "teacher" for row in rows):
        style.save(style.in_words(style.NOTHING), svg, png)
        return
    bins: dict[tuple[str, str], list[tuple[int, float, float]]] = {}
    for row in rows:
        values = int(row["n"]), 100 * float(row["confidence"]), 100 * float(row["accuracy"])
        bins.setdefault((row["method"], row["magnification"]), []).append(values)
    errors = {key: percent(error) for key, error in metric_of(results, "ece", rows).items()}
    looks = style.of_scales(scale for method, scale in bins if method != "teacher")
    looks |= {"teacher": (style.TEACHER, "*")}
    figure, panels, last = method_panels([method for method, _ in bins], 1.7, 1.75)
    for name, axes in panels.items():
        axes.plot((0, 100), (0, 100), color=style.FRAME, linewidth=0.8, zorder=1)
        keys = [key for key in bins if key[0] in ("teacher", name)]
        keys.sort(key=lambda key: (key[0] != "teacher", -magnification.parse(key[1])))
        for k, key in enumerate(keys, start=-any(method == "teacher" for method, _ in keys)):
            color = looks["teacher" if key[0] == "teacher" else key[1]][0]
            total = sum(n for n, _, _ in bins[key])
            counts, sure, right = zip(*(one for one in bins[key] if one[0] >= _LEAST * total), strict=True)
            axes.plot(sure, right, color=color, zorder=2, **style.DASHED if key[0] == "teacher" else {"linewidth": 1.0})
            sizes = [_LARGEST * n / total for n in counts]
            axes.scatter(sure, right, sizes, color=color, edgecolors="white", linewidths=0.3, zorder=3, clip_on=False)
            if key[0] != "teacher":
                axes.text(2, 92 - 11 * k, f"{key[1]}  {errors.get(key, '')}".strip(), color=color, fontsize=7)
        axes.set(xlim=(0, 103), ylim=(0, 103), xticks=(0, 50, 100), yticks=(0, 50, 100))
    lines = {
        magnification.describe(magnification.parse(s)): (look[0], "") for s, look in looks.items() if s != "teacher"
    }
    teachers = {
        f"teacher, {key[1]}  {errors.get(key, '')}".strip(): (style.TEACHER, "") for key in bins if key[0] == "teacher"
    }
    words = [f"{rows[0]['split']}, per {rows[0]['per']};", "numbers: calibration error;", "dots: share of the units"]
    explain(last, words, teachers | lines)
    figure.supxlabel("confidence: probability of the predicted class, %", fontsize=9)
    figure.supylabel("correct, %", fontsize=9)
    style.save(figure, svg, png)
