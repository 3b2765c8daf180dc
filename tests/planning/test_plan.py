import math
import re

import pytest
import yaml
from model_files import write_header
from project_paths import ROOT
from workflow_runs import SMOKE, change, copy_project, planned, snakemake

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.job_counts import planned_jobs
from lowpower.config.method_settings import Distill
from lowpower.config.study_models import models, steps_of
from lowpower.config.training_jobs import student_job
from lowpower.planning.duration_text import duration, size
from lowpower.planning.estimate_disk import disk_mb
from lowpower.planning.estimate_job import forecast
from lowpower.planning.estimate_run import one_after_another
from lowpower.planning.past_runs import read_cohorts
from lowpower.planning.plan import NOTHING_YET, Machine, plan_lines, show_plan
from lowpower.planning.power_forecast import power_lines
from lowpower.planning.scaling import scale_rows
from lowpower.planning.workload import MODEL_RULES, expected_tissue, planned_works

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
SHEET = "slide;path;patient\n" + "".join(f"s{k};s{k}.svs;p{k}\n" for k in range(4))
MACHINE = Machine(cores=2, memory_mb=8000, free_mb=50_000, there_mb=0)


def config_of(cohort="first", **changes):
    raw = {
        "cohort": cohort, "slides": "slides.csv", "classes": ["a", "b"], "teacher_magnification": 10,
        "student_magnifications": [5, 2.5], "methods": {"scratch": None, "sskd": None, "sskd_finetuned": None},
        "training": {"steps": 400, "batch": 4, "evaluate_every": 100}, "views": 2, "report_split": "test",
    }  # fmt: skip
    return read_config(raw | changes, ROOT / "schemas/config.schema.yaml")


def write_benchmark(base, rule, key, seconds, mb="300.0"):
    path = base / "benchmarks" / rule / f"{key}.tsv" if key else base / f"benchmarks/{rule}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEADER}\n{seconds:.4f}\t0:00:00\t{mb}\t1\t1\t1\t0.00\t-\t0.00\tNA\n")


def training_seconds(config, steps, scale):
    """What a training takes on the machine that these tests make up; regions are as in ``make_run``."""
    recipe, size = config.training, 256 * 128 / 1e6 * (scale / 10) ** 2
    looked = -(-steps // recipe.evaluate_every) * 2 * size / 3  # two regions validate
    return 2.0 + 0.02 * steps + 0.5 * (steps * recipe.batch * size + looked)


def make_run(folder, config, rules=None):
    """A finished run: 4 slides of 2 regions of 256 x 128 px, of which two slides train, one validates, one tests."""
    base = folder / "results" / config.cohort
    files.write_json(base / "config.json", config.as_dict())
    (folder / "slides.csv").write_text(SHEET)
    for k in range(4):
        (folder / f"s{k}.svs").write_bytes(bytes(100_000))
        rows = [{"region": f"s{k}_{n}", "px_width": 256, "px_height": 128, "area_mm2": 0.03} for n in range(2)]
        files.write_rows(base / f"regions/s{k}.csv", list(rows[0]), rows)
        files.write_json(base / f"regions/s{k}.json", {"slide": f"s{k}"})
        for scale, count in (("10x", 8000), ("5x", 4000), ("2.5x", 1000)):
            (base / f"regions/{scale}").mkdir(exist_ok=True)
            (base / f"regions/{scale}/s{k}.zip").write_bytes(bytes(count))
            if scale != "10x":
                write_benchmark(base, "downsample_slide", f"{scale}/s{k}", 0.3)
        for rule in ("check_slide", "mask_tissue", "tile_slide"):
            write_benchmark(base, rule, f"s{k}", 0.5 + 0.1 * k)
    rows = [{"slide": f"s{k}", "split": split} for k, split in enumerate(("train", "train", "val", "test"))]
    files.write_rows(base / "splits/seed0.csv", ["slide", "split"], rows)
    write_benchmark(base, "evaluate", "", 12.0)
    for model in models(config):
        row = config.methods.get(model.method)
        distill, finetune = steps_of(row, config.training.steps) if row else (0, config.training.steps)
        write_benchmark(base, "predict", model.folder, 2.5)
        first = {"step": distill, "phase": "distill"}
        if row and row.distill:
            write_benchmark(
                base, "distill_student", model.folder, training_seconds(config, distill, model.magnification)
            )
            files.write_rows(base / model.folder / "distilled.csv", list(first), [first])
        rule, phase = ("finetune_student", "finetune") if row else ("train_teacher", "train")
        key = model.folder if row else f"seed{model.seed}"
        write_benchmark(base, rule, key, training_seconds(config, finetune, model.magnification))
        last = [{"step": finetune, "phase": phase}] if finetune else [first]
        files.write_rows(base / model.folder / "history.csv", list(first), last)
    write_benchmark(base, "record_teacher", "seed0/part0", 2.0 + 3.0)
    return base


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_run(tmp_path, config_of())


def measured_seconds(base, rule):
    paths = [*base.glob(f"benchmarks/{rule}/**/*.tsv"), *base.glob(f"benchmarks/{rule}.tsv")]
    return sum(float(path.read_text().splitlines()[1].split("\t")[0]) for path in paths)


def forecasts(config, slides=4):
    """What each rule of a config will take, where the slides are as those of the first cohort found."""
    cohorts, _ = read_cohorts("results")
    known = cohorts[0]
    tissue = expected_tissue(known.tissue, measured=known.study, study=config, slides=slides, slide_mb=None, shares={})
    return {
        r: forecast(r, jobs=n, study=config, models=models(config), tissue=tissue, cohorts=cohorts)
        for r, n in planned_jobs(config, slides).items()
    }


def lines_of(config, slides=4, machine=MACHINE):
    paths = [f"s{k}.svs" for k in range(slides)]
    rows = models(config)
    return list(
        plan_lines(
            config,
            jobs=planned_jobs(config, slides),
            models=rows,
            slides=paths,
            cohorts=read_cohorts("results")[0],
            machine=machine,
        )
    )


def cells(table, rule):
    return next([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if f" {rule} " in line)


def test_the_plan_of_a_finished_run_is_what_it_took(run):
    found = forecasts(config_of())
    measured = {rule: seconds for rule in found if (seconds := measured_seconds(run, rule))}
    for rule in ("check_slide", "tile_slide", "train_teacher", "record_teacher", "distill_student", "finetune_student"):
        assert sum(found[rule].seconds.values()) == pytest.approx(measured[rule], rel=0.01), rule
    total = sum(sum(found[rule].seconds.values()) for rule in measured)
    assert total == pytest.approx(sum(measured.values()), rel=0.01)


def test_a_training_is_planned_with_the_steps_it_takes(run):
    tissue = read_cohorts("results")[0][0].tissue
    two = {"distill": {"images": "all"}, "finetune": {"images": "labeled"}}
    rows = {f"share{k}": two | {"finetune": {"images": "labeled", "share": k / 100}} for k in (1, 20, 25, 50, 75, 99)}
    for steps in (2, 3, 6, 10, 50, 1501):
        config = config_of(methods=rows | {"vicreg": None, "scratch": None, "sskd": None}, training={"steps": steps})
        every = models(config)
        for stage in ("distill", "pretrain", "finetune"):
            works = planned_works(f"{stage}_student", study=config, models=every, tissue=tissue, jobs=1)
            for i, model in enumerate(every[1:], start=1):
                if getattr(config.methods[model.method], stage):
                    assert works[i].steps == student_job(config, model=model, stage=stage, code="").steps, (
                        steps,
                        model.method,
                        stage,
                    )
        assert planned_works("train_teacher", study=config, models=every, tissue=tissue, jobs=1)[0].steps == steps


def test_epochs_are_planned_as_steps_over_the_training_regions(run):
    rows = {"paper": {"epochs": 100, "batch": 32, "distill": {"images": "all"}}}
    config = config_of(methods=rows)
    every, tissue = models(config), read_cohorts("results")[0][0].tissue
    regions = tissue.share("train")
    works = planned_works("distill_student", study=config, models=every, tissue=tissue, jobs=1)
    assert regions > 0 and {works[i].steps for i, m in enumerate(every) if m.method == "paper"} == {
        math.ceil(100 * regions / 32)
    }


def test_trainings_grow_with_steps_batch_pixels_and_validations(run):
    other = config_of(
        "second",
        teacher_magnification=20,
        student_magnifications=[10, 2.5],
        training={"steps": 3000, "batch": 8, "evaluate_every": 1},
    )
    found = forecasts(other)
    teacher = 4 * (training_seconds(other, 3000, 10) - 2.0 - 0.02 * 3000) + 2.0 + 0.02 * 3000  # 4 x the pixels
    assert sum(found["train_teacher"].seconds.values()) == pytest.approx(teacher, rel=0.02)
    students = [m for m in models(other) if m.method == "scratch"]
    expected = [training_seconds(other, 3000, m.magnification) for m in students]
    assert [found["finetune_student"].seconds[models(other).index(m)] for m in students] == pytest.approx(
        expected, rel=0.02
    )


def test_a_live_teacher_costs_every_distillation_its_pixels(run):
    rows = {"scratch": None, "sskd": {"distill": {"images": "all", "teacher": "online"}}}
    live, recorded = forecasts(config_of("second", methods=rows)), forecasts(config_of("second"))
    assert "record_teacher" not in live
    assert min(live["distill_student"].seconds.values()) > 1.1 * min(recorded["distill_student"].seconds.values())


def test_each_row_costs_what_its_network_computes_and_what_is_fitted_next_to_nothing(run):
    rows = dict.fromkeys(("scratch", "color_baseline", "vicreg", "self_distill", "sskd"))
    rows["elsewhere"] = {"network": "resnet50", "init": "w.safetensors", "finetune": {"images": "labeled"}}
    config = config_of("second", methods=rows, student_magnifications=[5])
    found, every = forecasts(config), models(config)
    of = {model.method: i for i, model in enumerate(every)}
    tuned, distilled = found["finetune_student"].seconds, found["distill_student"].seconds
    pixels = tuned[of["scratch"]] - 2.0 - 0.02 * 400
    assert tuned[of["elsewhere"]] == pytest.approx(2.0 + 0.02 * 400 + 16.2 * pixels, rel=0.02)
    assert tuned[of["color_baseline"]] < 2.1
    assert distilled[of["self_distill"]] - 10 == pytest.approx(4 * (distilled[of["sskd"]] - 10), rel=0.02)
    looked, learned = 8 / 3 * 0.8 * 400 * 4, 400 * 4 + 4 * 2 / 3  # regions; scratch is validated on two, four times
    pretraining = 2.0 + 0.8 * 0.02 * 400 + pixels * looked / learned
    assert found["pretrain_student"].seconds[of["vicreg"]] == pytest.approx(pretraining, rel=0.02)
    assert set(found["measure_cost"].seconds) == {("resnet10", 10), ("resnet10", 5), ("color", 5), ("resnet50", 5)}


def test_a_fit_that_was_measured_is_no_measure_of_a_step(run, tmp_path):
    config = config_of(methods=dict.fromkeys(("scratch", "sskd", "sskd_finetuned", "color_baseline")))
    make_run(tmp_path, config)
    for scale in ("5x", "2.5x"):
        write_benchmark(run, "finetune_student", f"students/color_baseline/{scale}/labeled100-unlabeled0/seed0", 2.1)
    found = forecasts(config)["finetune_student"].seconds
    for i, model in enumerate(models(config)):
        if model.method == "scratch":
            assert found[i] == pytest.approx(training_seconds(config, 400, model.magnification), rel=0.02)


def test_without_a_teacher_to_train_the_wall_time_is_that_of_the_students(run):
    config = config_of(teacher="given.safetensors")
    assert "train_teacher" not in planned_jobs(config, 4)
    assert any(line.startswith("wall time here: about") for line in lines_of(config))


def test_twice_the_slides_take_twice_the_time_of_cutting(run):
    assert sum(forecasts(config_of(), 8)["tile_slide"].seconds.values()) == pytest.approx(2 * 2.6)


def test_each_rule_is_told_from_the_planned_cohort_where_that_was_run(run, tmp_path):
    planned_run = make_run(tmp_path, config_of("second"))
    write_benchmark(planned_run, "tile_slide", "s0", 60.0)
    for path in planned_run.glob("benchmarks/*_student/**/*.tsv"):
        path.unlink()
    table = lines_of(config_of("second"))[1]
    assert cells(table, "tile_slide")[-1] == "second, 4 jobs"
    assert cells(table, "distill_student")[-1] == "first, 4 jobs"


def test_a_rule_never_run_is_told_from_the_trainings_or_named(run):
    for path in run.glob("benchmarks/record_teacher/**/*.tsv"):
        path.unlink()
    lines = lines_of(config_of())
    assert cells(lines[1], "record_teacher")[2] != ""
    assert cells(lines[1], "gather_slides")[-1] == "not run yet"
    assert any(line.startswith("not counted") and "gather_slides" in line for line in lines)


@pytest.mark.parametrize("content", ["", "nonsense", f"{HEADER}\n", f"{HEADER}\nNA\tNA\tNA\n", "a\tb\n1\t2\n", "\x00"])
def test_a_damaged_benchmark_is_skipped_with_one_line(run, content):
    (run / "benchmarks/tile_slide/s0.tsv").write_text(content)
    cohorts, notes = read_cohorts("results")
    assert notes == ["results/first: 1 job skipped, unreadable: tile_slide/s0.tsv"]
    assert len(cohorts[0].jobs["tile_slide"]) == 3


@pytest.mark.parametrize("seconds, memory", [(12, "NA"), (12, "-"), (12, ""), (1.0, "3.2")])
def test_a_job_too_short_for_a_look_at_its_memory_still_counts(run, seconds, memory):
    write_benchmark(run, "evaluate", "", seconds, memory)
    assert read_cohorts("results")[0][0].jobs["evaluate"][0].mb == 0
    assert cells(lines_of(config_of())[1], "evaluate")[2:4] == [f"{seconds:.0f} s", ""]


def test_a_run_of_an_older_release_counts_with_its_keys_by_todays_names(run):
    config = config_of().as_dict()
    distill = {"images": "all", "kl": 1, "map": 2, "looks": 16, "rate": 4, "average": 0, "views": "recorded"}
    config["methods"]["sskd"] = {"network": "resnet10", "distill": distill, "no_more": 1}
    config["methods"]["sskd_finetuned"]["distill"] = distill | {"views": "live"}
    del config["pixels"], config["plan"]
    files.write_json(run / "config.json", config | {"gone": {"key": 1}})
    (cohort,), notes = read_cohorts("results")
    one, live = (cohort.study.methods[name].distill for name in ("sskd", "sskd_finetuned"))
    assert notes == [] and cohort.study.pixels == ["averaged"]
    assert one == Distill(images="all", feature_weight=2, batches_per_step=16, lr_multiplier=4)
    assert (live.teacher, live.views) == ("online", 0)
    files.write_json(run / "config.json", config | {"training": 3})
    assert read_cohorts("results")[1] == [
        "results/first is ignored: it cannot be read (TypeError: training is 3, not a section)"
    ]


@pytest.mark.parametrize("config", [None, "{}", "[]", "{"])
def test_a_run_whose_config_is_not_known_is_left_out(run, config):
    (run / "config.json").unlink() if config is None else (run / "config.json").write_text(config)
    cohorts, notes = read_cohorts("results")
    assert cohorts == [] and len(notes) == 1
    assert notes[0].startswith("results/first is ignored")
    assert lines_of(config_of())[-1] == NOTHING_YET


def test_memory_grows_with_the_pixels_of_a_pass(run):
    write_benchmark(run, "train_teacher", "seed0", 60.0, "800.0")
    twice = config_of(training={"steps": 400, "batch": 8, "evaluate_every": 100})
    mib = 2**20 / 1e6  # in which Snakemake counts
    assert forecasts(config_of())["train_teacher"].mb == pytest.approx(800 * mib)
    assert forecasts(twice)["train_teacher"].mb == pytest.approx((300 + 2 * 500) * mib)


def test_disk_is_told_from_zips_and_from_the_shape_of_a_recording(run):
    cohort = read_cohorts("results")[0][0]
    config = config_of()
    disk = {
        r: disk_mb(r, jobs=n, study=config, models=models(config), tissue=cohort.tissue, source=cohort)
        for r, n in planned_jobs(config, 4).items()
    }
    assert disk["tile_slide"] == pytest.approx(4 * 0.008)
    assert disk["downsample_slide"] == pytest.approx(4 * 0.005)
    maps = 2 * 256 * 2 * (256 // 64) * (128 // 64)  # max and mean, float16, at half the teacher's grid
    assert disk["record_teacher"] == pytest.approx(4 * 2 * maps / 1e6, rel=0.02)  # 4 training regions, 2 views
    assert disk["train_teacher"] == pytest.approx(4.93, abs=0.01)
    assert disk["distill_student"] == pytest.approx(4 * disk["train_teacher"])  # of two rows, at two magnifications
    assert disk["predict"] > 0


def test_the_disk_of_models_is_that_of_their_networks(run):
    rows = dict.fromkeys(("color_baseline", "sskd"))
    rows["elsewhere"] = {"network": "resnet50", "init": "w.safetensors", "finetune": {"images": "labeled"}}
    config = config_of("second", methods=rows, student_magnifications=[5], teacher="best_validation")
    cohort, every = read_cohorts("results")[0][0], models(config)
    disk = {
        r: disk_mb(r, jobs=n, study=config, models=every, tissue=cohort.tissue, source=cohort)
        for r, n in planned_jobs(config, 4).items()
    }
    assert disk["finetune_student"] == pytest.approx(94.3 + 4.9, abs=0.1)  # color fits into a few kilobytes
    assert disk["choose_teacher"] == disk["train_teacher"]


def test_levels_are_planned_for_slides_that_can_be_judged_and_asked_of_students_only(run):
    config = config_of(pixels=["averaged", "level"])
    before, jobs = planned_jobs(config_of(), 4), planned_jobs(config, 4, judged=2)
    assert "read_level" not in before and planned_jobs(config, 4)["read_level"] == 8
    assert {rule: n for rule, n in jobs.items() if before.get(rule) != n} == {"read_level": 4, "index_regions": 5}
    cohort = read_cohorts("results")[0][0]
    assert disk_mb("read_level", jobs=4, study=config, models=[], tissue=cohort.tissue, source=cohort) == pytest.approx(
        2 * 0.005
    )  # half of the means
    scales = [model.magnification for model in models(config)]
    works = [
        planned_works("predict", study=c, models=models(c), tissue=cohort.tissue, jobs=7) for c in (config_of(), config)
    ]
    ratios = [works[1][i].megapixels / works[0][i].megapixels for i in range(len(scales))]
    assert ratios == [1 if scale == 10 else 2 for scale in scales]


def test_a_disk_or_memory_too_small_is_warned_of(run):
    enough = "\n".join(lines_of(config_of()))
    assert "WARNING" not in enough
    short = "\n".join(lines_of(config_of(), machine=Machine(cores=2, memory_mb=200, free_mb=20, there_mb=10)))
    assert "WARNING: the disk lacks 2" in short and "WARNING: a job of " in short


def test_regions_are_counted_or_a_guess_by_the_sizes_of_files(run):
    assert "8 of 0.033 megapixels at 10x (1.0 µm/px), as counted on 4 slides" in lines_of(config_of())[2]
    assert "4 more assumed similar" in lines_of(config_of(), slides=8)[2]
    cohort = read_cohorts("results")[0][0]
    larger = expected_tissue(
        cohort.tissue, measured=cohort.study, study=config_of("second"), slides=4, slide_mb=0.2, shares={}
    )
    assert (larger.regions, larger.megapixels) == (8, pytest.approx(2 * cohort.tissue.megapixels))
    assert "GUESS from the 4 slides of cohort first" in lines_of(config_of("second"))[2]


def test_fields_of_a_grid_are_as_many_as_the_tissue_holds(run):
    cohort = read_cohorts("results")[0][0]
    grid = config_of("second", unit="grid", grid={"size_um": 128, "stride_um": 64})
    tissue = expected_tissue(cohort.tissue, measured=cohort.study, study=grid, slides=4, slide_mb=None, shares={})
    assert tissue.regions == pytest.approx(8 * 0.03e6 / 64**2)
    assert tissue.megapixels == tissue.largest == 128**2 / 1e6


def test_a_gpu_is_counted_apart_and_a_measure_of_the_cpu_is_warned_of(run):
    lines = lines_of(config_of("second", gpu=True))
    assert lines[1].splitlines()[0].split("|")[4].strip() == "GPU time"
    row = cells(lines[1], "train_teacher")
    assert row[2] == row[3] != "" and cells(lines[1], "tile_slide")[3] == ""
    assert any("WARNING: models were measured on the CPU" in line for line in lines)


def test_without_any_training_the_wall_time_is_said_to_be_unknown(run):
    for rule in MODEL_RULES:
        for path in run.glob(f"benchmarks/{rule}/**/*.tsv"):
            path.unlink()
    lines = lines_of(config_of())
    assert any(line.startswith("wall time here: NOT KNOWN") and "make demo" in line for line in lines)
    assert cells(lines[1], "total")[2].startswith("over ")


def test_the_wall_time_is_no_shorter_than_the_longest_chain(run):
    lines = lines_of(config_of(), machine=Machine(cores=1000, memory_mb=8000, free_mb=50_000, there_mb=0))
    config = config_of()
    chain = training_seconds(config, 400, 10) + 5.0 + training_seconds(config, 400, 5) + 2 + 2.5
    assert f"wall time here: about {duration(chain)} (from a teacher" in "\n".join(lines)


def test_more_machines_share_the_work_until_the_longest_chain_keeps_it(run):
    config = config_of(plan={"slides": [4, 4000], "machines": [1, 10, 1000]})
    rows = models(config)
    scales = {slides: planned_jobs(config, slides) for slides in config.plan.slides}
    found = scale_rows(config, scales=scales, models=rows, slide_mb=None, cohorts=read_cohorts("results")[0], cores=2)
    assert [(row["slides"], row["machines"]) for row in found] == [
        (slides, machines) for slides in ("4", "4,000") for machines in ("1", "10", "1000")
    ]
    of_slides = sum(measured_seconds(run, rule) for rule in ("check_slide", "mask_tissue", "tile_slide"))
    of_slides += measured_seconds(run, "downsample_slide")
    (few, many) = (next(row for row in found if row["slides"] == slides) for slides in ("4", "4,000"))
    assert many["core time"] == duration(1000 * of_slides + seconds_beside_slides(config, 4000))
    assert "cores" in many["kept by"] and few["core time"] != many["core time"]
    chain = one_after_another(rows, forecasts(config, 4000))
    assert found[-1]["wall time"] == duration(chain) and found[-1]["kept by"] == "the longest chain"
    assert scale_rows(config, scales=scales, models=rows, slide_mb=None, cohorts=[], cores=2) == []


def seconds_beside_slides(config, slides):
    """What a study takes beside cutting its slides."""
    cutting = ("check_slide", "mask_tissue", "tile_slide", "downsample_slide")
    found = forecasts(config, slides)
    return sum(sum(known.seconds.values()) for rule, known in found.items() if known and rule not in cutting)


def test_the_same_runs_give_the_same_plan(run, capsys):
    config, rows = config_of(), models(config_of())
    texts = []
    for _ in range(2):
        show_plan(
            config,
            jobs=planned_jobs(config, 4),
            scales={},
            models=rows,
            slides=["s0.svs"],
            results="results",
            tested=40,
        )
        texts.append([line for line in capsys.readouterr().err.splitlines() if not line.startswith("disk:")])
    assert texts[0] == texts[1] and any("| total" in line for line in texts[0])


@pytest.mark.parametrize(
    "seconds, text", [(0.2, "<1 s"), (45, "45 s"), (190, "3 min"), (8640, "2.4 h"), (86400 * 5.1, "5.1 days")]
)
def test_times_are_told_in_units_that_people_read(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("mb, text", [(0.2, ""), (12.4, "12 MB"), (1234, "1.2 GB"), (2_500_000, "2.5 TB")])
def test_sizes_are_told_in_units_that_people_read(mb, text):
    assert size(mb) == text


def test_the_plan_says_what_margin_the_test_patients_can_show():
    (line,) = power_lines(820, 0.95)
    assert line.startswith("820 test patients: ") and "differ on 3 / 5 / 8 % of patients" in line
    assert "within 1.7 / 2.2 / 2.8 points; no study of this size can show less than 0.5" in line
    few = list(power_lines(29, 0.95))
    assert len(few) == 2 and few[1].startswith("WARNING: 29 test patients are fewer than 30")
    (none,) = power_lines(0, 0.95)
    assert none.startswith("WARNING: 0 test patients")


@pytest.mark.slow
def test_the_plan_of_a_fresh_copy_knows_the_jobs_alone(tmp_path):
    text = snakemake(copy_project(tmp_path), "plan", "--cores", 1, "--configfile", SMOKE)
    assert NOTHING_YET in text
    assert "WARNING: 8 test patients are fewer than 30" in text
    assert "Traceback" not in text and "| total             | 161  |" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["config.yaml", SMOKE, "configs/lung.yaml", "live", "best_validation", "given"])
def test_planned_jobs_are_those_of_a_dry_run(tmp_path, name):
    folder = copy_project(tmp_path)
    path = name if name.endswith(".yaml") else SMOKE
    if name == "live":
        change(folder / SMOKE, "distill: {images: all}", "distill: {images: all, teacher: online}")
    if name == "best_validation":
        change(folder / SMOKE, "views: 2", "views: 2\nteacher: best_validation")
    if name == "given":
        change(folder / SMOKE, "views: 2", "views: 2\nteacher: given.safetensors")
        classes = yaml.safe_load((folder / SMOKE).read_text())["classes"]
        about = {"architecture": "resnet10", "magnification": 10, "classes": classes}
        write_header(folder / "given.safetensors", about)
    if "lung" in name:
        (folder / "data/lung").mkdir()
        places = [
            (label, split) for label in ("adenocarcinoma", "normal", "squamous") for split in ("train", "val", "test")
        ]
        rows = [f"s{k},s{k}.svs,p{k},{label},{split}" for k, (label, split) in enumerate(places)]
        (folder / "data/lung/slides.csv").write_text("\n".join(["slide,path,patient,label,split", *rows]) + "\n")
    config = read_config(yaml.safe_load((folder / path).read_text()), ROOT / "schemas/config.schema.yaml")
    slides = len((folder / config.slides).read_text().splitlines()) - 1
    judged = len(re.findall(r",(?:val|test|external)\b", (folder / config.slides).read_text()))
    expected = planned_jobs(config, slides, judged) | {"all": 1}
    assert planned(folder, *(() if path == "config.yaml" else ("--configfile", path))) == expected
