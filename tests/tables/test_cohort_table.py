from dataclasses import replace

from lowpower import files
from lowpower.config.split_row import SplitRow
from lowpower.tables.cohort_counts import CountedRegion, check_counts, count, describe
from lowpower.tables.cohort_table import COLUMNS, count_cohort
from lowpower.typed_values import as_cells, columns_of

CLASSES = ["a", "b"]


def splits_of(*rows):
    return [SplitRow(seed=0, slide=s, patient=p, label=label, split=split) for s, p, label, split in rows]


def regions_of(**counts):
    return [CountedRegion(slide=slide, annotation="", area_mm2=0.25) for slide, n in counts.items() for _ in range(n)]


SPLITS = splits_of(
    ("s1", "p1", "a", "train"), ("s2", "p1", "a", "train"), ("s3", "p2", "b", "train"), ("s4", "p3", "", "train"),
    ("s5", "p4", "a", "val"), ("s6", "p5", "b", "val"), ("s7", "p6", "a", "test"), ("s8", "p7", "b", "test"),
)  # fmt: skip


def counts_of(rows):
    return {(r.split, r.class_): (r.patients, r.slides, r.excluded_slides, r.regions) for r in rows}


def test_patients_slides_and_regions_of_every_split_and_class():
    rows = count(SPLITS, index=regions_of(s1=2, s2=1, s3=1, s4=4, s5=1, s6=1, s7=1), classes=CLASSES, excluded={"s8"})
    assert counts_of(rows) == {
        ("train", "a"): (1, 2, 0, 3), ("train", "b"): (1, 1, 0, 1), ("train", "unlabeled"): (1, 1, 0, 4),
        ("val", "a"): (1, 1, 0, 1), ("val", "b"): (1, 1, 0, 1),
        ("test", "a"): (1, 1, 0, 1), ("test", "b"): (0, 0, 1, 0),
    }  # fmt: skip
    assert rows[0].cells()["area_mm2"] == "0.750"
    assert describe(rows).splitlines()[1] == "  seed 0, train: a 1/2/3, b 1/1/1, unlabeled 1/1/4"
    check_counts(rows, CLASSES)  # a class without test regions is counted, not an error


def test_a_region_is_of_its_annotations_class():
    regions = regions_of(s1=2)
    regions[0] = replace(regions[0], annotation="b")
    found = counts_of(count(SPLITS, regions, CLASSES))
    assert found[("train", "a")] == (1, 1, 0, 1)
    assert found[("train", "b")] == (1, 1, 0, 1)


def test_annotations_of_an_unlabeled_training_patient_teach_nobody():
    regions = regions_of(s4=2)
    regions[0] = replace(regions[0], annotation="b")
    found = counts_of(count(SPLITS, regions, CLASSES))
    assert found[("train", "unlabeled")] == (1, 1, 0, 2) and found[("train", "b")] == (0, 0, 0, 0)


def test_seeds_that_divide_alike_are_counted_once():
    moved = [replace(row, seed=2, split={"val": "test", "test": "val"}.get(row.split, "train")) for row in SPLITS]
    rows = count([*SPLITS, *(replace(row, seed=1) for row in SPLITS), *moved], regions_of(s1=1, s5=3), CLASSES)
    assert list(dict.fromkeys(row.seeds for row in rows)) == ["0 1", "2"]
    found = {(row.seeds, row.split): row.regions for row in rows if row.class_ == "a"}
    assert (found[("0 1", "val")], found[("2", "val")], found[("2", "test")]) == (3, 0, 3)


def test_files_and_nothing_usable(tmp_path):
    files.write_rows(tmp_path / "splits.csv", columns_of(SplitRow), map(as_cells, SPLITS))
    files.write_rows(tmp_path / "index.csv", ["region", "slide", "annotation", "area_mm2"], [])
    intake = [
        {"slide": f"s{k}", "state": "excluded", "step": "check_slide", "reason": "?", "regions": 0, "warning": ""}
        for k in (1, 8)
    ]
    files.write_rows(tmp_path / "intake.csv", list(intake[0]), intake)
    splits, index, intake = (tmp_path / f"{name}.csv" for name in ("splits", "index", "intake"))
    count_cohort([splits], index, intake, CLASSES, *(tmp_path / f"cohort.{form}" for form in ("csv", "md", "tex")))
    rows = files.read_rows(tmp_path / "cohort.csv")
    assert list(rows[0]) == COLUMNS
    assert [row["regions"] for row in rows] == ["0"] * 6
    assert [row["excluded_slides"] for row in rows] == ["1", "0", "0", "0", "0", "1"]
    text = (tmp_path / "cohort.md").read_text()
    assert text.startswith("2 slides: 0 usable, 2 excluded; 0 regions.")
    assert "excluded slides" in text
    assert "split & class & patients" in (tmp_path / "cohort.tex").read_text()
