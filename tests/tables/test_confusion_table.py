"""Confusion: the counts, and the figure of them."""

import numpy as np
import pytest

from lowpower import files
from lowpower.evaluation.units import Judged, Units
from lowpower.figures import style
from lowpower.figures.confusion_figure import _percent, draw_confusion
from lowpower.tables.confusion_table import COUNTS, confusion_rows

KIND = {"per": "region", "split": "test", "pixels": "averaged"}


def units_of(truth, called):
    ids = [f"r{k}" for k in range(len(truth))]
    return Units(ids, ids, truth=np.array(truth, int), probabilities=np.eye(2)[called] if called else np.zeros((0, 2)))


def test_counts_are_summed_over_the_seeds_of_a_row():
    judged = [Judged(KIND, [], [units_of([0, 1, 1], [0, 0, 1]), units_of([1], [0]), units_of([], [])])]
    known = {"magnification": "5x", "labeled": "100", "unlabeled": "0", "steps": "300"}
    groups = [({"method": "sskd", **known}, [0, 1]), ({"method": "none", **known}, [2])]
    rows = confusion_rows(judged, groups, ["a", "b"])
    assert all(list(row) == COUNTS for row in rows)
    found = {(row["method"], row["truth"], row["predicted"]): row["n"] for row in rows}
    assert found == {
        ("sskd", "a", "a"): "1", ("sskd", "a", "b"): "0", ("sskd", "b", "a"): "2", ("sskd", "b", "b"): "1",
        **{("none", truth, called): "0" for truth in "ab" for called in "ab"},
    }  # fmt: skip


def test_a_model_that_never_read_such_pixels_has_no_counts():
    known = {"magnification": "5x", "labeled": "100", "unlabeled": "0", "steps": "300"}
    judged = [Judged(KIND | {"pixels": "level"}, [], [None, units_of([0], [0])])]
    rows = confusion_rows(
        judged, [({"method": "teacher", **known}, [0]), ({"method": "sskd", **known}, [1])], ["a", "b"]
    )
    assert {(row["method"], row["pixels"]) for row in rows} == {("sskd", "level")}


def counts(
    matrix, classes, method="teacher", scale="10x", per="region", unlabeled=100, split="test", pixels="averaged"
):
    values = (method, scale, 100, unlabeled, per, split, pixels)
    return [
        dict(zip(COUNTS, (*values, truth, called, matrix[i][j]), strict=True))
        for i, truth in enumerate(classes)
        for j, called in enumerate(classes)
    ]


@pytest.fixture
def figure(tmp_path, monkeypatch):
    """Draw rows twice, check that the bytes are equal, and return the figure and its text."""
    found = []
    save = style.save
    monkeypatch.setattr(style, "save", lambda figure, *paths: (found.append(figure), save(figure, *paths)))

    def draw(rows, classes):
        files.write_rows(tmp_path / "confusion.csv", COUNTS, rows)
        known = {tuple(row[key] for key in COUNTS[:-3]): row for row in rows}
        results = [{key: row[key] for key in COUNTS[:-3]} | {"accuracy": "0.0040"} for row in known.values()]
        files.write_rows(tmp_path / "results.csv", [*COUNTS[:-3], "accuracy"], results)
        for name in "ab":
            tables, pictures = (tmp_path / "confusion.csv", tmp_path / "results.csv"), (f"{name}.svg", f"{name}.png")
            draw_confusion(*tables, classes, *(tmp_path / picture for picture in pictures))
        for end in ("svg", "png"):
            assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
        return found[-1], (tmp_path / "a.svg").read_text()

    return draw


def cells(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.slow
def test_a_row_is_the_truth_and_its_shares_are_percent(figure):
    classes = ["$x$", "<b>", "_c_"]
    drawn, text = figure(counts([[3, 1, 0], [0, 1, 999], [0, 0, 0]], classes), classes)
    assert cells(drawn.axes[0]) == ["75", "25", "1", "99", "–", "–", "–"]  # 1 of 1,000 is neither none nor all
    assert drawn.axes[0].get_title(loc="left") == "teacher\nn = 1,004, 0.4 % correct"
    assert [tick.get_text() for tick in drawn.axes[0].get_yticklabels()] == classes
    for name in ("$x$", "&lt;b&gt;", "_c_"):
        assert text.count(f"<!-- {name} -->") == 2  # as they are: no formula, no markup


@pytest.mark.slow
@pytest.mark.parametrize("classes", [["adenocarcinoma", "normal"], list("abcdefg")])
def test_long_or_many_names_are_numbered(figure, classes):
    drawn, _ = figure(counts(np.eye(len(classes), dtype=int), classes), classes)
    assert [tick.get_text() for tick in drawn.axes[0].get_xticklabels()] == [str(k + 1) for k in range(len(classes))]
    assert all(f"{k}  {name}" in cells(drawn.axes[-1])[0] for k, name in enumerate(classes, start=1))


@pytest.mark.slow
def test_every_model_has_a_matrix_of_its_largest_shares_and_of_one_split(figure):
    classes = ["a", "b"]
    good, bad = [[9, 0], [0, 9]], [[0, 5], [5, 0]]
    rows = [
        *counts(good, classes), *counts(bad, classes, "sskd", "5x", unlabeled=50), *counts(good, classes, "sskd", "5x"),
        *counts(good, classes, "sskd", "2.5x"), *counts(bad, classes, split="external"),
        *counts(bad, classes, per="patient"), *counts(bad, classes, "sskd", "5x", pixels="level"),
    ]  # fmt: skip
    drawn, _ = figure(rows, classes)
    titles = [axes.get_title(loc="left") for axes in drawn.axes[:-1]]
    assert titles == [f"{name}\nn = 18, 0.4 % correct" for name in ("teacher", "sskd", "sskd")]
    assert cells(drawn.axes[-1])[0].startswith("Percent of the regions (test)")


def test_patients_are_counted_where_regions_have_no_labels(figure):
    classes = ["a", "b"]
    rows = [row for per in ("patient", "slide") for row in counts([[1, 0], [0, 1]], classes, per=per)]
    drawn, _ = figure(rows, classes)
    assert "n = 2," in drawn.axes[0].get_title(loc="left")
    assert cells(drawn.axes[-1])[0].startswith("Percent of the patients (test)")


def test_no_predictions_are_said_in_words(figure):
    assert f"<!-- {style.NOTHING} -->" in figure([], ["a", "b"])[1]


@pytest.mark.parametrize("count, total, text", [(1, 1000, "1"), (999, 1000, "99"), (5, 5, "100"), (1, 3, "33")])
def test_a_few_are_never_called_none_and_most_never_all(count, total, text):
    assert _percent(count, total) == text
