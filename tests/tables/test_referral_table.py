import numpy as np
import pytest
from prediction_frames import JUDGING, STATISTICS, model, written
from referral_frames import COSTS, STUDENT, TEACHER, both, rows_of
from unit_files import write_units

from lowpower.evaluation.referral_thresholds import Pair, chosen_threshold, threshold_for
from lowpower.files import read_rows, write_rows
from lowpower.tables.referral_results import COLUMNS, SHARES, refer
from lowpower.tables.referral_table import mark_best, note, sections


def cells(rows, per="patient"):
    return {row["asked"]: row for row in rows if row["per"] == per}


def test_the_unsure_are_referred_and_the_teacher_is_right():
    rows = rows_of([TEACHER, STUDENT])
    assert all(set(row) == set(COLUMNS) for row in rows) and len(rows) == 2 * (len(SHARES) + 1)
    found = cells(rows)
    assert [found[asked]["accuracy"] for asked in ("0", "chosen", "100")] == ["0.7500", "1.0000", "1.0000"]
    # one of four validation patients is unsure: the next one's confidence is the threshold, 2 of 8 lie below it
    assert (found["chosen"]["thresholds"], found["chosen"]["referred"]) == ("0.900000", "0.2500")
    assert [found[asked]["referred"] for asked in ("0", "100")] == ["0.0000", "1.0000"]
    assert found["0"]["accuracy_minus_teacher"] == "-0.2500" and found["100"]["accuracy_minus_teacher"] == "0.0000"
    assert (found["chosen"]["n"], found["chosen"]["patients"]) == ("8", "8")
    assert {row["n"] for row in rows if row["per"] == "region"} == {"24"}


def test_the_student_is_paid_for_all_and_the_teacher_for_the_regions_of_those_referred():
    found = cells(rows_of([TEACHER, STUDENT]))
    assert [found[asked]["flops_of_teacher"] for asked in ("0", "chosen", "100")] == ["0.0625", "0.3125", "1.0625"]
    assert [found[asked]["bytes_of_teacher"] for asked in ("0", "chosen", "100")] == ["0.2000", "0.4500", "1.2000"]
    # referred patients that have 3 of 3 regions, beside others of which but one is left: 6 of 12
    kept = TEACHER[1]["patient"].isin(["p6", "p7"]) | TEACHER[1]["region"].str.endswith("_0")
    found = cells(rows_of([(about, frame[kept]) for about, frame in (TEACHER, STUDENT)]))
    assert (found["chosen"]["referred"], found["chosen"]["flops_of_teacher"]) == ("0.2500", "0.5625")


def test_nobody_and_everybody_referred_are_rows_of_the_results(tmp_path):
    study = [(model("teacher", 10), both(7, 4)), (model("sskd", 2.5, 100), both(4, 3))]
    units, models = write_units(tmp_path, study, JUDGING)
    write_rows(tmp_path / "cost.csv", list(COSTS[0]), COSTS)
    shared = {"units": units, "models": models, "reported": ["test"], "statistics": STATISTICS}

    def forms(name):
        return {form: tmp_path / f"{name}.{form}" for form in ("csv", "md", "tex")}

    table = written(tmp_path, study, "results")["csv"]
    for again in ("referral", "again"):
        refer(**shared, controls=[], cost=tmp_path / "cost.csv", **forms(again))
    for end in ("csv", "md", "tex"):
        assert (tmp_path / f"referral.{end}").read_bytes() == (tmp_path / f"again.{end}").read_bytes()
    results = {(row["method"], row["per"]): row for row in read_rows(table)}
    for per in ("patient", "region"):
        found = cells(read_rows(tmp_path / "referral.csv"), per)
        for end in ("", "_low", "_high"):
            assert found["0"][f"accuracy{end}"] == results["sskd", per][f"accuracy{end}"]
            assert found["100"][f"accuracy{end}"] == results["teacher", per][f"accuracy{end}"]
            name = f"accuracy_minus_teacher{end}"
            assert found["0"][name] == results["sskd", per][name]
            assert found["100"][name] == ("" if end else "0.0000")


def test_seeds_are_averaged_each_with_its_own_teacher_and_thresholds():
    study = [
        TEACHER,
        (model("teacher", 10, seed=1), both(4, 4)),
        STUDENT,
        (model("sskd", scale=2.5, unlabeled=100, seed=1), both(2, 4)),
    ]
    found = cells(rows_of(study))
    assert (found["0"]["seeds"], found["0"]["accuracy"], found["100"]["accuracy"]) == ("2", "0.5000", "0.7500")
    assert found["0"]["accuracy_minus_teacher"] == "-0.2500"
    assert found["chosen"]["thresholds"] == "0.900000 0.000000"  # on validation the second student needs no teacher
    assert found["100"]["thresholds"] == "inf inf"


def blank(row):
    return not row["accuracy"] and not row["referred"] and not row["flops_of_teacher"]


def test_what_is_missing_leaves_blanks_dashes_and_a_footnote():
    alone = rows_of([STUDENT])
    assert all(blank(row) for row in alone) and len(alone) == 2 * (len(SHARES) + 1)
    half = rows_of(
        [TEACHER, STUDENT, (model("sskd", scale=2.5, unlabeled=100, seed=1), both(6, 3))]
    )  # one of two seeds has a teacher
    assert all(blank(row) for row in half) and half[0]["seeds"] == "2"
    costless = cells(rows_of([TEACHER, STUDENT], costs=COSTS[:1]))
    assert costless["chosen"]["accuracy"] == "1.0000" and costless["chosen"]["flops_of_teacher"] == ""
    unvalidated = cells(rows_of([(about, frame[frame["split"] == "test"]) for about, frame in (TEACHER, STUDENT)]))
    assert [asked for asked, row in unvalidated.items() if not blank(row)] == ["0", "100"]
    for rows in (alone, half, list(costless.values()), list(unvalidated.values())):
        texts = str(sections(mark_best(rows, [TEACHER[0]], [])))
        assert "–" in texts and note(rows, 0.95).endswith("or no cost.")
    assert "–" not in note(rows_of([TEACHER, STUDENT]), 0.95)


def test_one_patient_has_no_interval():
    only = [(about, frame[frame["patient"].isin(["p0", "vp0", "vp3"])]) for about, frame in (TEACHER, STUDENT)]
    found = cells(rows_of(only))
    assert (found["0"]["accuracy"], found["0"]["accuracy_low"], found["0"]["n"]) == ("1.0000", "", "1")
    assert sections(rows_of(only))[0][1][0]["0 %"] == "100.0"


def test_no_predictions_are_said_in_words():
    assert rows_of([(TEACHER[0], TEACHER[1][:0])]) == [] and sections([]) == []
    assert note([], 0.95).startswith("There is no student")


def test_validation_results_say_that_thresholds_were_judged_where_they_were_set():
    rows = rows_of([TEACHER, STUDENT], splits=("val",))
    assert {row["split"] for row in rows} == {"val"} and cells(rows)["chosen"]["referred"] == "0.2500"
    assert "these results are optimistic" in note(rows, 0.95)


def test_the_best_row_has_the_lowest_validation_loss_below_the_teachers_magnification():
    worse, control = (model("scratch", 2.5), both(8, 1)), (model("all_labels", 2.5, 100), both(8, 4))
    same = (model("self_distill", 10, 100), both(8, 4))
    study = [TEACHER, same, worse, STUDENT, control]
    rows = mark_best(rows_of(study), [about for about, _ in study], ["all_labels"])
    assert {(row["method"], row["per"]) for row in rows if row["best"]} == {("sskd", "patient"), ("sskd", "region")}
    titles = [title for title, _ in sections(rows)]
    assert titles[0] == "Per patient, test (8 patients, one seed): the best row at each magnification"
    best, every = (table for _, table in sections(rows)[:2])
    assert [line["asked for"] for line in best] == [*(f"{share} %" for share in SHARES), "chosen"]
    assert [line["method"] for line in every] == ["self_distill", "scratch", "sskd", "all_labels"]


@pytest.mark.parametrize("share, expected", [(0, 0), (1, np.inf), (0.5, 0.7), (0.01, 0.6), (0.99, 0.8), (0.25, 0.6)])
def test_a_threshold_is_a_quantile_that_new_units_are_expected_to_meet(share, expected):
    assert threshold_for(np.array([0.8, 0.6, 0.7]), share) == pytest.approx(expected)


def test_of_new_units_as_many_are_referred_as_are_asked_for():
    drawn = np.random.default_rng(0).random((4000, 20))
    limits = np.array([threshold_for(known[:19], 0.2) for known in drawn])
    assert (drawn[:, 19] < limits).mean() == pytest.approx(0.2, abs=0.02)
    assert np.isnan(threshold_for(np.array([]), 0.2))


def pair(confidence, student, teacher):
    sure = np.array(confidence, float)
    return Pair(
        patients=[],
        regions=np.ones(len(sure)),
        confidence=sure,
        student=np.array(student, bool),
        teacher=np.array(teacher, bool),
    )


@pytest.mark.parametrize(
    "confidence, student, teacher, expected",
    [
        ([0.9, 0.5, 0.7], [1, 0, 1], [1, 1, 1], 0.7),  # the least sure is wrong
        ([0.9, 0.5, 0.7], [1, 1, 1], [1, 1, 0], 0.0),  # better than the teacher
        ([0.9, 0.5, 0.7], [0, 1, 1], [1, 1, 1], np.inf),  # the surest is wrong
        ([0.9, 0.5, 0.5], [1, 1, 0], [1, 1, 1], 0.9),  # equally sure are referred together
        ([], [], [], np.nan),
    ],
)
def test_the_chosen_threshold_refers_no_more_than_the_teacher_is_needed_for(confidence, student, teacher, expected):
    assert chosen_threshold(pair(confidence, student, teacher)) == pytest.approx(expected, nan_ok=True)
