"""The answer that opens the report: which rows it names, and what it says of them."""

import pytest
from page_files import Page, report_of

from lowpower.pages.answer import MOST_ROWS, answer

TEACHER = ("teacher", "10x", "", "0.9000")
ACCURACIES = ("accuracy", "accuracy_minus_teacher")


def row(method, scale, accuracy, **others):
    """A row of results.csv with its intervals."""
    known = {"method": method, "network": "resnet10", "magnification": scale, "labeled": "100", "unlabeled": "50"}
    known |= {"per": "patient", "split": "test", "pixels": "averaged", "seeds": "3", "n": "40", "patients": "40"}
    known |= {"accuracy": accuracy, "accuracy_low": "0.5000", "accuracy_high": "0.9500"}
    gap = (
        {"": "-0.0500", "_low": "-0.1000", "_high": "0.0200"}
        if method != "teacher"
        else dict.fromkeys(("", "_low", "_high"), "")
    )
    return known | {f"accuracy_minus_teacher{end}": value for end, value in gap.items()} | others


def answer_of(*students, controls=(), costs=True, teacher=True):
    """The answer of a study. students: method, magnification, validation log loss and accuracy of each."""
    models = [TEACHER, *students] if teacher else students
    results = [row(method, scale, accuracy) for method, scale, _, accuracy in models]
    results += [row(method, scale, "1.0000", pixels="level") for method, scale, _, _ in students]
    referred = [row(method, scale, accuracy, val_log_loss=loss) for method, scale, loss, accuracy in students]
    scales = {"10x": ("1600", "4000"), "5x": ("400", "1010"), "2.5x": ("100", "250")} if costs else {}
    cost = [
        {"network": "resnet10", "magnification": scale, "pixels_per_region": pixels, "flops_per_region": flops}
        for scale, (pixels, flops) in scales.items()
    ]
    return answer(results, referred=referred, costs=cost, controls=controls, confidence=0.95)


def named_in(found):
    return [(line["method"], line["read at"].split()[0]) for line in found.table.rows]


def test_the_sentence_names_the_row_with_the_lowest_validation_log_loss_with_its_cost_and_interval():
    found = answer_of(("scratch", "5x", "0.3", "0.9900"), ("sskd", "2.5x", "0.2", "0.8500"))
    assert found.sentence == (
        "At 2.5x (4.0 µm/px), which takes 6.25 % of the pixels and 6.25 % of the FLOPs of the teacher, `sskd` "
        "classifies 85.0 % of 40 patients (test) correctly; the teacher at 10x (1.0 µm/px) classifies 90.0 %. "
        "Difference: -5.0 points (95 % interval -10.0 to +2.0; means of 3 seeds)."
    )
    line = found.table.rows[2]
    assert (line["accuracy"], line["validation log loss"]) == ("85.0 (50.0-95.0)", "0.200")
    assert line["accuracy minus teacher's"] == "-5.0 (-10.0 to +2.0)" and line["FLOPs, % of teacher's"] == "6.25"
    assert found.table.links[2] == {"method": "students/sskd/2.5x/labeled100-unlabeled50/"}


def test_each_magnification_has_its_best_row_and_other_methods_fill_up_to_five():
    students = [
        ("scratch", "5x", "0.10", "0.1"), ("sskd", "5x", "0.20", "0.9"), ("other", "5x", "0.15", "0.9"),
        ("more", "5x", "0.30", "0.9"), ("sskd", "2.5x", "0.40", "0.2"), ("scratch", "2.5x", "0.50", "0.9"),
    ]  # fmt: skip
    found = answer_of(*students)
    assert named_in(found) == [
        ("teacher", "10x"), ("scratch", "5x"), ("other", "5x"), ("sskd", "5x"), ("sskd", "2.5x"),
    ]  # fmt: skip
    assert len(found.table.rows) == MOST_ROWS


def test_of_many_magnifications_those_with_the_lowest_log_losses_are_shown():
    scales = {"5x": "0.5", "2.5x": "0.1", "2x": "0.2", "1.25x": "0.3", "1x": "0.4"}
    found = answer_of(*[("sskd", scale, loss, "0.8") for scale, loss in scales.items()])
    assert named_in(found) == [("teacher", "10x"), *(("sskd", scale) for scale in ("2.5x", "2x", "1.25x", "1x"))]


@pytest.mark.parametrize("last", ["0.1000", "0.9999"])
def test_test_results_choose_nothing(last):
    found = answer_of(("scratch", "5x", "0.3", "0.5"), ("sskd", "5x", "0.2", last), ("sskd", "2.5x", "0.4", last))
    assert named_in(found)[1:] == [("sskd", "5x"), ("scratch", "5x"), ("sskd", "2.5x")]
    assert found.sentence.startswith("At 5x (2.0 µm/px), ") and "`sskd` classifies" in found.sentence


def test_controls_and_students_at_the_teachers_magnification_are_not_named():
    students = [("all_labels", "5x", "0.1", "0.9"), ("self_distill", "10x", "0.1", "0.9"), ("sskd", "5x", "0.2", "0.9")]
    assert named_in(answer_of(*students, controls=["all_labels"])) == [("teacher", "10x"), ("sskd", "5x")]


def test_without_costs_the_sentence_has_no_share_and_the_table_a_dash():
    found = answer_of(("sskd", "5x", "0.2", "0.8500"), costs=False)
    assert found.sentence.startswith("At 5x (2.0 µm/px) `sskd` classifies 85.0 %")
    assert found.table.rows[1]["pixels, % of teacher's"] == "–"


@pytest.mark.parametrize(
    "found",
    [
        answer_of(("sskd", "5x", "", "0.8500")),
        answer_of(),
        answer_of(("sskd", "5x", "0.2", "0.8500"), teacher=False),
        answer_of(("all_labels", "5x", "0.2", "0.8500"), controls=["all_labels"]),
    ],
)
def test_a_study_without_a_row_to_name_has_no_answer_yet(found):
    assert found.sentence.startswith("No student ") and not found.table.rows and not found.note


def test_a_study_without_results_says_so():
    assert (
        answer([], referred=[], costs=[], controls=[], confidence=0.95).sentence
        == "There are no predictions of units whose true class is known."
    )


def test_the_answer_stands_between_what_changes_it_and_the_warnings_about_slides(tmp_path):
    text = report_of(tmp_path)
    first = text[: text.index('<section id="cohort">')]
    places = [first.index(words) for words in ("are synthetic", "<h2>Answer", "figures/accuracy_flops.svg", "Rows are")]
    places += [first.index(words) for words in ("1 slide with a warning", "Scale declared: the µm per pixel of 4 of 8")]
    assert places == sorted(places)
    assert "<details" not in first and first.count("<table") == 1


def test_long_tables_are_folded_and_short_ones_open(tmp_path):
    parts = report_of(tmp_path).split("<details")[1:]
    heads = {
        part.partition("<h3>")[2].partition("</h3>")[0]: (part.startswith(" open"), part.count("<tr>") - 1)
        for part in parts
    }
    assert {shown for shown, _ in heads.values()} == {True, False} and len(heads) > 9
    assert all(shown == (rows <= 5) for title, (shown, rows) in heads.items() if not title.startswith("Overviews"))
    Page(report_of(tmp_path))
