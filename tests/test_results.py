import numpy as np
import pandas as pd
import pytest

from lowpower.files import read_rows
from lowpower.tables.results import COLUMNS, evaluate, in_short, latex_of, result_rows, summary_of
from lowpower.tables.units import judge

CLASSES = ["a|b", "c"]
STATISTICS = {"draws": 200, "rank_draws": 100, "confidence": 0.95}


def predictions(right, patients=8, regions=3, split="test"):
    """Each patient has one slide of its class; the first ``right`` patients are judged rightly."""
    rows = []
    for p in range(patients):
        truth = p % 2
        guess = truth if p < right else 1 - truth
        for k in range(regions):
            rows.append(
                {
                    "region": f"s{p}_{k}", "slide": f"s{p}", "patient": f"p{p}", "site": "", "split": split,
                    "label": CLASSES[truth], "true_label": "", "label_source": "slide", "area_mm2": 1.0 + k,
                    "pixels": "averaged", "p_a|b": 0.9 if guess == 0 else 0.1, "p_c": 0.1 if guess == 0 else 0.9,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def model(method, scale=2.5, unlabeled=0, seed=0):
    return {
        "method": method, "network": "resnet10", "magnification": scale,
        "labeled": 100, "unlabeled": unlabeled, "seed": seed, "steps": 300,
    }  # fmt: skip


STUDY = [
    (model("teacher", 10), predictions(8)),
    (model("scratch", 2.5), predictions(4)),
    (model("scratch", 5), predictions(6)),
    (model("sskd", 2.5, 100), predictions(7)),
    (model("sskd", 2.5, 50), predictions(6)),
    (model("sskd", 5, 100), predictions(8)),
]


def rows_of(study, regions_have_labels=True):
    judged = judge([frame for _, frame in study], CLASSES, regions_have_labels, ["test", "external"])
    return result_rows(judged, [about for about, _ in study], STATISTICS)


def test_rows_stand_in_reading_order():
    found = [(r["per"], r["method"], r["magnification"], r["unlabeled"]) for r in rows_of(STUDY)]
    models = [
        ("teacher", "10x", "0"), ("scratch", "5x", "0"), ("sskd", "5x", "100"),
        ("scratch", "2.5x", "0"), ("sskd", "2.5x", "50"), ("sskd", "2.5x", "100"),
    ]  # fmt: skip
    assert found == [(per, *known) for per in ("patient", "slide", "region") for known in models]


def test_a_perfect_teacher_and_the_distance_to_it():
    rows = rows_of(STUDY)
    assert all(set(row) == set(COLUMNS) for row in rows)
    teacher, student = rows[0], rows[3]
    for metric in ("accuracy", "macro_f1", "precision", "recall", "auroc"):
        assert [teacher[f"{metric}{end}"] for end in ("", "_low", "_high")] == ["1.0000"] * 3
        assert [teacher[f"{metric}_minus_teacher{end}"] for end in ("", "_low", "_high")] == ["0.0000"] * 3
    assert (student["n"], student["patients"], student["seeds"], student["steps"]) == ("8", "8", "1", "300")
    assert student["accuracy"] == "0.5000"
    assert student["accuracy_minus_teacher"] == "-0.5000"
    assert float(student["accuracy_low"]) < 0.5 < float(student["accuracy_high"])
    region = next(row for row in rows if row["per"] == "region")
    assert (region["n"], region["patients"]) == ("24", "8")


def test_seeds_are_averaged_and_each_student_compared_with_its_own_teacher():
    study = [
        (model("teacher", 10, seed=0), predictions(8)), (model("teacher", 10, seed=1), predictions(4)),
        (model("sskd", seed=0), predictions(6)), (model("sskd", seed=1), predictions(4)),
    ]  # fmt: skip
    teacher, student = rows_of(study)[:2]
    assert (teacher["seeds"], teacher["accuracy"]) == ("2", "0.7500")
    assert (student["accuracy"], student["accuracy_minus_teacher"]) == ("0.6250", "-0.1250")


def test_intervals_do_not_depend_on_the_order_of_rows_or_on_other_models():
    shuffled = [(about, frame.sample(frac=1, random_state=0)) for about, frame in STUDY]
    assert rows_of(shuffled) == rows_of(STUDY)
    alone = rows_of([STUDY[0], STUDY[1]])
    assert [row for row in rows_of(STUDY) if (row["method"], row["magnification"]) == ("scratch", "2.5x")] == [
        row for row in alone if row["method"] == "scratch"
    ]


def of_level(frame, right):
    """The same regions of a model, the first ``right`` patients of them judged rightly from the slide's own level."""
    return pd.concat([frame, predictions(right).assign(pixels="level")])


BOTH = [
    (about, frame if about["method"] == "teacher" else of_level(frame, right))
    for (about, frame), right in zip(STUDY, (0, 3, 6, 5, 6, 8), strict=True)
]


def test_pixels_of_a_level_have_rows_of_their_own_for_students_only():
    rows = rows_of(BOTH)
    assert [row for row in rows if row["pixels"] == "averaged"] == rows_of(STUDY)  # the headline is what it was
    level = [row for row in rows if row["pixels"] == "level"]
    assert rows[-len(level) :] == level and len(level) == 3 * 5 and "teacher" not in {row["method"] for row in level}
    row = next(row for row in level if row["unlabeled"] == "100" and row["magnification"] == "2.5x")
    assert (row["method"], row["n"], row["accuracy"]) == ("sskd", "8", "0.6250")
    assert row["accuracy_minus_teacher"] == "-0.3750"  # of the teacher's 8 of 8 on area means
    assert row["accuracy_minus_averaged"] == "-0.2500"  # of its own 7 of 8
    assert float(row["accuracy_minus_averaged_low"]) < -0.25 < float(row["accuracy_minus_averaged_high"]) <= 0


def test_a_model_that_reads_both_kinds_alike_differs_by_nothing_in_any_draw():
    rows = rows_of([STUDY[0], (model("sskd"), of_level(predictions(6), 6))])
    for row in (row for row in rows if row["pixels"] == "level"):
        for metric in ("accuracy", "macro_f1", "precision", "recall", "auroc"):
            assert [row[f"{metric}_minus_averaged{end}"] for end in ("", "_low", "_high")] == ["0.0000"] * 3
            averaged = next(r for r in rows if r["per"] == row["per"] and r["method"] == "sskd")
            ends = ("", "_low", "_high")
            assert all(row[f"{metric}_minus_teacher{e}"] == averaged[f"{metric}_minus_teacher{e}"] for e in ends)


def test_people_see_rows_of_a_level_under_a_title_of_their_own():
    text = summary_of(rows_of(BOTH), 0.95)
    titles = [line[4:] for line in text.splitlines() if line.startswith("###")]
    assert titles == [
        "Per patient, test (8 patients, one seed)",
        "Per region, test (24 regions of 8 patients, one seed)",
        "Per patient, test, read from the slide's own level (8 patients, one seed)",
        "Per region, test, read from the slide's own level (24 regions of 8 patients, one seed)",
    ]
    parts = text.split("###")[1:]
    assert ["minus its own on area means" in part for part in parts] == [False, False, True, True]
    assert "-25.0 (" in parts[2]
    assert in_short(rows_of(BOTH)) == in_short(rows_of(STUDY)).replace("18 rows", "33 rows")


def test_regions_are_shown_only_where_they_have_labels():
    assert {row["per"] for row in rows_of(STUDY, regions_have_labels=False)} == {"patient", "slide"}


def test_only_reported_splits_are_judged():
    study = [(about, pd.concat([frame, predictions(0, split="val")])) for about, frame in STUDY[:2]]
    assert rows_of(study) == rows_of(STUDY[:2])


def test_splits_are_judged_apart():
    study = [(about, pd.concat([frame, predictions(8, split="external")])) for about, frame in STUDY[:2]]
    found = {(row["split"], row["method"]): row["accuracy"] for row in rows_of(study) if row["per"] == "patient"}
    assert found[("external", "scratch")] == "1.0000"
    assert found[("test", "scratch")] == "0.5000"
    assert [split for split, _ in found] == ["test", "test", "external", "external"]  # the headline first


def test_one_patient_has_no_interval_and_one_class_no_auroc():
    row = rows_of([(model("teacher", 10), predictions(1, patients=1))])[0]
    assert (row["accuracy"], row["accuracy_low"], row["auroc"]) == ("1.0000", "", "")


def test_the_results_in_short_name_the_teacher_and_the_range_of_the_lowest_magnification():
    reads = "teacher at 10x (1.0 µm/px) 100.0 %, sskd at 2.5x (4.0 µm/px) 87.5 %, scratch at 2.5x (4.0 µm/px) 50.0 %"
    assert in_short(rows_of(STUDY)) == f"results: 18 rows; right of 8 patients (test): {reads}"
    assert in_short(rows_of(STUDY[:2])).endswith("100.0 %, scratch at 2.5x (4.0 µm/px) 50.0 %")
    assert "no predictions" in in_short([])


def test_latex_has_a_tabular_under_the_title_of_each_table():
    text = latex_of(rows_of(STUDY), 0.95)
    assert text.startswith("% Per patient, test (8 patients, one seed)\n\\begin{tabular}")
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 2
    assert "% Per region, test (24 regions of 8 patients, one seed)\n\\begin{tabular}" in text
    assert text.endswith("results.csv.\n")
    assert all(line.startswith("%") for line in latex_of([], 0.95).splitlines())


@pytest.mark.parametrize("empty", [False, True])
def test_files_have_the_same_bytes_twice(tmp_path, empty):
    study = [(about, frame[:0] if empty else frame) for about, frame in STUDY]
    for k, (_, frame) in enumerate(study):
        frame.to_parquet(tmp_path / f"{k}.parquet")
    written = []
    for name in ("one", "two"):
        evaluate(
            [tmp_path / f"{k}.parquet" for k in range(len(study))], [about for about, _ in study], CLASSES, True,
            ["test"], STATISTICS, *(tmp_path / f"{name}{end}" for end in (".csv", ".md", ".tex", ".confusion.csv")),
        )  # fmt: skip
        ends = (".csv", ".md", ".tex", ".confusion.csv")
        written.append(b"".join((tmp_path / f"{name}{end}").read_bytes() for end in ends))
    assert written[0] == written[1]
    text = (tmp_path / "one.md").read_text(encoding="utf-8")
    rows = read_rows(tmp_path / "one.csv")
    counts = read_rows(tmp_path / "one.confusion.csv")
    if empty:
        assert rows == counts == []
        assert "no predictions" in text
    else:
        assert len(rows) == 18
        assert "10x (1.0 µm/px)" in text
        assert "95 % intervals" in text
        assert "| 100.0 (100.0-100.0) |" in text
        assert np.isclose(float(rows[3]["accuracy"]), 0.5)
        known = ("method", "magnification", "labeled", "unlabeled", "per", "split", "pixels")
        for row in rows:
            own = [count for count in counts if all(count[key] == row[key] for key in known)]
            assert len(own) == 4 and sum(int(count["n"]) for count in own) == int(row["n"])
            right = sum(int(count["n"]) for count in own if count["truth"] == count["predicted"])
            assert right / int(row["n"]) == pytest.approx(float(row["accuracy"]), abs=1e-4)
