"""Figures with a panel for each method, and that of referral."""

import numpy as np
import pytest
from figure_titles import titles

from lowpower import files
from lowpower.figures import style
from lowpower.figures.accuracy_by_share import draw_shares
from lowpower.figures.recall import draw_recall
from lowpower.figures.referral_figure import draw_referral
from lowpower.figures.reliability import draw_reliability
from lowpower.figures.roc import draw_roc
from lowpower.tables.confusion_table import COUNTS
from lowpower.tables.curve_points import RELIABILITY, ROC
from lowpower.tables.referral_results import COLUMNS as REFERRAL
from lowpower.tables.results_table import COLUMNS as RESULTS

CLASSES = ["a|b", "$c$", "d"]
MODELS = [("teacher", "10x"), *((f"m{k}", scale) for k in range(10) for scale in ("5x", "2.5x", "1.25x", "0.625x"))]


def known(method, scale, per="region", **more):
    row = {"method": method, "magnification": scale, "network": "resnet10", "labeled": "100", "unlabeled": "100"}
    return row | {"per": per, "split": "test", "pixels": "averaged", "n": "40"} | more


def results(models=MODELS):
    values = {"accuracy": "0.8", "auroc": "0.9123", "ece": "0.0565", "accuracy_minus_teacher": "-0.1"}
    values |= {"accuracy_minus_teacher_low": "-0.2", "accuracy_minus_teacher_high": "0.0"}
    return [known(*model, per, **values) for model in models for per in ("patient", "region")]


def roc(models=MODELS):
    points = [{"false_positive_rate": f, "true_positive_rate": t} for f, t in (("0", "0.5"), ("1", "1"))]
    return [known(*model, **point) for model in models for point in points]


def reliability(models=MODELS):
    bins = [("0.4", "1", "0.45", "1"), ("0.6", "20", "0.65", "0.55"), ("0.9", "199", "0.95", "0.9")]
    names = ("confidence_from", "n", "confidence", "accuracy")
    return [known(*model) | dict(zip(names, one, strict=True)) for model in models for one in bins]


def confusion(models=MODELS):
    """Of the third class there is no unit."""
    pairs = [(0, 0, 9), (0, 1, 1), (1, 1, 5), (1, 0, 5), (2, 2, 0)]
    return [known(*m, truth=CLASSES[t], predicted=CLASSES[p], n=str(n)) for m in models for t, p, n in pairs]


def referral(models=MODELS[1:5]):
    rows = []
    for model in models:
        for per in ("patient", "region"):
            for k, asked in enumerate(("0", "10", "100", "chosen")):
                row = known(*model, per, best="1", asked=asked, flops_of_teacher=str([0.1, 0.2, 1.1, 0.15][k]))
                rows.append(row | {"accuracy": str([0.7, 0.8, 0.9, 0.75][k])})
    return rows


def draw(kind, folder, rows=None, name="figure"):
    """Draw one kind of figure from rows (of the first table that it reads)."""
    columns, made, function = {
        "roc": (ROC, roc, lambda *paths: draw_roc(paths[0], folder / "results.csv", *paths[1:])),
        "reliability": (
            RELIABILITY,
            reliability,
            lambda one, *more: draw_reliability(one, folder / "results.csv", *more),
        ),
        "recall": (COUNTS, confusion, lambda path, *paths: draw_recall(path, CLASSES, *paths)),
        "unlabeled": (RESULTS, results, lambda path, *paths: draw_shares(path, "unlabeled", *paths)),
        "labeled": (RESULTS, results, lambda path, *paths: draw_shares(path, "labeled", *paths)),
        "referral": (REFERRAL, referral, draw_referral),
    }[kind]

    def write(path, names, content):
        files.write_rows(folder / path, names, [{key: row.get(key, "") for key in names} for row in content])

    write("results.csv", RESULTS, results())
    write(f"{name}.csv", columns, made() if rows is None else rows)
    paths = [folder / f"{name}.{kind}" for kind in ("svg", "png")]
    function(folder / f"{name}.csv", *paths)
    return [path.read_bytes() for path in paths]


def shares(along, methods=("scratch", "sskd"), values=("0", "50", "100")):
    rows = results([(method, scale) for method in methods for scale in ("5x", "2.5x")])
    return [row | {along: value} for row in rows for value in (values if row["method"] != "once" else values[:1])]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["roc", "reliability", "recall", "unlabeled", "labeled", "referral"])
def test_figures_have_the_same_bytes_twice_and_say_so_when_there_is_nothing(tmp_path, kind):
    few = {"roc": roc, "reliability": reliability, "recall": confusion, "referral": referral}
    rows = few[kind](MODELS[:3]) if kind in few else shares(kind, ("sskd",))
    one, two = draw(kind, tmp_path, rows, "one"), draw(kind, tmp_path, rows, "two")
    assert one == two and b"date" not in one[0].lower()
    empty = draw(kind, tmp_path, [], "empty")[0].decode()
    assert "<!-- There is no " in empty or "<!-- There are no " in empty or "<!-- No row " in empty


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["roc", "reliability", "recall"])
def test_ten_methods_have_a_panel_each_and_fit_a_page(tmp_path, figures, kind):
    draw(kind, tmp_path)
    assert titles(figures[0]) == [*(f"m{k}" for k in range(10)), ""]
    assert figures[0].get_size_inches()[0] <= 7


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.slow
def test_roc_names_the_auroc_of_the_results_and_draws_the_teacher_in_each_panel(tmp_path, figures):
    draw("roc", tmp_path, roc([("teacher", "10x"), ("sskd", "2.5x"), ("sskd", "5x"), ("scratch", "5x")]))
    assert [len(axes.get_lines()) for axes in figures[0].axes[:2]] == [3, 2]
    assert list(figures[0].axes[0].get_lines()[0].get_ydata()) == [0, 50, 100]
    draw("roc", tmp_path, roc(MODELS[:2]))
    assert "5x  91.2" in texts(figures[1])


@pytest.mark.slow
def test_reliability_leaves_out_what_few_units_say_and_names_the_error_of_the_results(tmp_path, figures):
    draw("reliability", tmp_path, reliability(MODELS[:2]))
    panel = figures[0].axes[0]
    assert [len(line.get_xdata()) for line in panel.get_lines()] == [2, 2, 2]  # the diagonal, teacher and student
    assert "5x  5.6" in texts(figures[0])
    legend = [text.get_text() for text in figures[0].axes[-1].get_legend().get_texts()]
    assert legend == ["teacher, 10x  5.6", "5x (2.0 µm/px)"]


@pytest.mark.slow
def test_recall_has_a_line_for_each_class_that_has_units(tmp_path, figures):
    draw("recall", tmp_path, confusion(MODELS[:5]))
    panel = figures[0].axes[0]
    lines = [line for line in panel.get_lines() if line.get_marker() not in ("None", "*")]
    assert [list(line.get_ydata()) for line in lines] == [[90] * 4, [50] * 4]
    assert [label.get_text() for label in panel.get_xticklabels()] == ["16", "8", "4", "2", "1"]


@pytest.mark.slow
def test_shares_leave_out_methods_that_learn_from_one_and_show_scratch_behind(tmp_path, figures):
    rows = shares("unlabeled", ("sskd", "once"))
    rows += [row | {"unlabeled": "0", "accuracy_minus_teacher": "-0.4"} for row in results([("scratch", "5x")])]
    draw("unlabeled", tmp_path, rows)
    assert titles(figures[0]) == ["sskd", ""]
    dotted = [line for line in figures[0].axes[0].get_lines() if line.get_linestyle() == ":"]
    assert [line.get_ydata()[0] for line in dotted] == [-40]
    draw("labeled", tmp_path, shares("labeled", values=("50", "100")))
    assert titles(figures[1]) == ["scratch", "sskd", ""]


@pytest.mark.slow
def test_of_several_other_shares_the_largest_is_drawn(tmp_path):
    rows = shares("unlabeled")
    less = [row | {"labeled": "50", "accuracy_minus_teacher": "-0.7"} for row in rows]
    assert draw("unlabeled", tmp_path, [*less, *rows], "one") == draw("unlabeled", tmp_path, rows, "two")


@pytest.mark.slow
def test_referral_draws_the_best_rows_from_the_student_alone_to_the_teacher(tmp_path, figures):
    others = [row | {"best": "", "method": "worse"} for row in referral()]
    costless = [row | {"flops_of_teacher": "", "magnification": "20x"} for row in referral()]
    draw("referral", tmp_path, [*referral(), *others, *costless])
    assert titles(figures[0]) == ["test, 40 patients", "test, 40 regions"]
    for axes in figures[0].axes:
        lines = {line.get_label(): line for line in axes.get_lines()}
        assert "m0 at 2.5x (4.0 µm/px)" in lines and not any("worse" in name or "20x" in name for name in lines)
        line = lines["m0 at 5x (2.0 µm/px)"]
        assert np.allclose(line.get_xydata(), [(10, 70), (20, 80), (110, 90)])
        assert lines["teacher alone"].get_ydata()[0] == 90


def test_finer_magnifications_are_darker_whatever_their_order():
    looks = style.of_scales(["2.5x", "10x", "5x", "10x"])
    assert list(looks) == ["10x", "5x", "2.5x"]
    light = [sum(int(color[k : k + 2], 16) for k in (1, 3, 5)) for color, _ in looks.values()]
    assert light == sorted(light) and len(style.of_scales(["5x"])) == 1
