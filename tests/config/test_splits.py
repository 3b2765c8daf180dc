import itertools
import random
from dataclasses import replace

import pytest
from project_paths import SHEET_SCHEMA

from lowpower import files
from lowpower.config.job_counts import count_tested
from lowpower.config.sheet import read_sheet
from lowpower.config.sheet_row import PatientRow
from lowpower.config.split_settings import Split
from lowpower.config.splits import can_be_judged, divide, find_problems
from lowpower.errors import InputError
from lowpower.tables.splits_file import COLUMNS, write_splits

CLASSES = ["a", "b"]
RANDOM = Split(by="random", val=0.2, test=0.3)
KFOLD = replace(RANDOM, by="kfold")
SITE = replace(RANDOM, by="site", test_sites=["east"])
SHEET = replace(RANDOM, by="sheet")


def slide(name, patient, label, split="", site="west", true_label=""):
    return PatientRow(slide=name, patient=patient, site=site, label=label, true_label=true_label, split=split)


def cohort(per_class=20, unlabeled=10):
    """Two slides of each patient; every fourth labeled patient is of the site east."""
    rows = []
    for label in [*CLASSES, ""]:
        for k in range(per_class if label else unlabeled):
            patient = f"{label or 'u'}{k:02d}"
            site = "east" if label and k % 4 == 0 else "west"
            rows += [slide(f"{patient}-{n}", patient, label, site=site) for n in (1, 2)]
    return rows


def divided(per_class=4):
    """A cohort whose sheet says the split."""
    rows = []
    for label in CLASSES:
        for k, split in enumerate(["train", "train", "val", "test"] * (per_class // 4)):
            rows.append(slide(f"{label}{k}", f"P{label}{k}", label, split))
    return [*rows, slide("u0", "Pu0", "", "train", true_label="a")]


def split_of(rows, seed=0):
    return {row.patient: row.split for row in rows if row.seed == seed}


@pytest.mark.parametrize("split", [RANDOM, KFOLD, SITE])
def test_no_patient_is_in_two_splits_and_classes_are_spread(split):
    rows = divide(cohort(), classes=CLASSES, seeds=[0, 1, 2], split=split)
    assert len(rows) == 3 * 100
    for seed in (0, 1, 2):
        of_patient = {}
        for row in rows:
            if row.seed == seed:
                of_patient.setdefault(row.patient, set()).add(row.split)
        assert all(len(found) == 1 for found in of_patient.values())
        counts = {
            (label, part): sum(row.split == part and row.label == label for row in rows if row.seed == seed)
            for label in CLASSES
            for part in ("train", "val", "test")
        }
        assert [counts["a", part] for part in ("train", "val", "test")] == [
            counts["b", part] for part in ("train", "val", "test")
        ]
        assert all(counts.values())
    assert all(row.split == "train" for row in rows if not row.label)


def test_random_divides_by_the_shares_and_differently_for_every_seed():
    rows = divide(cohort(), classes=CLASSES, seeds=[0, 1], split=RANDOM)
    zero, one = split_of(rows, 0), split_of(rows, 1)
    assert zero != one
    assert [list(zero.values()).count(part) for part in ("train", "val", "test")] == [2 * 10 + 10, 2 * 4, 2 * 6]


def test_kfold_tests_every_labeled_patient_once_over_as_many_seeds_as_folds():
    rows = divide(cohort(), classes=CLASSES, seeds=range(5), split=KFOLD)
    tested = [patient for seed in range(5) for patient, split in split_of(rows, seed).items() if split == "test"]
    assert sorted(tested) == sorted({row.patient for row in rows if row.label})


@pytest.mark.parametrize("split, tested", [(RANDOM, 12), (SITE, 10), (KFOLD, 24), (SHEET, 2)])
def test_test_patients_are_counted_over_all_folds_but_of_one_seed_else(split, tested):
    rows = divided() if split is SHEET else cohort()
    assert count_tested(rows, classes=CLASSES, seeds=[0, 1, 2], split=split) == tested


def test_site_tests_on_the_named_sites_only():
    rows = divide(cohort(), classes=CLASSES, seeds=[0], split=SITE)
    assert {row.site for row in rows if row.split == "test"} == {"east"}
    assert {row.site for row in rows if row.split != "test"} == {"west"}


def test_sheet_splits_are_taken_as_they_are_and_external_is_one():
    rows = divide([*divided(), slide("e", "Pe", "", "external")], classes=CLASSES, seeds=[0], split=SHEET)
    found = split_of(rows)
    assert (found["Pa0"], found["Pa2"], found["Pb3"], found["Pu0"], found["Pe"]) == (
        *("train", "val", "test", "train", "external"),
    )
    external = next(row for row in rows if row.patient == "Pe")
    assert (external.labeled_rank, external.unlabeled_rank) == (None, None)


@pytest.mark.parametrize("split", [RANDOM, KFOLD, SITE])
def test_whoever_validates_or_tests_for_any_seed_can_be_judged(split):
    sheet = cohort()
    can = {row.slide for row in sheet if can_be_judged(row, split.by)}
    judged = {row.slide for row in divide(sheet, classes=CLASSES, seeds=[0, 1, 2], split=split) if row.split != "train"}
    assert judged <= can and can == {row.slide for row in sheet if row.label}


def test_whom_the_sheet_trains_on_cannot_be_judged():
    sheet = [*divided(), slide("x", "Px", "", "external")]
    can = {row.slide for row in sheet if can_be_judged(row, "sheet")}
    assert can == {row.slide for row in divide(sheet, classes=CLASSES, seeds=[0], split=SHEET) if row.split != "train"}
    assert can == {"a2", "a3", "b2", "b3", "x"}


def subset(rows, column, percent):
    return {row.patient for row in rows if getattr(row, column) is not None and getattr(row, column) < percent / 100}


@pytest.mark.parametrize("column", ["labeled_rank", "unlabeled_rank"])
def test_subsets_are_nested_stratified_and_of_training_patients(column):
    rows = divide(cohort(), classes=CLASSES, seeds=[3], split=RANDOM)
    percents = (1, 10, 25, 50, 99, 100)
    for less, more in itertools.pairwise(percents):
        assert subset(rows, column, less) <= subset(rows, column, more)
    label = {row.patient: row.label for row in rows}
    training = {row.patient for row in rows if row.split == "train"}
    everyone = {p for p in training if bool(label[p]) == (column == "labeled_rank")}
    assert subset(rows, column, 100) == everyone
    half = subset(rows, column, 50)
    assert len(half) == len(everyone) / 2
    if column == "labeled_rank":
        assert sum(label[p] == "a" for p in half) == sum(label[p] == "b" for p in half)
        assert {label[p] for p in subset(rows, column, 1)} == set(CLASSES)


@pytest.mark.parametrize("split", [RANDOM, KFOLD, SITE])
def test_the_order_of_the_sheet_moves_nobody(split):
    sheet = cohort()
    shuffled = random.Random(0).sample(sheet, len(sheet))
    assert divide(shuffled, classes=CLASSES, seeds=[0, 1], split=split) == divide(
        sheet, classes=CLASSES, seeds=[0, 1], split=split
    )


def test_one_more_slide_of_a_known_patient_moves_nobody():
    rows = divide(cohort(), classes=CLASSES, seeds=[0], split=RANDOM)
    more = divide([*cohort(), slide("a03-3", "a03", "a")], classes=CLASSES, seeds=[0], split=RANDOM)
    assert [row for row in more if row.slide != "a03-3"] == rows


def write_index(path, sheet, without=()):
    rows = [
        {"region": f"{row.slide}_0", "slide": row.slide, "annotation": "", "area_mm2": 0.1}
        for row in sheet
        if row.slide not in without
    ]
    files.write_rows(path, ["region", "slide", "annotation", "area_mm2"], rows)
    return path


def test_an_excluded_slide_moves_nobody_and_counts_are_said_first(tmp_path, capsys):
    sheet = cohort()
    for name, without in (("all", ()), ("fewer", ("a00-1", "a00-2", "b07-1", "u03-1"))):
        index = write_index(tmp_path / "index.csv", sheet, without)
        write_splits(
            divide(sheet, classes=CLASSES, seeds=[0, 1], split=RANDOM),
            index=index,
            classes=CLASSES,
            output=tmp_path / f"{name}.csv",
        )
    assert (tmp_path / "all.csv").read_bytes() == (tmp_path / "fewer.csv").read_bytes()
    said = capsys.readouterr().err
    assert "seed 0, train: a 10/20/20, b 10/20/20, unlabeled 10/20/20" in said
    assert "seed 1, val: a 4/8/8, b 4/8/8" in said


def test_the_table_is_read_back_with_its_ranks(tmp_path):
    sheet = divided()
    index = write_index(tmp_path / "index.csv", sheet)
    write_splits(
        divide(sheet, classes=CLASSES, seeds=[0], split=SHEET),
        index=index,
        classes=CLASSES,
        output=tmp_path / "splits.csv",
    )
    rows = files.read_rows(tmp_path / "splits.csv")
    assert list(rows[0]) == COLUMNS
    assert sorted(row["labeled_rank"] for row in rows if row["label"] == "a" and row["split"] == "train") == [
        "0.0",
        "0.5",
    ]
    assert [row["unlabeled_rank"] for row in rows if row["slide"] == "u0"] == ["0.0"]


def replaced(sheet, name, **values):
    return [replace(row, **values) if row.slide == name else row for row in sheet]


@pytest.mark.parametrize(
    "sheet, split, message",
    [
        ([*divided(), slide("x", "Pa0", "a", "test")], SHEET, "'Pa0' has more than one split .*train.*leak"),
        (replaced(divided(), "a1", split=""), SHEET, r"`split` is blank for 1 patient \(Pa1\); write train, val, test"),
        (replaced(divided(), "a2", label=""), SHEET, "blank label of patients in val: Pa2"),
        (replaced(divided(), "b3", label=""), SHEET, "blank label of patients in test: Pb3"),
        (
            replaced(divided(), "a1", label="A"),
            SHEET,
            r"label 'A' on 1 slide \(a1\) is not .*`classes` \(a, b\); did you mean 'a'\?",
        ),
        (replaced(divided(), "u0", true_label="c"), SHEET, r"true_label 'c' on 1 slide \(u0\) is not one of"),
        ([*divided(), slide("x", "Pa0", "b", "train")], SHEET, r"'Pa0' has more than one label \(a on slide a0; b"),
        (
            [*divided(), slide("x", "Pa0", "", "train")],
            SHEET,
            r"more than one label \(blank on slide x; a on slide a0\)",
        ),
        (replaced(divided(), "b3", split="train"), SHEET, "class 'b' has no labeled patient in test"),
        (replaced(divided(), "b2", split="train"), SHEET, "class 'b' has no labeled patient in val"),
        (cohort(per_class=2), RANDOM, r"class 'a' has no labeled patient in train .*2 labeled patients"),
        (cohort(per_class=2), KFOLD, "class 'a' has no labeled patient in"),
        (cohort(), replace(SITE, test_sites=["Est"]), r"test_sites: \[Est\].*sites of the sheet are: east, west"),
        (cohort(), replace(SITE, test_sites=[]), "sites of the sheet are: east, west"),
        (replaced(cohort(), "a00-1", site="west"), SITE, "'a00' has more than one site"),
        ([*cohort(), slide("x", "Px", "", site="east")], SITE, "without a label at a test site: Px"),
    ],
)
def test_what_cannot_be_divided_is_an_error_that_names_it(sheet, split, message):
    with pytest.raises(InputError, match=message):
        divide(sheet, classes=CLASSES, seeds=[0], split=split)


@pytest.mark.parametrize("lost, part", [(("a0", "a1"), "train"), (("a2",), "val")])
def test_a_class_without_regions_to_learn_from_stops_before_training(tmp_path, lost, part):
    index = write_index(tmp_path / "index.csv", divided(), lost)
    with pytest.raises(InputError, match=f"class 'a' has patients but no region in {part}"):
        write_splits(
            divide(divided(), classes=CLASSES, seeds=[0], split=SHEET),
            index=index,
            classes=CLASSES,
            output=tmp_path / "splits.csv",
        )
    assert not (tmp_path / "splits.csv").exists()


@pytest.mark.parametrize("split", [SHEET, RANDOM])
@pytest.mark.parametrize("column, one, other", [("patient", "Pa0", "pa0."), ("site", "west", "West")])
def test_one_name_in_two_spellings_is_a_problem(split, column, one, other):
    sheet = [*divided(), replace(slide("x", "Px", "a", "train"), **{column: other})]
    (found,) = find_problems(sheet, classes=CLASSES, seeds=[0], split=split)
    first = next(row.slide for row in sheet if getattr(row, column) == one)
    assert f"{column} {one!r} (slide {first}) and {other!r} (slide x)" in found or (
        f"{column} {other!r} (slide x) and {one!r} (slide {first})" in found
    )
    assert "may be two spellings of the same name" in found and "use one of them everywhere" in found


@pytest.mark.parametrize("label", ["A", "a.", "\uff41"])
def test_a_label_in_another_spelling_is_a_problem_that_names_the_class(label):
    found = "\n".join(find_problems(replaced(divided(), "a0", label=label), classes=CLASSES, seeds=[0], split=SHEET))
    assert f"label {label!r} on 1 slide (a0) is not one of" in found and "did you mean 'a'?" in found


def test_a_patient_in_two_unicode_forms_is_one_patient_and_a_leak(tmp_path):
    rows = [f"{row.slide},{row.slide}.svs,{row.patient},{row.label},{row.split}" for row in divided()]
    rows += ["x,x.svs,M\u00fcller,a,train", "y,y.svs,Mu\u0308ller,a,test"]
    (tmp_path / "slides.csv").write_text("\n".join(["slide,path,patient,label,split", *rows]), encoding="utf-8")
    sheet = read_sheet(tmp_path / "slides.csv", SHEET_SCHEMA)
    (found,) = find_problems(sheet, classes=CLASSES, seeds=[0], split=SHEET)
    assert "patient 'M\u00fcller' has more than one split (test on slide y; train on slide x)" in found


def test_random_seeds_that_test_the_same_patients_by_chance_are_a_problem():
    sheet = cohort(per_class=3, unlabeled=0)
    tested = {}
    for seed in range(10):  # of 3 patients a class one is tested: 9 possible sets
        rows = divide(sheet, classes=CLASSES, seeds=[seed], split=RANDOM)
        tested.setdefault(frozenset(row.patient for row in rows if row.split == "test"), []).append(seed)
    first, second = next(seeds for seeds in tested.values() if len(seeds) > 1)[:2]
    (found,) = find_problems(sheet, classes=CLASSES, seeds=[first, second], split=RANDOM)
    assert f"seeds {first} and {second} test the same patients by chance" in found
    assert f"write another seed in place of {second}" in found
    apart = [seeds[0] for seeds in tested.values()]
    assert len(apart) > 1 and find_problems(sheet, classes=CLASSES, seeds=apart, split=RANDOM) == []


def test_all_problems_of_a_sheet_are_found_at_once():
    sheet = [*replaced(divided(), "a1", label="A"), slide("x", "Pb0", "b", "test"), slide("y", "Py", "", "")]
    found = "\n".join(find_problems(sheet, classes=[*CLASSES, "c"], seeds=[0], split=SHEET))
    assert found.count("\n") == 3
    for part in ("label 'A'", "'Pb0' has more than one split", "`split` is blank for 1 patient (Py)", "class 'c' of"):
        assert part in found
    assert find_problems(divided(), classes=CLASSES, seeds=[0, 1], split=SHEET) == []
