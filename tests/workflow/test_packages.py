"""A package of the finished smoke study: it says what the tables say, and reads slides as the study did."""

import getpass
import platform
import re
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from workflow_runs import SMOKE, change, planned, snakemake

from lowpower import files
from lowpower.errors import InputError
from lowpower.inference.model import open_model
from lowpower.model_header import model_header
from lowpower.provenance.leaks import check_published
from lowpower.pseudonyms import make_pseudonyms
from lowpower.reading.package_folder import load_package
from lowpower.reading.reading_run import read_slides
from lowpower.reading.slide_reading import SlideReader, SlideToRead
from lowpower.tables.layout import number

pytestmark = pytest.mark.slow

PACKAGE = [
    f"{folder}{name}" for folder in ("", "teacher/") for name in ("README.md", "model.json", "model.safetensors")
]


def test_a_package_says_what_the_tables_print_and_gives_their_numbers_bit_for_bit(project, tmp_path):
    change(project / SMOKE, "report_split: test", "report_split: test\npositive_class: sheet_atypical")
    jobs = planned(project, "package", "--configfile", SMOKE)
    assert jobs["package_model"] == 1 and not {"predict", "train_teacher", "judge_units"} & jobs.keys()
    snakemake(project, "package", "--cores", 2, "--configfile", SMOKE)
    base = project / "results/smoke"
    made = base / "packages/best"
    assert sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()) == PACKAGE
    package = load_package(shutil.copytree(made, tmp_path / "elsewhere"))
    check_choices(package, base)
    check_nothing_leaks(made, project, tmp_path)
    slides = {
        row["slide"]: project / "data/smoke" / row["path"] for row in files.read_rows(project / "data/smoke/slides.csv")
    }
    for own in (package, package.teacher):
        check_readings(own, base, slides, tmp_path)
    check_command(package, base, project, tmp_path)
    check_referral(package, base, project, tmp_path)
    first = {name: (made / name).read_bytes() for name in PACKAGE}
    shutil.rmtree(made)
    snakemake(project, "package", "--cores", 2, "--configfile", SMOKE)
    assert first == {name: (made / name).read_bytes() for name in PACKAGE}


def check_choices(package, base):
    """Temperatures and thresholds are those of results.csv, thresholds of referral those of referral.csv."""
    about, kinds = package.about, set()
    row_of = {"method": about.method, "magnification": f"{about.magnification:g}x", "labeled": str(about.labeled)}
    for row in files.read_rows(base / "tables/results.csv"):
        if all(row[key] == value for key, value in row_of.items()):
            chosen = package.choices(row["per"], row["pixels"])
            assert row["temperature"] == number(chosen.temperature, 4)
            assert row["threshold"] == number(chosen.threshold, 4) != ""
            assert row["aggregation"] == chosen.aggregation
            kinds.add((row["per"], row["pixels"]))
    assert kinds == {(own.per, own.pixels) for own in about.choices} and len(kinds) == 6
    compared = 0
    for row in files.read_rows(base / "tables/referral.csv"):
        if all(row[key] == value for key, value in row_of.items()):
            chosen = next(own for own in package.choices(row["per"], "averaged").referral if own.asked == row["asked"])
            assert row["thresholds"] == number(np.inf if chosen.threshold is None else chosen.threshold, 6)
            compared += 1
    assert compared == 2 * 9
    losses = {
        (row["method"], row["magnification"]): float(row["val_log_loss"])
        for row in files.read_rows(base / "tables/referral.csv")
        if row["per"] == "patient" and row["method"] not in ("color_baseline", "all_labels")
    }
    assert min(losses, key=losses.get) == (about.method, row_of["magnification"])
    trained = [row for row in about.counts if row.split == "train"]
    cohort = [row for row in files.read_rows(base / "tables/cohort.csv") if row["split"] == "train"]
    assert [row.regions for row in trained] == [int(row["regions"]) for row in cohort]


def check_nothing_leaks(made, project, tmp_path):
    """No id of a slide or patient is in any file, nor a path, the host or the user."""
    rows = files.read_rows(project / "data/smoke/slides.csv")
    make_pseudonyms([row["slide"] for row in rows], [row["patient"] for row in rows], tmp_path / "private/names.csv")
    paths = [made / name for name in PACKAGE]
    check_published(paths, made.parents[1], tmp_path / "private/names.csv")
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/README.md").write_text(f"{paths[0].read_text(encoding='utf-8')} {rows[0]['slide']}")
    with pytest.raises(InputError, match=r"README.md holds 'S001', the id of a slide or patient"):
        check_published([tmp_path / "packages/README.md"], tmp_path, tmp_path / "private/names.csv")
    for path in paths:
        is_model = path.suffix == ".safetensors"  # the header alone: any short word may be among the weights
        text = model_header(path).to_json() if is_model else path.read_text(encoding="utf-8")
        for word in (str(project), str(tmp_path), platform.node(), f"/{getpass.getuser()}/"):
            assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), (path.name, word)


def check_readings(package, base, slides, tmp_path):
    """Probabilities of regions are those of predictions.parquet, of slides those of units.parquet, bit for bit."""
    about = package.about
    folder = "teacher/seed0" if about.method == "teacher" else next(
        path.parent.relative_to(base).as_posix()
        for path in base.glob(f"students/{about.method}/*/*/seed0/predictions.parquet")
    )  # fmt: skip
    predicted = pq.read_table(base / folder / "predictions.parquet").to_pylist()
    units = [row for row in pq.read_table(base / "units.parquet").to_pylist() if row["per"] == "slide"]
    network = open_model(package.weights)
    for pixels in about.pixels:
        reader = SlideReader(package, network, pixels)
        expected = {
            row["region"]: [row[f"p_{name}"] for name in about.classes] for row in predicted if row["pixels"] == pixels
        }
        answers = {
            row["unit"]: [row[f"{folder} p_{name}"] for name in about.classes]
            for row in units
            if row["pixels"] == pixels and row[f"{folder} p_{about.classes[0]}"] is not None
        }
        found = {}
        for slide in answers:
            reading = reader.read(SlideToRead(slide, str(slides[slide])), tmp_path / "readings")
            found |= zip((region.region for region in reading.regions), reading.probabilities.tolist(), strict=True)
            assert reading.answer.tolist() == answers[slide]
        assert found == expected and len(found) == 48


def check_command(package, base, project, tmp_path):
    """readings.csv names the class of patients.csv, of which each has one slide, with its probability."""
    test = [row for row in files.read_rows(base / "tables/patients.csv") if row["split"] == "test"]
    column = next(name for name in test[0] if name.startswith(package.about.method) and not name.endswith(" p"))
    patients = {row["patient"]: (row[column], row[f"{column} p"]) for row in test}
    patient_of = {row["slide"]: row["patient"] for row in files.read_rows(project / "data/smoke/slides.csv")}
    assert not read_slides(package.folder, project / "data/smoke/slides.csv", tmp_path / "out", "averaged")
    read = {row["slide"]: row for row in files.read_rows(tmp_path / "out/readings.csv")}
    intake = {row["slide"]: row for row in files.read_rows(base / "tables/intake.csv")}
    assert {slide: row["state"] == "read" for slide, row in read.items()} == {
        slide: row["state"] == "usable" for slide, row in intake.items()
    }
    digits = len(next(iter(patients.values()))[1].partition(".")[2])
    compared = {
        patient_of[slide]: (row["class"], number(float(row["confidence"]), digits))
        for slide, row in read.items()
        if patient_of[slide] in patients
    }
    assert compared == patients and len(patients) == 8


def check_referral(package, base, project, tmp_path):
    """Referred slides are those of the study's rule, and they and their regions have the teacher's probabilities."""
    classes, asked = package.about.classes, "50"
    student = next(
        path.parent.relative_to(base).as_posix()
        for path in base.glob(f"students/{package.about.method}/*/*/seed0/predictions.parquet")
    )
    threshold = next(one.threshold for one in package.choices("slide", "averaged").referral if one.asked == asked)
    units = pq.read_table(base / "units.parquet").to_pylist()
    low, high = (
        {
            row["unit"]: [row[f"{folder} p_{name}"] for name in classes]
            for row in units  # several of a slide: one for each aggregation that a model has
            if (row["per"], row["pixels"]) == ("slide", "averaged") and row[f"{folder} p_{classes[0]}"] is not None
        }
        for folder in (student, "teacher/seed0")
    )
    assert low.keys() == high.keys() and len(low) == 12
    expected = {
        slide: ("teacher", high[slide]) if max(answer) < threshold else ("student", answer)
        for slide, answer in low.items()
    }
    assert {by for by, _ in expected.values()} == {"student", "teacher"}
    read_slides(package.folder, project / "data/smoke/slides.csv", tmp_path / "refer", "averaged", False, asked)
    regions = pq.read_table(tmp_path / "refer/regions.parquet").to_pylist()
    found = {row["slide"]: row for row in files.read_rows(tmp_path / "refer/readings.csv")}
    for slide, (by, answer) in expected.items():
        assert found[slide]["read_by"] == by
        assert [found[slide][f"p_{name}"] for name in classes] == [f"{value:.6f}" for value in answer]
    predicted = {
        (row["region"], by): [row[f"p_{name}"] for name in classes]
        for by, folder in (("student", student), ("teacher", "teacher/seed0"))
        for row in pq.read_table(base / folder / "predictions.parquet").to_pylist()
        if row["pixels"] == "averaged"
    }
    own = [row for row in regions if row["slide"] in expected]
    assert [predicted[row["region"], row["read_by"]] for row in own] == [
        [row[f"p_{name}"] for name in classes] for row in own
    ]
    assert {row["read_by"] for row in own} == {"student", "teacher"}
