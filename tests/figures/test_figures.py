import numpy as np
import pytest
from figure_titles import titles
from PIL import Image

from lowpower import files
from lowpower.config.trained_model import Model
from lowpower.figures import style
from lowpower.figures.accuracy_cost import _frontier, draw_accuracy_flops, largest_shares
from lowpower.figures.panels import model_panels
from lowpower.figures.training_curves import _steps_since_start, draw_training_curves

RESULTS = [
    *("method", "network", "magnification", "labeled", "unlabeled", "per", "split", "pixels", "n"),
    *("accuracy", "accuracy_low", "accuracy_high"),
]
HISTORY = ["step", "phase", "val_log_loss", "chosen"]


def result(
    method,
    scale,
    accuracy,
    per="patient",
    unlabeled=100,
    low="0.4",
    high="0.95",
    split="test",
    pixels="averaged",
    network="resnet10",
):
    values = (method, network, scale, 100, unlabeled, per, split, pixels, 1234, accuracy, low, high)
    return dict(zip(RESULTS, values, strict=True))


def accuracy_flops(folder, rows, name="figure", others=()):
    files.write_rows(folder / "results.csv", RESULTS, rows)
    cost = [
        {"network": "resnet10", "magnification": f"{10 / n:g}x", "flops_per_region": round(5e8 / n**2)}
        for n in (1, 2, 4)
    ]
    cost += [dict(zip(cost[0], other, strict=True)) for other in others]
    files.write_rows(folder / "cost.csv", list(cost[0]), cost)
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    draw_accuracy_flops(folder / "results.csv", cost=folder / "cost.csv", svg=svg, png=png)
    return svg, png


def legend(figure):
    return [text.get_text() for each in figure.legends for text in each.get_texts()]


ROWS = [
    result("teacher", "10x", "0.9", unlabeled=0),
    result("scratch", "2.5x", "0.5"),
    result("sskd", "2.5x", "0.8"),
    result("sskd", "5x", "0.8", low="", high=""),  # one patient: no interval
]


@pytest.mark.slow
def test_accuracy_flops_has_the_same_bytes_twice_and_every_method(tmp_path, figures):
    first, second = accuracy_flops(tmp_path, ROWS, "one"), accuracy_flops(tmp_path, ROWS, "two")
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert "date" not in first[0].read_text().lower()
    assert titles(figures[0]) == ["test, 1,234 patients"]
    assert legend(figures[0]) == ["teacher", "scratch", "sskd"]
    assert "500 M\n10x\n(1.0 µm/px)" in [tick.get_text() for tick in figures[0].axes[0].get_xticklabels()]
    assert np.asarray(Image.open(first[1])).std() > 10


@pytest.mark.slow
def test_regions_and_external_patients_have_panels_of_their_own_on_one_scale(tmp_path, figures):
    more = [result("teacher", "10x", "0.9", per, split=split) for per in ("region", "slide") for split in ("test",)]
    more += [result("teacher", "10x", "0.2", per, split="external") for per in ("patient", "region")]
    accuracy_flops(tmp_path, [*ROWS, *more])
    assert [title.split(",")[0] for title in titles(figures[0])] == ["test", "test", "external", "external"]
    assert [title.split()[-1] for title in titles(figures[0])] == ["patients", "regions"] * 2
    assert len({axes.get_ylim() for axes in figures[0].axes}) == 1


@pytest.mark.slow
def test_only_the_largest_shares_are_drawn(tmp_path):
    less = [
        *ROWS[:2],
        result("sskd", "2.5x", "0.1", unlabeled=10),
        *ROWS[2:],
        result("sskd", "2.5x", "0.2", unlabeled=50),
    ]
    assert [row["accuracy"] for row in largest_shares(less)] == ["0.9", "0.5", "0.8", "0.8"]
    with_less, without = accuracy_flops(tmp_path, less, "less"), accuracy_flops(tmp_path, ROWS, "plain")
    assert with_less[1].read_bytes() == without[1].read_bytes()


@pytest.mark.slow
def test_pixels_of_a_slides_own_level_are_not_drawn(tmp_path):
    level = [result(row["method"], row["magnification"], "0.1", pixels="level") for row in ROWS[1:]]
    with_level, without = accuracy_flops(tmp_path, [*ROWS, *level], "level"), accuracy_flops(tmp_path, ROWS, "plain")
    assert with_level[0].read_bytes() == without[0].read_bytes()


@pytest.mark.slow
def test_many_methods_at_one_magnification_stay_apart_from_the_next(tmp_path, figures):
    rows = [result(f"m{k}", scale, "0.8") for k in range(30) for scale in ("5x", "2.5x")]
    accuracy_flops(tmp_path, rows)
    places = {line.get_xdata()[0] for line in figures[0].axes[0].get_lines() if line.get_marker() != "None"}
    assert len(places) == 60
    low, high = sorted(places)[:30], sorted(places)[30:]
    assert high[0] / low[-1] > (low[1] / low[0]) ** 2


@pytest.mark.slow
def test_a_row_stands_at_the_flops_of_its_own_network(tmp_path, figures):
    rows = [
        result("elsewhere", "2.5x", "0.7", network="resnet50"),
        result("color_baseline", "2.5x", "0.3", network="color"),
    ]
    accuracy_flops(tmp_path, [*ROWS, *rows], others=[("resnet50", "2.5x", 3e9), ("color", "2.5x", 4e4)])
    axes = figures[0].axes[0]
    places = {line.get_label(): line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() != "None"}
    assert places["elsewhere"] == pytest.approx(3e9, rel=0.3) and axes.get_xlim()[1] > 3e9
    assert (
        "color_baseline" in legend(figures[0]) and "color_baseline" not in places
    )  # a line: its FLOPs are off the scale
    assert axes.get_xlim()[0] > 1e6
    assert [tick.get_text().split("\n")[1] for tick in axes.get_xticklabels()] == ["10x", "5x", "2.5x"]


@pytest.mark.slow
def test_a_row_off_the_scale_is_one_line_at_its_best_and_one_without_a_cost_is_left_out(tmp_path, figures):
    rows = [
        result("color_baseline", scale, value, network="color") for scale, value in (("5x", "0.3"), ("2.5x", "0.4"))
    ]
    rows.append(result("unknown", "2.5x", "0.7", network="resnet50"))
    accuracy_flops(tmp_path, [*ROWS, *rows], others=[("color", "5x", 1e5), ("color", "2.5x", 4e4)])
    dotted = [line for line in figures[0].axes[0].get_lines() if line.get_linestyle() == ":"]
    assert [list(line.get_ydata()) for line in dotted] == [[40, 40]]
    assert legend(figures[0]) == ["teacher", "scratch", "sskd", "color_baseline"]
    accuracy_flops(tmp_path, [result("unknown", "2.5x", "0.7", network="resnet50")])
    assert not figures[1].axes


def test_a_line_joins_the_rows_that_no_cheaper_row_reaches():
    reached = [
        (4.0, 70.0, 4.1),
        (1.0, 60.0, 1.1),
        (1.0, 55.0, 0.9),
        (2.0, 50.0, 2.0),
        (4.0, 80.0, 3.9),
        (8.0, 80.0, 8.0),
    ]
    assert _frontier(reached) == [(1.1, 60.0), (3.9, 80.0)]


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [("patient",), ("patient", "region")])
def test_more_than_three_magnifications_take_the_whole_width(tmp_path, figures, kinds):
    scales = [(f"{10 / n:g}x", 5e8 / n**2) for n in (8, 16)]
    rows = [result("sskd", scale, "0.8", per) for scale in ("5x", "2.5x", "1.25x", "0.625x") for per in kinds]
    accuracy_flops(tmp_path, [*ROWS[:2], *rows], others=[("resnet10", *one) for one in scales])
    assert figures[0].get_size_inches()[0] == 8.5
    assert [axes.get_subplotspec().colspan.start for axes in figures[0].axes] == [0] * len(kinds)
    labels = [label.get_text() for label in figures[0].axes[-1].get_xticklabels()]
    assert "(16.0 µm/px)" in labels[-1]


def test_no_results_are_said_in_words(tmp_path):
    svg, png = accuracy_flops(tmp_path, [])
    assert f"<!-- {style.NOTHING} -->" in svg.read_text()
    assert png.stat().st_size > 0


def curves(folder, models, name="one"):
    for k, model in enumerate(models):
        phases = [("distill", 10), ("distill", 20), ("finetune", 10)]
        rows = [
            {"step": step, "phase": phase, "val_log_loss": 1 / (step + model.seed), "chosen": int(step == 10)}
            for phase, step in phases
        ]
        files.write_rows(folder / f"{k}.csv", HISTORY, rows)
    histories = [folder / f"{k}.csv" for k in range(len(models))]
    draw_training_curves(histories, models=models, svg=folder / f"{name}.svg", png=folder / f"{name}.png")


def model(method, scale, seed=0, unlabeled=100):
    return Model(
        method=method,
        magnification=scale,
        labeled=100,
        unlabeled=unlabeled,
        seed=seed,
        network="color" if method == "color_baseline" else "resnet10",
    )


@pytest.mark.slow
def test_training_curves_have_a_panel_for_each_method_and_magnification(tmp_path, figures):
    models = [
        model("teacher", 10),
        model("sskd", 2.5),
        model("sskd", 5),
        model("scratch", 2.5),
        model("color_baseline", 2.5),
    ]
    for name in ("one", "two"):
        curves(tmp_path, models, name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert titles(figures[0]) == ["teacher", "sskd", "sskd", "scratch", ""]
    rows = [axes.get_ylabel() for axes in figures[0].axes if axes.get_ylabel()]
    assert rows == ["10x (1.0 µm/px)", "5x (2.0 µm/px)", "2.5x (4.0 µm/px)"]


@pytest.mark.slow
def test_every_seed_and_share_has_its_line_and_the_others_of_its_magnification_lie_behind(tmp_path, figures):
    models = [model("teacher", 10), *(model("sskd", 2.5, seed, share) for seed in (0, 1) for share in (50, 100))]
    curves(tmp_path, [*models, model("scratch", 2.5)])
    panel = dict(zip(titles(figures[0]), figures[0].axes, strict=True))["sskd"]
    lines = [line for line in panel.get_lines() if line.get_linestyle() == "-" and line.get_marker() == "None"]
    own = [line for line in lines if line.get_color() != style.FRAME]
    assert sorted(line.get_alpha() for line in own) == [0.5, 0.5, 1, 1]
    assert [list(line.get_xdata()) for line in own] == [[10, 20]] * 4
    assert [list(line.get_xdata()) for line in lines if line not in own] == [[10, 20, 30]]


@pytest.mark.slow
def test_what_is_not_validated_has_no_curve_and_a_given_teacher_no_history(tmp_path, figures):
    phases = [("pretrain", 5, "", 0), ("pretrain", 10, "", 1), ("finetune", 5, "0.5", 0), ("finetune", 10, "0.4", 1)]
    rows = [dict(zip(("phase", "step", "val_log_loss", "chosen"), phase, strict=True)) for phase in phases]
    files.write_rows(tmp_path / "0.csv", HISTORY, [])
    files.write_rows(tmp_path / "1.csv", HISTORY, rows)
    models = [model("teacher", 10), model("vicreg", 2.5)]
    paths = tmp_path / "one.svg", tmp_path / "one.png"
    draw_training_curves([tmp_path / "0.csv", tmp_path / "1.csv"], models, *paths)
    panel = dict(zip(titles(figures[0]), figures[0].axes, strict=True))["vicreg"]
    drawn = [(x, y) for line in panel.get_lines() for x, y in line.get_xydata() if y == y]
    assert set(drawn) == {(15, 0.5), (20, 0.4)}


def test_steps_of_fine_tuning_follow_those_of_distillation():
    phases = [("distill", 50), ("distill", 100), ("finetune", 10), ("finetune", 20)]
    history = [{"phase": phase, "step": str(step)} for phase, step in phases]
    assert _steps_since_start(history) == [50, 100, 110, 120]


def test_a_row_of_panels_that_is_wider_than_a_page_is_broken():
    keys = [("teacher", "10x"), *((f"m{k}", scale) for k in range(7) for scale in ("5x", "2.5x"))]
    figure, panels, _ = model_panels(keys, 1.7, 1.7)
    assert tuple(figure.get_size_inches()) == (4 * 1.7, 5 * 1.7)
    places = [panels[f"m{k}", "2.5x"].get_subplotspec() for k in range(7)]
    assert [(place.rowspan.start, place.colspan.start) for place in places] == [
        (3, 0), (3, 1), (3, 2), (3, 3), (4, 0), (4, 1), (4, 2),
    ]  # fmt: skip


def test_methods_are_told_apart_by_color_and_marker():
    looks = style.of_methods(["teacher", *(f"method{k}" for k in range(12))])
    assert len(set(looks.values())) == 13
    assert looks["teacher"][0] == style.TEACHER


def test_long_names_are_cut_in_the_middle():
    assert style.shorten("adenocarcinoma", 14) == "adenocarcinoma"
    assert style.shorten("adenocarcinoma_in_situ", 11) == "adeno…_situ"
