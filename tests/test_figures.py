import numpy as np
import pytest
from PIL import Image

from lowpower import files
from lowpower.tables import style
from lowpower.tables.figures import _steps_since_start, draw_accuracy_flops, draw_training_curves

RESULTS = [
    "method",
    "magnification",
    "labeled",
    "unlabeled",
    "per",
    "split",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
]
HISTORY = ["step", "phase", "val_log_loss", "chosen"]


def result(method, scale, accuracy, per="patient", unlabeled=100, low="0.4", high="0.95"):
    values = (method, scale, 100, unlabeled, per, "test", accuracy, low, high)
    return dict(zip(RESULTS, values, strict=True))


def accuracy_flops(folder, rows, name="figure"):
    files.write_rows(folder / "results.csv", RESULTS, rows)
    cost = [{"magnification": f"{10 / n:g}x", "flops_per_region": round(5e8 / n**2)} for n in (1, 2, 4)]
    files.write_rows(folder / "cost.csv", list(cost[0]), cost)
    svg, png = folder / f"{name}.svg", folder / f"{name}.png"
    draw_accuracy_flops(folder / "results.csv", folder / "cost.csv", svg, png)
    return svg, png


@pytest.fixture
def texts(monkeypatch):
    """All text of the figures that are drawn: ticks, titles and legends."""
    found = []
    save = style.save

    def keep(figure, svg, png):
        for axes in figure.axes:
            found.append(axes.get_title(loc="left"))
            found.extend(label.get_text() for label in axes.get_xticklabels())
        for legend in figure.legends:
            found.extend(label.get_text() for label in legend.get_texts())
        save(figure, svg, png)

    monkeypatch.setattr(style, "save", keep)
    return found


ROWS = [
    result("teacher", "10x", "0.9", unlabeled=0),
    result("scratch", "2.5x", "0.5"),
    result("sskd", "2.5x", "0.8"),
    result("sskd", "5x", "0.8", low="", high=""),  # one patient: no interval
]


def test_accuracy_flops_has_the_same_bytes_twice_and_every_method(tmp_path, texts):
    first, second = accuracy_flops(tmp_path, ROWS, "one"), accuracy_flops(tmp_path, ROWS, "two")
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert "date" not in first[0].read_text().lower()
    assert {"per patient", "teacher", "scratch", "sskd", "500 M\n10x\n(1.0 µm/px)"} <= set(texts)
    assert "per region" not in texts
    assert np.asarray(Image.open(first[1])).std() > 10


def test_regions_get_a_panel_where_they_have_labels(tmp_path, texts):
    accuracy_flops(tmp_path, [*ROWS, result("teacher", "10x", "0.9", "region")])
    assert {"per patient", "per region"} <= set(texts)


def test_only_the_largest_shares_are_drawn(tmp_path):
    less = [
        *ROWS[:2],
        result("sskd", "2.5x", "0.1", unlabeled=10),
        *ROWS[2:],
        result("sskd", "2.5x", "0.2", unlabeled=50),
    ]
    with_less, without = accuracy_flops(tmp_path, less, "less"), accuracy_flops(tmp_path, ROWS, "plain")
    assert with_less[1].read_bytes() == without[1].read_bytes()


def test_no_results_give_an_empty_figure(tmp_path):
    for path in accuracy_flops(tmp_path, []):
        assert path.stat().st_size > 0


def test_training_curves_have_a_panel_for_each_magnification(tmp_path, texts):
    models = [
        {"method": method, "magnification": scale, "labeled": 100, "unlabeled": 100, "seed": 0}
        for method, scale in (("teacher", 10), ("sskd", 5), ("sskd", 2.5), ("scratch", 2.5))
    ]
    for k in range(4):
        rows = [
            {"step": step, "phase": "train", "val_log_loss": 1 / step, "chosen": int(step == 30)}
            for step in (10, 20, 30)
        ]
        files.write_rows(tmp_path / f"{k}.csv", HISTORY, rows if k < 3 else [])
    for name in ("one", "two"):
        histories = [tmp_path / f"{k}.csv" for k in range(4)]
        draw_training_curves(histories, models, tmp_path / f"{name}.svg", tmp_path / f"{name}.png")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert [text for text in texts if "µm" in text][:3] == ["10x (1.0 µm/px)", "5x (2.0 µm/px)", "2.5x (4.0 µm/px)"]
    assert {"teacher", "sskd", "scratch"} <= set(texts)


def test_steps_of_fine_tuning_follow_those_of_distillation():
    phases = [("distill", 50), ("distill", 100), ("finetune", 10), ("finetune", 20)]
    history = [{"phase": phase, "step": str(step)} for phase, step in phases]
    assert _steps_since_start(history) == [50, 100, 110, 120]


def test_methods_are_told_apart_by_color_and_marker():
    looks = style.of_methods(["teacher", *(f"method{k}" for k in range(12))])
    assert len(set(looks.values())) == 13
    assert looks["teacher"][0] == style.TEACHER
