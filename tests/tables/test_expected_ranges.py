"""The figures of each seed of a study, and the tables of another run that show their range."""

import json

import pytest
from page_files import Page, complete_config, write_study
from prediction_frames import rows_of, written
from seed_studies import finished_study, frames_of, study_of

from lowpower import files
from lowpower.config.expected_file import read_expected
from lowpower.pages.report import write_report
from lowpower.tables import expected_ranges
from lowpower.tables.expected_ranges import Range, load_ranges
from lowpower.tables.seed_figures import write_ranges


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The file of a study of three seeds."""
    folder = tmp_path_factory.mktemp("study")
    write_ranges(finished_study(folder / "own"), folder / "figures.json")
    return folder / "figures.json"


def test_the_file_holds_the_figures_that_each_seed_alone_would_give(expected):
    content = read_expected(expected)
    figures = {}
    for row in content.rows:
        figures[row.method, row.per, row.pixels] = row.figures
    assert figures["scratch", "patient", "averaged"]["accuracy"] == "0.5000 0.6250 0.7500"
    assert figures["scratch", "region", "level"]["accuracy"] == "0.3750 0.5000 0.6250"
    assert figures["scratch", "patient", "averaged"]["accuracy_minus_teacher"] == "-0.5000 -0.3750 -0.1250"
    assert "accuracy_minus_teacher" not in figures["teacher", "patient", "averaged"]
    for seed in (0, 1, 2):
        for row in rows_of(frames_of(study_of([seed]))):
            if row["per"] != "slide":
                own = figures[row["method"], row["per"], row["pixels"]]
                assert {row[metric] for metric in own} == {cells.split()[seed] for cells in own.values()}
                assert all(cells.split()[seed] == row[metric] for metric, cells in own.items())
    assert {row.per for row in content.rows} == {"patient", "region"} and len(content.rows) == 2 * 5


@pytest.mark.slow
def test_equal_studies_give_equal_bytes_and_no_path(expected, tmp_path):
    write_ranges(finished_study(tmp_path / "elsewhere"), tmp_path / "figures.json")
    assert (tmp_path / "figures.json").read_bytes() == expected.read_bytes()
    assert "elsewhere" not in expected.read_text()
    assert read_expected(expected).command == "lowpower ranges results/smoke"


def test_the_summary_has_mean_range_and_standard_deviation(tmp_path):
    lines = write_ranges(finished_study(tmp_path / "own")).splitlines()
    assert lines[0] == "### Per patient, test (3 seeds)" and list(tmp_path.iterdir()) == [tmp_path / "own"]
    cells = [cell.strip() for cell in next(line for line in lines if "scratch" in line).split("|")]
    assert cells[5:7] == ["62.5 (50.0-75.0)", "12.5"] and cells[9] == "-33.3 (-50.0 to -12.5)"


def results(folder, expected, differing=(), seeds=(0,), **right):
    """results.md and results.csv of a run beside these figures. right: patients by method, for its only seed."""
    frames = frames_of(study_of(seeds), {"teacher": [8] * 3, "scratch": [5] * 3, "sskd": [7] * 3} | right)
    made = written(folder, frames, expected=expected, differing=differing)
    return made["md"].read_text(encoding="utf-8"), made["csv"].read_bytes()


def cells_of(text, method, table="### Per patient, test ("):
    """Cells of a row of a table of results.md, by column."""
    lines = text[text.index(table) :].splitlines()[2:]
    split = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return dict(zip(split[0], next(row for row in split if row[0] == method), strict=True))


@pytest.mark.parametrize(("right", "place"), [(3, "below"), (4, "within"), (6, "within"), (7, "above")])
def test_a_figure_is_within_the_lowest_and_the_highest_of_the_seeds_or_outside(tmp_path, expected, right, place):
    text, _ = results(tmp_path, expected, scratch=[right])
    cells = cells_of(text, "scratch")
    assert list(cells)[4:7] == ["accuracy", "3 seeds: mean (range)", "this run"]
    assert (cells["3 seeds: mean (range)"], cells["this run"]) == ("62.5 (50.0-75.0)", place)
    others = cells_of(text, "scratch", "these models alone): other")
    gap = {3: "-62.5, below", 4: "-50.0, within", 6: "-25.0, within", 7: "-12.5, within"}[right]
    assert others["accuracy minus teacher's"] == f"{gap} -50.0 to -12.5"
    assert cells_of(text, "teacher", "these models alone): other")["accuracy minus teacher's"] == ""


def test_figures_that_read_alike_are_within():
    assert Range([0.44312, 0.44312]).place("0.4427") == "within"
    assert Range([0.44312, 0.44312]).place("0.4421") == "below"


def test_csv_is_unchanged_and_tables_are_without_a_file(tmp_path, expected):
    text, csv = results(tmp_path / "one", expected)
    plain, same = results(tmp_path / "two", None)
    assert csv == same and "3 seeds" in text and "3 seeds" not in plain and "this run" not in plain


@pytest.mark.slow
def test_the_note_says_how_often_a_good_run_lies_outside(tmp_path, expected):
    note = results(tmp_path / "one", expected, scratch=[3])[0].splitlines()[-1]
    assert "(" + str(expected) + ": lowpower 0.9, Abacus 3000 with avx avx2)" in note
    assert "On that kind of processor, seed 0 repeats one and lies within. On another, a run is like" in note
    assert "with a probability of up to 2 in 4 (50 %), so some outside are no sign of a fault." in note
    assert "Here 4 of 10 accuracies lie outside" in note and "less often" not in note  # scratch alone, by 2 x 2 tables
    several = results(tmp_path / "two", expected, seeds=(1, 2))[0].splitlines()[-1]
    assert (
        "seeds 1, 2 repeat some of them and lie within." in several
        and "A mean of several seeds, as here, lies outside less often." in several
    )


def test_the_note_for_a_new_seed_promises_no_repetition(expected):
    ranges = load_ranges(expected, [7])
    note = ranges.note(rows_of(frames_of(study_of([0]))))
    assert "repeats" not in note and ". A run is like one more seed:" in note


@pytest.mark.slow
def test_ranges_of_another_study_are_not_compared(tmp_path, expected):
    text, csv = results(tmp_path / "one", expected, differing=["`training.steps` (6 there, 9 here)"])
    plain, same = results(tmp_path / "two", None)
    assert text.startswith(plain.removesuffix("\n")) and csv == same
    assert text.endswith("are not shown: this study differs in `training.steps` (6 there, 9 here).\n")


@pytest.mark.slow
def test_rows_of_one_side_only_have_a_dash_or_are_named(tmp_path, expected, capsys):
    content = json.loads(expected.read_text())
    content["rows"] = [
        row | {"method": {"sskd": "vicreg"}.get(row["method"], row["method"])} for row in content["rows"]
    ]
    files.write_json(tmp_path / "other.json", content)
    text, _ = results(tmp_path / "one", tmp_path / "other.json")
    cells = cells_of(text, "sskd")
    assert cells["this run"] == cells["3 seeds: mean (range)"] == "–" and cells_of(text, "scratch")["this run"]
    assert "other.json, which are left out: vicreg at 2.5x\n" in capsys.readouterr().err
    content["rows"] = []
    files.write_json(tmp_path / "none.json", content)
    assert (
        "none.json: lowpower 0.9, Abacus 3000 with avx avx2) have none of these rows."
        in results(tmp_path / "two", tmp_path / "none.json")[0]
    )


def test_the_report_shows_ranges_as_the_table_does(tmp_path):
    row = {"method": "sskd", "magnification": "2.5x", "labeled": "100", "unlabeled": "50"}
    row |= {"per": "patient", "split": "val", "pixels": "averaged"}
    about = {"command": "", "lowpower": "0.9", "processor": "Abacus", "sheet": "", "config": {"seeds": [0, 1]}}
    figures = {"accuracy": "0.8000 0.9000", "macro_f1": "1.0000 0.9000"}
    files.write_json(tmp_path / "figures.json", about | {"rows": [row | {"figures": figures}]})
    study = write_study(tmp_path, config=complete_config())
    for differing, shown in (([], True), (["`views` (1 there, 4 here)"], False)):
        write_report(**study, report=tmp_path / "report.html", expected=tmp_path / "figures.json", differing=differing)
        text = (tmp_path / "report.html").read_text(encoding="utf-8")
        answer = text[: text.index("<h2>Cohort</h2>")]
        assert "About the range of other seeds" in answer and ("2 seeds: mean (range)" in answer) == shown
        words = Page(text).words
        assert ("85.0 (80.0-90.0)" in words and "above" in words and "100.0, within 90.0-100.0" in words) == shown
        assert any("do not apply" in word for word in words) != shown


def test_every_metric_of_a_range_is_a_column_of_results():
    from lowpower.tables.result_rows import COLUMNS

    assert set(expected_ranges.TITLES) | set(expected_ranges.IDENTITY) <= set(COLUMNS)
