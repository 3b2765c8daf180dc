"""The workflow as a user runs it: presets, reruns, exactness, lint. Each test works on a copy of the project."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest
import yaml
from latex_documents import compile_tables, needs_latex
from model_files import write_header
from project_paths import BIN, ROOT
from workflow_runs import SMOKE, change, copy_project, planned, results, snakemake

from lowpower.files import read_rows

pytestmark = pytest.mark.slow

STEPS = ("check_slide", "mask_tissue", "tile_slide")


STUDENTS = {"scratch": "", "teacher_init": "", "kd_supervised": "distill", "sskd": "distill"}  # the stage before labels
STUDENTS |= {"sskd_finetuned": "distill", "sskd_released": "distill", "all_labels": "", "color_baseline": ""}
SMALL = {"scratch": "", "sskd_finetuned": "distill", "vicreg": "pretrain", "color_baseline": ""}


def expected_jobs(slides, scales, seeds, methods, judged, parts=1, demo=True):
    """self_distill reads one magnification, color_baseline is a network of its own; no row here sees several shares."""
    places = {name: seeds * (1 if name == "self_distill" else scales) for name in methods}
    distilled, pretrained = (
        sum(places[name] for name in methods if methods[name] == stage) for stage in ("distill", "pretrain")
    )
    once = (
        "write_config",
        "gather_slides",
        "tabulate_slides",
        "count_cohort",
        "compare_cost",
        "count_hours",
        "evaluate",
    )
    once += ("show_examples", "draw_figures", "write_report", "write_model_cards", "record_provenance")
    once += ("register_claims", "judge_claims")
    once += ("judge_units", "refer_units", "trace_curves", "list_patients")
    return {
        **dict.fromkeys(STEPS, slides),
        **({"make_demo_slide": slides} if demo else {}),
        "downsample_slide": slides * scales,
        "read_level": judged * scales,
        "index_regions": 2 * scales + 1,
        "split_patients": seeds,
        "train_teacher": seeds,
        "record_teacher": seeds * parts,
        "distill_student": distilled,
        **({"pretrain_student": pretrained} if pretrained else {}),
        "finetune_student": sum(places.values()),
        "predict": sum(places.values()) + seeds,
        "measure_cost": scales + 1 + scales * ("color_baseline" in methods),
        **dict.fromkeys((*once, "all"), 1),
    }


def test_the_default_config_plans_the_demo(tmp_path):
    assert planned(copy_project(tmp_path)) == expected_jobs(82, 2, 1, STUDENTS, judged=40)


def test_the_lung_preset_plans_its_study(tmp_path):
    folder = copy_project(tmp_path)
    (folder / "data/lung").mkdir()
    kinds = [(label, split) for label in ("adenocarcinoma", "normal", "squamous") for split in ("train", "val", "test")]
    rows = [f"s{k},s{k}.svs,p{k},{label},{split}" for k, (label, split) in enumerate(kinds)]
    rows.insert(0, "slide,path,patient,label,split")
    (folder / "data/lung/slides.csv").write_text("\n".join(rows) + "\n")
    assert planned(folder, "--configfile", "configs/lung.yaml") == expected_jobs(
        9, 2, 5, STUDENTS | {"vicreg": "pretrain", "self_distill": "distill"}, 6, demo=False
    )


def test_the_smoke_preset_plans_the_whole_chain(tmp_path):
    assert planned(copy_project(tmp_path), "--configfile", SMOKE) == expected_jobs(22, 1, 1, SMALL, 12, parts=2)


def test_a_live_teacher_is_not_recorded(tmp_path):
    folder = copy_project(tmp_path)
    change(folder / SMOKE, "distill: {images: all}", "distill: {images: all, teacher: online}")
    assert "record_teacher" not in planned(folder, "--configfile", SMOKE)


def test_shares_and_seeds_multiply_the_students(tmp_path):
    folder = copy_project(tmp_path)
    change(folder / SMOKE, "seeds: [0]", "seeds: [0, 1]\nlabeled: [50, 100]\nunlabeled: [0, 100]")
    jobs = planned(folder, "--configfile", SMOKE)
    assert jobs["finetune_student"] == 2 * (2 * 2 + 2 * 2 * 2)  # scratch and color_baseline see no unlabeled region
    assert jobs["distill_student"] == jobs["pretrain_student"] == 2 * 2 * 2


def test_self_distillation_is_trained_once_at_the_teachers_magnification(tmp_path):
    folder = copy_project(tmp_path)
    change(folder / SMOKE, "  color_baseline:\n", "  self_distill:\nlabeled: [50, 100]\n")
    change(folder / SMOKE, "student_magnifications: [2.5]", "student_magnifications: [5, 2.5]")
    assert planned(folder, "--configfile", SMOKE)["distill_student"] == 2 * 2 + 2
    path = "results/smoke/students/self_distill/10x/labeled50-unlabeled100/seed0/distilled.safetensors"
    jobs = planned(folder, path, "--configfile", SMOKE)
    assert jobs["index_regions"] == jobs["distill_student"] == 1 and "downsample_slide" not in jobs


def test_a_row_that_starts_from_a_file_needs_the_file_and_no_teacher(tmp_path):
    folder = copy_project(tmp_path)
    row = "  elsewhere: {network: resnet18, init: w.safetensors, finetune: {images: labeled}}\n"
    change(folder / SMOKE, "  color_baseline:\n", row)
    said = snakemake(folder, "--dry-run", "--configfile", SMOKE, check=False)
    assert "config: `methods.elsewhere.init`: there is no file w.safetensors" in said and "Traceback" not in said
    (folder / "w.safetensors").write_bytes(b"")
    path = "results/smoke/students/elsewhere/2.5x/labeled100-unlabeled0/seed0/model.safetensors"
    assert "train_teacher" not in planned(folder, path, "--configfile", SMOKE)
    assert planned(folder, "--configfile", SMOKE)["measure_cost"] == 3  # of resnet10 at both, of resnet18 at 2.5x


@pytest.mark.parametrize("kind", ["paired", "best_validation", "given/model.safetensors"])
def test_students_have_the_teacher_that_the_config_names(tmp_path, kind):
    folder = copy_project(tmp_path)
    change(folder / SMOKE, "  color_baseline:\n", "  teacher_init:\n")
    change(folder / SMOKE, "seeds: [0]", f"seeds: [0, 1]\nteacher: {kind}")
    if kind.endswith("safetensors"):
        about = {"architecture": "resnet10", "magnification": 10}
        about["classes"] = ["palisade_regular", "palisade_atypical", "sheet_regular", "sheet_atypical"]
        write_header(folder / kind, about)
    jobs = planned(folder, "--configfile", SMOKE)
    own, chosen, given = {"paired": (2, 0, 0), "best_validation": (2, 1, 0)}.get(kind, (0, 0, 2))
    rules = ("train_teacher", "choose_teacher", "adopt_teacher")
    assert tuple(jobs.get(rule, 0) for rule in rules) == (own, chosen, given)
    assert (jobs["record_teacher"], jobs["predict"]) == (4, 2 + 2 * 4)
    for target in ("targets/seed1/part0", "students/teacher_init/2.5x/labeled100-unlabeled0/seed1/model"):
        jobs = planned(folder, f"results/smoke/{target}.safetensors", "--configfile", SMOKE)
        needed = (own if chosen else own // 2, chosen, given // 2)  # all teachers where the best one is looked for
        assert tuple(jobs.get(rule, 0) for rule in rules) == needed


def test_intake_stops_before_training(tmp_path):
    jobs = planned(copy_project(tmp_path), "intake", "--configfile", SMOKE)
    assert jobs["show_intake"] == jobs["count_cohort"] == 1 and "train_teacher" not in jobs


def test_a_sheet_that_does_not_allow_to_train_stops_all_but_intake(tmp_path):
    folder = copy_project(tmp_path)
    change(folder / "data/smoke/slides.csv", "P001,palisade_regular,train", "P001,palisade_regular,")
    text = snakemake(folder, "--dry-run", "--configfile", SMOKE, check=False)
    assert "data/smoke/slides.csv is not ready for training:\n- `split` is blank for 1 patient (P001)" in text
    assert "Traceback" not in text
    jobs = planned(folder, "intake", "--configfile", SMOKE)
    assert jobs["show_intake"] == 1 and "split_patients" not in jobs


@pytest.mark.parametrize(
    "old, new, message",
    [
        ("views: 2", "viws: 2", "config: unknown key `viws`; did you mean `views`?"),
        ("student_magnifications: [2.5]", "student_magnifications: [3]", "10x to 3x is a reduction by 3.33"),
        ("data/smoke/slides.csv", "data/none.csv", "there is no file data/none.csv"),
    ],
)
def test_a_bad_config_stops_before_the_dag_with_one_message(tmp_path, old, new, message):
    folder = copy_project(tmp_path)
    change(folder / SMOKE, old, new)
    text = snakemake(folder, "--dry-run", "--configfile", SMOKE, check=False)
    assert message in text
    assert "Traceback" not in text


def test_the_smoke_run_makes_every_output(smoke):
    base = smoke / "results/smoke"
    for table in ("results", "cost", "cohort", "referral", "intake", "claims"):
        assert (base / f"tables/{table}.csv").stat().st_size and (base / f"tables/{table}.md").stat().st_size
    with open(base / "tables/results.csv") as table:
        rows = list(csv.DictReader(table))
    students = [(method, "2.5x", pixels) for method in SMALL for pixels in ("averaged", "level")]
    assert {(r["method"], r["magnification"], r["pixels"], r["per"]) for r in rows} == {
        (*read, per) for read in (("teacher", "10x", "averaged"), *students) for per in ("patient", "slide", "region")
    }
    assert {r["n"] for r in rows if r["per"] == "patient"} == {"8"}
    assert all(bool(r["accuracy_minus_averaged"]) == (r["pixels"] == "level") for r in rows)
    assert len(list((base / "regions/2.5x-level").glob("*.zip"))) == 12  # of 22 slides: train is not read
    with open(base / "tables/intake.csv") as table:
        excluded = {r["slide"]: r["reason"] for r in csv.DictReader(table) if r["state"] == "excluded"}
    assert len(excluded) == 2
    assert any("no mpp" in reason for reason in excluded.values())
    assert (base / "report.html").read_text().count("<img") == 9 + 22  # figures, and an overview of each slide
    assert len(list((base / "overviews").glob("*.jpg"))) == 22
    assert sorted(path.suffix for path in (base / "figures").iterdir()) == [".png"] * 9 + [".svg"] * 9


@needs_latex
def test_every_latex_table_of_a_study_compiles(smoke, tmp_path):
    assert compile_tables(tmp_path, smoke / "results/smoke/tables") == [
        *("claims", "classes", "cohort", "cost", "hours", "referral", "results", "sites")
    ]


def test_the_record_has_the_hash_of_every_file_that_a_number_rests_on(smoke):
    base = smoke / "results/smoke"
    record = json.loads((base / "provenance.json").read_text())
    wanted = (
        "**/model_card.md",
        "tables/*",
        "figures/*",
        "**/model.safetensors",
        "**/predictions.parquet",
        "units.parquet",
        "splits/*",
        "regions/*x*.csv",
    )
    names = {str(path.relative_to(base)) for pattern in wanted for path in base.glob(pattern) if path.is_file()}
    assert len(names) > 30 and names <= record["files"].keys()
    assert record["files"]["config.json"] == hashlib.sha256((base / "config.json").read_bytes()).hexdigest()
    assert record["config"] == json.loads((base / "config.json").read_text())
    assert record["slides"]["usable"] == 20 and "S001" not in json.dumps(record)


def test_verify_computes_every_table_again_and_finds_the_one_that_was_changed(project):
    said = snakemake(project, "verify", "--configfile", SMOKE)
    tables = sorted((project / "results/smoke/tables").iterdir())
    assert [path.name for path in tables if f"tables/{path.name}: same\n" not in said] == [] and len(tables) >= 12
    change(project / "results/smoke/tables/results.csv", "\nteacher,", "\nteacher ,")
    said = snakemake(project, "verify", "--configfile", SMOKE, check=False)
    assert "tables/results.csv: differs in line 2: it has 'teacher ,resnet10" in said
    assert "1 table not reproduced (tables/results.csv); 1 file not as recorded" in said
    assert "Traceback" not in said


def test_pseudonyms_train_nothing_again_and_let_no_id_out(project):
    change(project / SMOKE, "cohort: smoke\n", "cohort: smoke\nids: pseudonym\n")
    jobs = set(planned(project, "all", "intake", "--configfile", SMOKE))
    published = {"tabulate_slides", "show_intake", "show_examples", "draw_figures", "write_report", "write_model_cards"}
    published |= {"list_patients"}
    assert jobs == published | {"make_pseudonyms", "write_config", "record_provenance", "all", "intake"}
    snakemake(project, "all", "intake", "--cores", 2, "--configfile", SMOKE)
    base = project / "results/smoke"
    pages = [base / "report.html", base / "intake.html", *base.glob("tables/*"), *base.glob("figures/*.svg")]
    for path in [*pages, *base.rglob("model_card.md"), base / "examples/examples.zip"]:
        text = re.sub(r"base64,[\w+/=]*", "", path.read_bytes().decode("utf-8", "replace"))
        assert not re.search(r"(?<![^\W_])[SP]\d{3}(?![^\W_])", text), path.name
    assert snakemake(project, "verify", "--configfile", SMOKE).count(": same\n") == len(list(base.glob("tables/*")))


def test_the_written_config_is_itself_a_config(smoke, tmp_path):
    written = smoke / "results/smoke/config.json"
    assert planned(smoke, "--configfile", written) == {}


def test_every_job_leaves_a_log_and_a_benchmark(smoke):
    jobs = sum(planned(smoke, "--configfile", SMOKE, "--forceall").values()) - 1  # the target `all` has none
    for kind, ending in (("logs", "log"), ("benchmarks", "tsv")):
        assert len(list((smoke / f"results/smoke/{kind}").rglob(f"*.{ending}"))) == jobs


def test_no_folder_has_more_than_three_files_of_a_slide_which_has_more_regions(smoke):
    slides = [row["slide"] for row in read_rows(smoke / "data/smoke/slides.csv")]
    paths = [path for path in (smoke / "results").rglob("*") if path.is_file()]
    found = Counter((path.parent, slide) for path in paths for slide in slides if path.name.startswith(slide))
    regions = Counter(row["slide"] for row in read_rows(smoke / "results/smoke/regions/10x.csv"))
    assert len({slide for _, slide in found}) == len(slides)
    assert max(found.values()) <= 3 < min(regions.values())


def test_a_second_run_has_nothing_to_do(smoke):
    assert planned(smoke, "--configfile", SMOKE) == {}


AFTER_TRAINING = {"predict", "evaluate", "show_examples", "draw_figures", "write_report", "record_provenance", "all"}
AFTER_TRAINING |= {"write_model_cards", "count_hours", "judge_claims"}
AFTER_TRAINING |= {"judge_units", "refer_units", "trace_curves", "list_patients"}


def test_a_comment_reruns_nothing(project):
    for path in (*(project / "workflow_scripts").rglob("*.py"), *(project / "rules").glob("*.smk")):
        path.write_text(path.read_text() + "\n# a comment\n")
    assert planned(project, "--configfile", SMOKE) == {}


def test_a_changed_claim_trains_nothing_again_and_is_known_to_be_late(project):
    base = project / "results/smoke"
    (first,) = (base / "claims").iterdir()
    kept = first.read_bytes()
    with open(base / "tables/claims.csv") as table:
        assert {row["registered"] for row in csv.DictReader(table)} == {"before training"}
    change(project / "configs/claims.yaml", "margin: 0.01\n", "margin: 0.05\n")
    again = {"register_claims", "judge_claims", "write_report", "record_provenance", "all"}
    assert planned(project, "--configfile", SMOKE) == dict.fromkeys(again, 1)
    snakemake(project, "--cores", 2, "--configfile", SMOKE)
    assert len(list((base / "claims").iterdir())) == 2 and first.read_bytes() == kept
    with open(base / "tables/claims.csv") as table:
        rows = list(csv.DictReader(table))
    late = {row["id"]: row["registered"] for row in rows if row["registered"] != "before training"}
    assert late == dict.fromkeys(("RCC-16x", "any-16x"), "changed after training began")
    former = [row["id"] for row in rows if row["why"] == "it was reworded after training began"]
    assert former == ["RCC-16x", "any-16x"]
    assert planned(project, "--configfile", SMOKE) == {}


def test_what_training_took_enters_the_hours_the_report_and_the_record_alone(project):
    times = sorted(path.relative_to(project / "results/smoke") for path in project.rglob("*time.json"))
    assert [path.name.removesuffix("time.json") for path in times] == ["", "", "distilled-", "", "pretrained-", "", ""]
    for path in times:
        (project / "results/smoke" / path).write_text("{}\n")
    assert set(planned(project, "--configfile", SMOKE)) == {"count_hours", "write_report", "record_provenance", "all"}


def test_a_changed_loss_reruns_distillation_and_what_follows(project):
    change(project / "workflow_scripts/lowpower/models/losses.py", "* temperature**2", "* temperature**2 * 1.5")
    jobs = planned(project, "--configfile", SMOKE)
    assert set(jobs) - AFTER_TRAINING == {"distill_student", "finetune_student"}  # no teacher, no recording
    assert jobs["distill_student"] == jobs["finetune_student"] == 1
    assert jobs["evaluate"] == 1


def test_one_more_slide_is_cut_alone(project):
    with open(project / "data/smoke/slides.csv", "a") as sheet:
        sheet.write("S999,S999.tiff,P999,,train,sheet_regular,\n")
    jobs = planned(project, "--configfile", SMOKE)
    assert {jobs[rule] for rule in (*STEPS, "make_demo_slide", "downsample_slide")} == {1}
    # of the three indexes that of levels too, as the table of slides is new; but nobody is judged on the slide
    assert jobs["index_regions"] == 3 and jobs["split_patients"] == 1 and "read_level" not in jobs


def test_a_corrected_label_cuts_nothing_again(project):
    change(project / "data/smoke/slides.csv", "P001,palisade_regular,train", "P001,palisade_atypical,train")
    change(project / "data/smoke/slides.csv", "P002,palisade_atypical,train", "P002,palisade_regular,train")
    jobs = planned(project, "--configfile", SMOKE)
    cut = {*STEPS, "make_demo_slide", "downsample_slide", "read_level", "index_regions", "gather_slides"}
    assert not set(jobs) & cut
    assert jobs["split_patients"] == jobs["train_teacher"] == 1


def test_one_more_magnification_trains_no_teacher_and_no_other_student(project):
    change(project / SMOKE, "student_magnifications: [2.5]", "student_magnifications: [5, 2.5]")
    jobs = planned(project, "--configfile", SMOKE)
    assert not set(jobs) & {*STEPS, "train_teacher", "record_teacher", "split_patients", "gather_slides"}
    assert jobs["downsample_slide"] == 22 and jobs["read_level"] == 12 and jobs["index_regions"] == 2
    assert jobs["finetune_student"] == 4 and jobs["distill_student"] == 1 and jobs["predict"] == 4


def test_one_more_seed_trains_nothing_of_the_others(project):
    change(project / SMOKE, "seeds: [0]", "seeds: [0, 1]")
    jobs = planned(project, "--configfile", SMOKE)
    assert not set(jobs) & {*STEPS, "downsample_slide", "index_regions", "gather_slides"}
    assert (jobs["split_patients"], jobs["train_teacher"], jobs["record_teacher"]) == (1, 1, 2)
    assert (jobs["distill_student"], jobs["finetune_student"], jobs["predict"]) == (1, 4, 5)


def test_a_study_that_is_to_be_tested_on_levels_too_trains_nothing_again(project):
    change(project / SMOKE, "pixels: [averaged, level]", "pixels: [averaged]")
    without = planned(project, "--configfile", SMOKE)
    assert without["predict"] == 4 and not set(without) - AFTER_TRAINING - {"write_config"}
    snakemake(project, "--cores", 2, "--configfile", SMOKE)
    table = (project / "results/smoke/tables/results.csv").read_text()
    assert "averaged" in table and ",level," not in table
    for path in (project / "results/smoke/regions").glob("2.5x-level*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    change(project / SMOKE, "pixels: [averaged]", "pixels: [averaged, level]")
    jobs = planned(project, "--configfile", SMOKE)
    assert (jobs["read_level"], jobs["index_regions"], jobs["predict"]) == (12, 1, 4)
    assert not set(jobs) - AFTER_TRAINING - {"write_config", "read_level", "index_regions"}


def test_an_excluded_slide_is_checked_again_and_moves_nobody(project):
    sheet = project / "data/smoke/slides.csv"
    header, *rows = sheet.read_text().splitlines()
    rows = [f"{row},{'folded' if row.startswith('S005') else ''}" for row in rows]
    sheet.write_text("\n".join([f"{header},exclude", *rows]) + "\n")
    jobs = planned(project, "--configfile", SMOKE)
    assert {jobs[rule] for rule in (*STEPS, "downsample_slide")} == {1}
    before = (project / "results/smoke/splits/seed0.csv").read_text()
    snakemake(project, "intake", "--cores", 2, "--configfile", SMOKE)
    assert (project / "results/smoke/splits/seed0.csv").read_text() == before
    assert "the sheet excludes it: folded" in (project / "results/smoke/tables/intake.csv").read_text()


def test_one_core_another_order_of_the_sheet_and_kills_give_the_same_bytes(smoke, tmp_path):
    """A second run, on one core, killed three times on its way, with the sheet turned round.

    In a checkout that was moved, to where a path has spaces and other letters.
    """
    (tmp_path / "an other Örtchen").mkdir()
    folder = copy_project(tmp_path / "an other Örtchen")
    header, *rows = (folder / "data/smoke/slides.csv").read_text().splitlines()
    (folder / "data/smoke/slides.csv").write_text("\n".join([header, *reversed(rows)]) + "\n")
    base = folder / "results/smoke"
    for signs in (
        "teacher/seed0/last-train.pt",
        "targets/seed0/*",
        "students/sskd_finetuned/*/*/*/distilled.safetensors",
    ):
        run_until(folder, base, signs)
        snakemake(folder, "--unlock", "--configfile", SMOKE)
    snakemake(folder, "--cores", 1, "--configfile", SMOKE)
    first, second = results(smoke), results(folder)
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} == set()
    assert any(name.endswith("model.safetensors") for name in first)
    assert {"splits/seed0.csv", "tables/results.csv", "teacher/seed0/predictions.parquet"} <= first.keys()


def test_a_killed_first_half_goes_on_with_no_slide_done_twice_and_none_half(smoke, tmp_path):
    folder = copy_project(tmp_path)
    base = folder / "results/smoke"
    run_until(folder, base, "*/S*.json", "intake", count=20)  # of 66 states of slides

    def made(pattern):
        return {path: path.stat().st_mtime_ns for path in base.glob(pattern)}

    states = "slides/*.json", "masks/*.json", "regions/*.json"
    before = {rule: made(pattern) for rule, pattern in zip(STEPS, states, strict=True)}
    snakemake(folder, "--unlock", "--configfile", SMOKE)
    left = planned(folder, "intake", "--configfile", SMOKE)
    # the one job that was at work, on one core, is done again, with what it had written
    assert 0 <= sum(left[rule] + len(before[rule]) for rule in STEPS) - 66 <= 1
    snakemake(folder, "intake", "--cores", 2, "--configfile", SMOKE)
    after = {path: time_ns for pattern in states for path, time_ns in made(pattern).items()}
    assert len(after) == 66
    assert sum(after[path] != time_ns for files in before.values() for path, time_ns in files.items()) <= 1
    first, second = results(smoke), results(folder)
    assert {name for name in first.keys() & second.keys() if first[name] != second[name]} == set()
    assert sum(name.startswith("regions/10x/") for name in second) == 22
    assert not list(folder.rglob("*.part"))


def test_small_slides_can_share_a_job(tmp_path):
    folder = copy_project(tmp_path)
    steps = [f"{rule}=slides" for rule in (*STEPS, "downsample_slide")]
    grouped = "--groups", *steps, "--group-components", "slides=8"
    said = snakemake(folder, "--dry-run", "--quiet", "host", *grouped, "--configfile", SMOKE)
    assert said.count("Group job slides") == 3  # of 22 slides
    assert planned(folder, *grouped, "--configfile", SMOKE) == planned(folder, "--configfile", SMOKE)


def run_until(folder, base, signs, *targets, count=1):
    """Run on one core and kill everything, without warning, as soon as so many files with these names are there."""
    run = subprocess.Popen(
        [BIN / "snakemake", *targets, "--cores", "1", "--configfile", SMOKE],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        while run.poll() is None and len(list(base.glob(signs))) < count:
            time.sleep(0.005)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert run.returncode == -signal.SIGKILL, "the run ended before it could be killed"


OUTER = """\
configfile: "paper.yaml"


module lowpower:
    snakefile:
        config["workflow"]
    config:
        config["lowpower"]


use rule * from lowpower as lowpower_*


rule count_rows:
    default_target: True
    input:
        rules.lowpower_evaluate.output.csv,
        rules.lowpower_compare_cost.output,
    output:
        "rows.txt",
    shell:
        "wc -l < {input[0]} > {output}"
"""


def test_another_workflow_has_it_as_a_module(project, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    for name in ("results", "data", ".snakemake", "profiles"):
        (project / name).rename(outer / name)
    before = results(outer)

    def write(study):
        paper = {"workflow": str(project / "Snakefile"), "lowpower": study}
        (outer / "paper.yaml").write_text(yaml.safe_dump(paper, sort_keys=False))

    study = yaml.safe_load((project / SMOKE).read_text())
    write(study)
    (outer / "Snakefile").write_text(OUTER)
    assert planned(outer) == {"count_rows": 1}  # what it made alone is what it makes as a module
    (outer / "results/smoke/tables/cost.md").unlink()
    assert planned(outer) == {"lowpower_compare_cost": 1, "count_rows": 1}
    snakemake(outer, "--cores", 1)
    assert results(outer) == before
    lines = (outer / "results/smoke/tables/results.csv").read_text().splitlines()
    assert int((outer / "rows.txt").read_text()) == len(lines)
    write(study | {"clases": []})
    assert "config: unknown key `clases`; did you mean `classes`?" in snakemake(outer, "--dry-run", check=False)


def test_snakemake_finds_nothing_to_lint():
    assert "Congratulations" in snakemake(ROOT, "--lint")


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("snakefmt", "--check", "Snakefile", "rules"),
    ],
    ids=" ".join,
)
def test_the_code_is_formatted_and_clean(command):
    run = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_rule_has_environment_log_benchmark_message_and_resources():
    for path in (ROOT / "rules").glob("*.smk"):
        for rule in re.split(r"^ *rule ", path.read_text(), flags=re.M)[1:]:
            if rule.startswith(("plan:", "verify:")):
                continue  # no steps of the chain: they print, and leave nothing to time
            for part in ("conda:", "log:", "benchmark:", "message:", "mem_mb=", "runtime=", "script:"):
                assert part in rule, f"rule {rule.split(':')[0]} lacks {part}"


def test_every_script_belongs_to_a_rule():
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    scripts = {path.stem for path in (ROOT / "workflow_scripts").glob("*.py")}
    assert scripts == set(re.findall(r"^ *rule (\w+):", rules, re.M))
    assert scripts == set(re.findall(r"workflow_scripts/(\w+)\.py\"\n", rules))
