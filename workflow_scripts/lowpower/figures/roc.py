"""ROC curves of each model."""

from pathlib import Path

from lowpower import magnification
from lowpower.figures import style
from lowpower.figures.accuracy_cost import largest_shares
from lowpower.figures.panels import explain, method_panels, metric_of, one_kind
from lowpower.files import read_rows
from lowpower.tables.layout import percent


def draw_roc(roc: str | Path, results: str | Path, svg: str | Path, png: str | Path) -> None:
    """Draw a panel for each method, at its largest shares, a curve for each magnification and the teacher's behind.

    roc: roc.csv. results: results.csv, for the AUROC in each panel.
    """
    rows = one_kind(largest_shares(read_rows(roc)))
    if not any(row["method"] != "teacher" for row in rows):
        style.save(style.in_words(style.NOTHING), svg, png)
        return
    areas = metric_of(results, "auroc", rows)
    curves: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for row in rows:
        false, true = curves.setdefault((row["method"], row["magnification"]), ([0.0], [0.0]))
        false.append(100 * float(row["false_positive_rate"]))
        true.append(100 * float(row["true_positive_rate"]))
    looks = style.of_scales(scale for method, scale in curves if method != "teacher")
    figure, panels, last = method_panels([method for method, _ in curves], 1.7, 1.75)
    for name, axes in panels.items():
        own = sorted(((s, m) for m, s in curves if m == name), key=lambda key: -magnification.parse(key[0]))
        for method, scale in [(m, s) for m, s in curves if m == "teacher"]:
            axes.plot(*curves[method, scale], color=style.TEACHER, zorder=3, **style.DASHED)
        for k, (scale, _) in enumerate(own):
            axes.plot(*curves[name, scale], color=looks[scale][0], linewidth=1.1)
            text = f"{scale}  {percent(areas.get((name, scale), ''))}".strip()
            axes.text(97, 4 + 11 * (len(own) - 1 - k), text, color=looks[scale][0], fontsize=7, ha="right")
        axes.set(xlim=(-3, 100), ylim=(0, 103), xticks=(0, 50, 100), yticks=(0, 50, 100))
    per, split = rows[0]["per"], rows[0]["split"]
    lines = {magnification.describe(magnification.parse(scale)): (look[0], "") for scale, look in looks.items()}
    teachers = {f"teacher, {scale}": (style.TEACHER, "") for method, scale in curves if method == "teacher"}
    explain(last, [f"{split}, per {per};", "numbers: AUROC, %"], teachers | lines)
    figure.supxlabel("false positive rate, %", fontsize=9)
    figure.supylabel("true positive rate, %", fontsize=9)
    style.save(figure, svg, png)
