from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from prediction_frames import (
    BOTH,
    CLASSES,
    JUDGING,
    STATISTICS,
    STUDY,
    model,
    of_level,
    predictions,
    rows_of,
    with_validation,
    written,
)
from unit_files import write_units

from lowpower.evaluation.aggregation import Aggregation
from lowpower.evaluation.metrics import COMPARED, UNBOUNDED
from lowpower.files import read_rows
from lowpower.tables.layout import decimals, latex_of, percent, points, summary_of
from lowpower.tables.patient_list import list_patients
from lowpower.tables.result_rows import COLUMNS
from lowpower.tables.result_sections import details
from lowpower.tables.results_table import NOTHING, in_short, note, sections


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
    for metric in ("accuracy", "macro_f1", "precision", "recall", "auroc", "average_precision"):
        assert [teacher[f"{metric}{end}"] for end in ("", "_low", "_high")] == ["1.0000", "0.6306", "1.0000"]
    assert teacher["agreement"] == "" and student["agreement"] == "0.5000"
    assert {value for name, value in teacher.items() if "_minus_" in name} == {""}  # it has no difference to itself
    alike = next(row for row in rows if (row["method"], row["magnification"]) == ("sskd", "5x"))
    gap = [alike[f"accuracy_minus_teacher{end}"] for end in ("", "_low", "_high")]
    assert gap == ["0.0000", "-0.5912", "0.5912"]  # 8 patients, none differs: four undecided ones
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


@pytest.mark.slow
def test_intervals_do_not_depend_on_the_order_of_rows_or_on_other_models():
    shuffled = [(about, frame.sample(frac=1, random_state=0)) for about, frame in STUDY]
    assert rows_of(shuffled) == rows_of(STUDY)
    alone = rows_of([STUDY[0], STUDY[1]])
    assert [row for row in rows_of(STUDY) if (row["method"], row["magnification"]) == ("scratch", "2.5x")] == [
        row for row in alone if row["method"] == "scratch"
    ]


@pytest.mark.slow
def test_pixels_of_a_level_have_rows_of_their_own_for_students_only():
    rows = rows_of(BOTH)
    assert [row for row in rows if row["pixels"] == "averaged"] == rows_of(STUDY)  # the headline is what it was
    level = [row for row in rows if row["pixels"] == "level"]
    assert rows[-len(level) :] == level and len(level) == 3 * 5 and "teacher" not in {row["method"] for row in level}
    row = next(row for row in level if row["unlabeled"] == "100" and row["magnification"] == "2.5x")
    assert (row["method"], row["n"], row["accuracy"]) == ("sskd", "8", "0.6250")
    assert row["accuracy_minus_teacher"] == "-0.3750"  # of the teacher's 8 of 8 on area means
    assert row["accuracy_minus_averaged"] == "-0.2500"  # of its own 7 of 8
    assert float(row["accuracy_minus_averaged_low"]) < -0.25 < float(row["accuracy_minus_averaged_high"])


def test_a_model_that_reads_both_kinds_alike_differs_by_nothing_in_any_draw():
    rows = rows_of([STUDY[0], (model("sskd"), of_level(predictions(6), 6))])
    for row in (row for row in rows if row["pixels"] == "level"):
        for metric in COMPARED:
            gap = [row[f"{metric}_minus_averaged{end}"] for end in ("", "_low", "_high")]
            assert gap == ["0.0000", "-0.5912", "0.5912"] if metric not in UNBOUNDED else gap == ["0.0000"] * 3
            averaged = next(r for r in rows if r["per"] == row["per"] and r["method"] == "sskd")
            ends = ("", "_low", "_high")
            assert all(row[f"{metric}_minus_teacher{e}"] == averaged[f"{metric}_minus_teacher{e}"] for e in ends)


@pytest.mark.parametrize(
    "cell, digits, text",
    [
        ("0.9996", 3, "1.000"), ("0.9994", 3, "0.999"), ("0.0996", 3, "0.100"), ("-0.0004", 3, "0.000"), ("", 3, ""),
        ("-0.0006", 3, "-0.001"), ("0.1235", 3, "0.124"), ("0.1245", 3, "0.124"), ("12.3456", 3, "12.346"),
    ],
)  # fmt: skip
def test_numbers_of_a_table_are_rounded_not_cut(cell, digits, text):
    assert decimals(cell, digits) == text
    if digits == 3 and cell:
        row = dict.fromkeys(COLUMNS, "") | {"kappa": cell, "ece": cell, "ece_calibrated": cell, "magnification": "5x"}
        row |= {"pixels": "averaged", "per": "patient", "patients": "8", "seeds": "1", "split": "test"}
        scores = details([row])[1][1][0]
        assert [scores[name] for name in ("kappa", "ECE", "ECE, calibrated", "Brier")] == [text, text, text, "–"]


@pytest.mark.parametrize(
    "cells, in_percent, in_points",
    [
        (("0.9996", "0.9904", "1.0000"), "100.0 (99.0-100.0)", "+100.0 (+99.0 to +100.0)"),
        (("0.0004", "-0.0004", "0.0004"), "0.0 (0.0-0.0)", "+0.0 (+0.0 to +0.0)"),  # no end below the number itself
        (("0.9745", "0.9735", "0.9755"), "97.4 (97.4-97.6)", "+97.4 (+97.4 to +97.6)"),  # ties to even, all of them
        (("0.3125", "", ""), "31.2", "+31.2"), (("", "", ""), "", ""), (("-0.0126", "", ""), "-1.3", "-1.3"),
    ],
)  # fmt: skip
def test_shares_are_rounded_by_their_digits_and_none_is_minus_zero(cells, in_percent, in_points):
    assert (percent(*cells), points(*cells)) == (in_percent, in_points)


def summary(rows):
    return summary_of(sections(rows), note(0.95))


@pytest.mark.slow
def test_people_see_rows_of_a_level_under_a_title_of_their_own():
    text = summary(rows_of(BOTH))
    titles = [line[4:] for line in text.splitlines() if line.startswith("###")]
    assert titles == [
        "Per patient, test (8 patients, one seed: these models alone)",
        "Per region, test (24 regions of 8 patients, one seed: these models alone)",
        "Per patient, test, read from the slide's own level (8 patients, one seed: these models alone)",
        "Per region, test, read from the slide's own level (24 regions of 8 patients, one seed: these models alone)",
    ]
    parts = text.split("###")[1:]
    assert ["minus its own on area means" in part for part in parts] == [False, False, True, True]
    assert "-25.0 (" in parts[2]
    assert in_short(rows_of(BOTH)) == in_short(rows_of(STUDY)).replace("18 rows", "33 rows")


def test_regions_are_shown_only_where_they_have_labels():
    assert {row["per"] for row in rows_of(STUDY, regions_have_labels=False)} == {"patient", "slide"}


def test_only_reported_splits_are_judged():
    study = [(about, pd.concat([frame, predictions(0, split="val")])) for about, frame in STUDY[:2]]
    of_validation = {name for name in COLUMNS if "calibrated" in name} | {"temperature"}
    plain = [{k: v for k, v in row.items() if k not in of_validation} for row in rows_of(STUDY[:2])]
    assert [{k: v for k, v in row.items() if k not in of_validation} for row in rows_of(study)] == plain


def test_splits_are_judged_apart():
    study = [(about, pd.concat([frame, predictions(8, split="external")])) for about, frame in STUDY[:2]]
    found = {(row["split"], row["method"]): row["accuracy"] for row in rows_of(study) if row["per"] == "patient"}
    assert found[("external", "scratch")] == "1.0000"
    assert found[("test", "scratch")] == "0.5000"
    assert [split for split, _ in found] == ["test", "test", "external", "external"]  # the headline first


def test_one_patient_has_no_interval_and_one_class_no_auroc():
    row = rows_of([(model("teacher", 10), predictions(1, patients=1))])[0]
    assert (row["accuracy"], row["accuracy_low"], row["auroc"]) == ("1.0000", "", "")


@pytest.mark.slow
def test_the_results_in_short_name_the_teacher_and_the_range_of_the_lowest_magnification():
    reads = "teacher at 10x (1.0 µm/px) 100.0 %, sskd at 2.5x (4.0 µm/px) 87.5 %, scratch at 2.5x (4.0 µm/px) 50.0 %"
    assert in_short(rows_of(STUDY)) == f"results: 18 rows; correct of 8 patients (test): {reads}"
    assert in_short(rows_of(STUDY[:2])).endswith("100.0 %, scratch at 2.5x (4.0 µm/px) 50.0 %")
    assert "no predictions" in in_short([])


@pytest.mark.slow
def test_latex_has_a_tabular_under_the_title_of_each_table():
    text = latex_of(sections(rows_of(STUDY)), note(0.95))
    assert text.startswith("% Per patient, test (8 patients, one seed: these models alone)\n\\begin{tabular}")
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 2
    assert "% Per region, test (24 regions of 8 patients, one seed: these models alone)\n\\begin{tabular}" in text
    assert text.endswith("results.csv.\n")
    assert all(line.startswith("%") for line in latex_of([], NOTHING).splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("empty", [False, True])
def test_files_have_the_same_bytes_twice(tmp_path, empty):
    study = [(about, frame[:0] if empty else frame) for about, frame in STUDY]
    one, other = (written(tmp_path, study, name) for name in ("one", "two"))
    assert [path.read_bytes() for path in one.values()] == [path.read_bytes() for path in other.values()]
    text = one["md"].read_text(encoding="utf-8")
    rows, counts = read_rows(one["csv"]), read_rows(one["confusion"])
    if empty:
        assert rows == counts == read_rows(one["classes_csv"]) == []
        assert "no predictions" in text and "no predictions" in one["classes_md"].read_text(encoding="utf-8")
    else:
        assert len(rows) == 18
        assert "10x (1.0 µm/px)" in text
        assert "95 % intervals" in text
        assert "| 100.0 (63.1-100.0) |" in text
        assert np.isclose(float(rows[3]["accuracy"]), 0.5)
        known = ("method", "magnification", "labeled", "unlabeled", "per", "split", "pixels")
        for row in rows:
            own = [count for count in counts if all(count[key] == row[key] for key in known)]
            assert len(own) == 4 and sum(int(count["n"]) for count in own) == int(row["n"])
            right = sum(int(count["n"]) for count in own if count["truth"] == count["predicted"])
            assert right / int(row["n"]) == pytest.approx(float(row["accuracy"]), abs=1e-4)


def test_too_few_patients_have_a_dash_instead_of_an_interval(tmp_path):
    tables = written(tmp_path, STUDY[:2], statistics=replace(STATISTICS, fewest_patients=9))
    rows = read_rows(tables["csv"])
    assert {row[name] for row in rows for name in COLUMNS if name.endswith(("_low", "_high"))} == {""}
    assert {row["accuracy"] for row in rows} == {"1.0000", "0.5000"}
    text = tables["md"].read_text(encoding="utf-8")
    assert "| 50.0 (–) " in text and "fewer than 9 patients" in text
    assert "50.0 (--)" in tables["tex"].read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_class_has_its_metrics_and_one_without_patients_has_none(tmp_path):
    tables = written(tmp_path, STUDY[:2])
    rows = {(r["method"], r["class"]): r for r in read_rows(tables["classes_csv"]) if r["per"] == "patient"}
    assert list(rows) == [(method, name) for method in ("teacher", "scratch") for name in CLASSES]
    scratch = rows["scratch", "c"]  # 4 of 8 patients are of each class, the first 4 of all are read right
    assert [scratch[name] for name in ("n", "patients", "f1", "precision", "recall")] == ["4", "4", *["0.5000"] * 3]
    assert float(scratch["recall_low"]) < 0.5 < float(scratch["recall_high"])
    one_class = [(about, frame[frame["label"] == "c"]) for about, frame in STUDY[:2]]
    tables = written(tmp_path, one_class, "alone")
    rows = {(r["method"], r["class"]): r for r in read_rows(tables["classes_csv"]) if r["per"] == "patient"}
    assert [rows["teacher", "a|b"][name] for name in ("n", "f1", "recall", "recall_low")] == ["0", "", "", ""]
    assert "| –" in tables["classes_md"].read_text(encoding="utf-8")
    assert read_rows(tables["csv"])[0]["auroc"] == ""


def test_patients_are_a_row_with_every_models_call(tmp_path):
    study = [*STUDY[:2], (model("sskd", unlabeled=100, seed=1), predictions(7))]
    units, models = write_units(tmp_path, study, JUDGING)
    list_patients(units, models=models, classes=CLASSES, reported=["test"], names=None, csv=tmp_path / "patients.csv")
    rows = read_rows(tmp_path / "patients.csv")
    assert [(row["patient"], row["seed"]) for row in rows[:3]] == [("p0", "0"), ("p0", "1"), ("p1", "0")]
    last = next(row for row in rows if (row["patient"], row["seed"]) == ("p7", "0"))
    assert (last["truth"], last["right"], last["models"]) == ("c", "1", "2")
    assert (last["teacher 10x"], last["teacher 10x p"]) == ("c", "0.9000")
    assert last["scratch 2.5x labeled100-unlabeled0"] == "a|b"
    assert last["sskd 2.5x labeled100-unlabeled100"] == ""  # of another seed


@pytest.mark.slow
def test_the_spread_is_over_seeds_and_intervals_carry_it():
    def row_of(*counts):
        """The student's row of three seeds with so many right answers each."""
        rights = (("teacher", 10, (8, 8, 8)), ("sskd", 2.5, counts))
        study = [(model(name, at, seed=seed), predictions(k)) for name, at, own in rights for seed, k in enumerate(own)]
        return rows_of(study)[1]

    alike, apart = row_of(5, 5, 5), row_of(3, 5, 7)
    assert (apart["accuracy"], apart["accuracy_spread"], apart["seeds"]) == ("0.6250", "0.2500", "3")
    assert (alike["accuracy"], alike["accuracy_spread"]) == ("0.6250", "0.0000")
    for name in ("accuracy", "accuracy_minus_teacher"):
        narrow, wide = ([float(row[f"{name}{end}"]) for end in ("_low", "_high")] for row in (alike, apart))
        assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert rows_of(STUDY)[1]["accuracy_spread"] == ""


def test_a_row_without_its_teacher_or_with_a_missing_seed_says_so():
    study = [(model("teacher", 10), predictions(8)), (model("sskd", seed=0), predictions(6))]
    both = [*study, (model("sskd", seed=1), predictions(6))]
    row = rows_of(both)[1]  # the teacher of seed 1 is missing
    assert (row["seeds"], row["accuracy_minus_teacher"], row["accuracy_minus_teacher_low"]) == ("2", "", "")
    text = summary(rows_of(both))
    assert "8 patients, one seed: these models alone)" in text and "8 patients, mean of 2 seeds)" in text
    assert text.split("###")[2].splitlines()[4].endswith("| –                        |")
    assert "no teacher to compare with" in text


@pytest.mark.slow
def test_the_temperature_and_the_threshold_are_chosen_on_validation_data(tmp_path):
    study = [(about, with_validation(frame, 6)) for about, frame in STUDY[:2]]
    rows = read_rows(written(tmp_path, study, positive_class="c")["csv"])
    assert {row["split"] for row in rows} == {"test"}
    teacher, student = rows[0], rows[1]
    sharp = 0.75  # the share that is right in validation, where every probability is .9
    temperature = np.log(9) / np.log(sharp / (1 - sharp))
    assert float(student["temperature"]) == pytest.approx(temperature, abs=1e-3)
    assert float(student["threshold"]) == pytest.approx(0.5)
    assert [teacher[name] for name in ("sensitivity", "specificity", "ppv", "npv")] == ["1.0000"] * 4
    assert teacher["sensitivity_low"] == "0.3976"  # 4 positive patients without one exception: .025 ** (1 / 4)
    assert [student[name] for name in ("sensitivity", "specificity", "ppv", "npv")] == ["0.5000"] * 4
    text = (tmp_path / "one.md").read_text(encoding="utf-8")
    assert "threshold chosen on validation patients" in text and "| balanced accuracy (macro recall) |" in text
    expected = -(np.log(0.75) + np.log(0.25)) / 2
    assert float(student["log_loss_calibrated"]) == pytest.approx(expected, abs=1e-3)
    assert float(student["log_loss"]) == pytest.approx(-(np.log(0.9) + np.log(0.1)) / 2, abs=1e-4)
    plain = read_rows(written(tmp_path, STUDY[:2], "plain")["csv"])[1]
    assert {plain[name] for name in ("temperature", "threshold", "sensitivity", "ece_calibrated")} == {""}


@pytest.mark.slow
def test_validation_chooses_how_regions_become_a_patient(tmp_path):
    frame = pd.concat([predictions(8), predictions(8, split="val")])
    focal = frame["region"].str.endswith("_0")  # one region of each patient shows the class, two say the opposite
    wrong = frame.assign(**{"p_a|b": np.where(focal, frame["p_a|b"] * 0.99 + 0.005, 1 - frame["p_a|b"] * 0.6 - 0.2)})
    study = [(model("teacher", 10), wrong.assign(p_c=1 - wrong["p_a|b"]))]
    found = {}
    for way in ("mean", "max", "top_k", "validation"):
        row = read_rows(written(tmp_path, study, way, judging=JUDGING | {"aggregation": Aggregation(way, 2)})["csv"])[0]
        found[way] = (row["aggregation"], row["log_loss"])
    losses = {way: float(loss) for way, (_, loss) in found.items()}
    assert losses["validation"] == min(losses.values()) < losses["mean"]
    assert found["validation"][0] == min(("mean", "max", "top_k"), key=losses.get) == "max"


@pytest.mark.slow
def test_sites_have_rows_of_their_own_where_there_is_more_than_one(tmp_path):
    study = [
        (about, frame.assign(site=np.where(frame["patient"] < "p4", "East", "West"))) for about, frame in STUDY[:2]
    ]
    tables = written(tmp_path, study)
    rows = {(r["site"], r["method"]): r for r in read_rows(tables["sites_csv"]) if r["per"] == "patient"}
    assert [rows[site, "scratch"]["accuracy"] for site in ("East", "West")] == ["1.0000", "0.0000"]
    assert [rows[site, "scratch"]["accuracy_minus_teacher"] for site in ("East", "West")] == ["0.0000", "-1.0000"]
    assert rows["East", "teacher"]["patients"] == "4"
    assert read_rows(tables["csv"])[1]["accuracy"] == "0.5000"
    assert "| East |" in tables["sites_md"].read_text(encoding="utf-8")
    assert read_rows(written(tmp_path, STUDY[:2], "none")["sites_csv"]) == []
