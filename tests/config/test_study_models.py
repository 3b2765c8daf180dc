"""Study and code hashes: what the Snakefile reads."""

import ast
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace

import pytest
import yaml
from demo_config import LABELS, demo
from model_files import write_header
from project_paths import CONFIG_SCHEMA as CONFIG
from project_paths import SCRIPTS

from lowpower import files
from lowpower.config import code_hash
from lowpower.config.code_hash import modules_of
from lowpower.config.config_file import read_config
from lowpower.config.external_models import check_external_models
from lowpower.config.packaged_models import package_folder, package_name, packaged_models
from lowpower.config.previous_run import check_same_study
from lowpower.config.standard_methods import STANDARD
from lowpower.config.study_models import FITTED, level_of, measured_networks, models, steps_of
from lowpower.config.trained_model import DEFAULT_NETWORK
from lowpower.config.training_jobs import controls, example_student, result_row, stage_before, student_job, teacher_job
from lowpower.errors import InputError
from lowpower.figures import training_curves
from lowpower.models import networks
from lowpower.models.color_network import ColorNetwork
from lowpower.models.resnet import ResNet


def test_the_study_holds_each_model_once():
    config = read_config(
        demo(labeled=[50, 100], unlabeled=[0, 100], seeds=[0, 1], student_magnifications=[2.5]), CONFIG
    )
    found = models(config)
    assert len(found) == len(set(found)) == len({model.folder for model in found})
    assert [m.folder for m in found[:2]] == ["teacher/seed0", "teacher/seed1"]
    assert sum(m.method == "scratch" for m in found) == 2 * 2  # labeled shares x seeds: it sees no unlabeled region
    assert sum(m.method == "sskd" for m in found) == 2 * 2 * 2
    assert "students/sskd/2.5x/labeled50-unlabeled0/seed1" in {m.folder for m in found}


@pytest.mark.parametrize("pixels, read", [(None, ""), (["averaged", "level"], "2.5x-level")])
def test_only_students_are_asked_about_levels_and_only_where_the_study_wants_it(pixels, read):
    raw = demo(student_magnifications=[2.5], pixels=pixels)
    config = read_config({key: value for key, value in raw.items() if value is not None}, CONFIG)
    assert {level_of(model, config) for model in models(config) if model.method != "teacher"} == {read}
    assert level_of(models(config)[0], config) == ""


def test_the_grid_holds_each_row_only_where_it_differs():
    rows = dict.fromkeys(STANDARD) | {"known": {"pretrain": {"images": "labeled"}} | LABELS}
    rows |= {"elsewhere": LABELS | {"network": "resnet18", "init": "w.safetensors"}}
    config = read_config(
        demo(methods=rows, labeled=[50, 100], unlabeled=[0, 50, 100], student_magnifications=[5, 2.5]), CONFIG
    )
    found = Counter(model.method for model in models(config))
    blind = {"scratch", "teacher_init", "kd_supervised", "color_baseline", "known", "elsewhere"}  # to unlabeled regions
    for method in rows:
        row = method.removesuffix("_tuned")
        places = 1 if row == "self_distill" else 2
        assert found[method] == places * 2 * (1 if row in blind else 3), method
    assert {m.magnification for m in models(config) if m.method.startswith("self_distill")} == {10}
    assert {(m.method, m.network) for m in models(config) if m.network != "resnet10"} == {
        ("color_baseline", "color"), ("elsewhere", "resnet18"),
    }  # fmt: skip
    assert measured_networks(models(config)) == [
        ("resnet10", 10), ("resnet10", 5), ("resnet10", 2.5), ("color", 5), ("color", 2.5), ("resnet18", 5),
        ("resnet18", 2.5),
    ]  # fmt: skip


def test_tuned_rows_are_their_rows_with_the_optimizer_steps_of_ours():
    tuned = {"batches_per_step": 16, "lr_multiplier": 4, "ema_decay": 0.995}
    pairs = [(name, f"{name}_tuned") for name in STANDARD if f"{name}_tuned" in STANDARD and name != "sskd"]
    assert len(pairs) == 6
    for name, of_tuned in pairs:
        plain, changed = STANDARD[name].as_dict(), STANDARD[of_tuned].as_dict()
        for stage in ("pretrain", "distill", "finetune"):
            assert changed[stage] == (plain[stage] and plain[stage] | tuned)
        assert {key: changed[key] for key in ("network", "at", "init")} == {
            key: plain[key] for key in ("network", "at", "init")
        }
    ours = STANDARD["sskd_tuned"].as_dict()["distill"]
    assert {key: ours[key] for key in tuned} == tuned


def test_jobs_are_told_what_their_row_says():
    config = read_config(demo(methods=dict.fromkeys(STANDARD), student_magnifications=[2.5]), CONFIG)
    of = {model.method: model for model in models(config)}
    assert student_job(config, model=of["self_distill"], stage="distill", code="").reduction == 1
    assert student_job(config, model=of["sskd"], stage="distill", code="").reduction == 4
    assert [
        student_job(config, model=of["vicreg"], stage=stage, code="").steps for stage in ("pretrain", "finetune")
    ] == [1200, 300]
    assert student_job(config, model=of["color_baseline"], stage="finetune", code="").network == "color"
    assert [stage_before(config.methods[name]) for name in ("sskd", "vicreg", "scratch")] == [
        "distilled", "pretrained", None,
    ]  # fmt: skip
    rows = [result_row(config, of[method]) for method in ("color_baseline", "vicreg")]
    assert [row["steps"] for row in rows] == [None, 1500]
    assert example_student(config, models(config)).method == "sskd"  # distilled on all images, at the lowest


def test_controls_are_rows_that_nobody_would_use():
    assert controls(read_config(demo(), CONFIG)) == ["all_labels", "color_baseline"]


@pytest.mark.parametrize(
    "asked, folder, methods",
    [
        ("", "packages/best", {"scratch", "sskd"}),
        ("sskd", "packages/sskd", {"sskd"}),
        ("2.5x/seed1", "packages/2.5x-seed1", {"scratch", "sskd"}),
        ("color_baseline/5x", "packages/color_baseline-5x", {"color_baseline"}),
        ("teacher", "packages/teacher", {"teacher"}),
    ],
)
def test_a_package_is_asked_for_by_parts_of_a_models_folder(asked, folder, methods):
    rows = dict.fromkeys(("scratch", "sskd", "all_labels", "color_baseline"))
    study = read_config(demo(methods=rows, seeds=[0, 1], student_magnifications=[5, 2.5], package=asked), CONFIG)
    found = packaged_models(study, models(study))
    assert ({model.method for model in found}, package_folder(study)) == (methods, folder)
    parts = set(filter(None, asked.split("/")))
    assert len(found) == {"": 8, "2.5x/seed1": 2}.get(asked, 4 if asked == "sskd" else 2)
    assert all(parts <= set(model.folder.split("/")) for model in found)
    assert package_name(found[0]) == found[0].folder.removeprefix("students/").replace("/", "-")


def test_a_path_in_a_row_is_no_param_of_its_job():
    row = LABELS | {"network": "resnet18", "init": "/secret/w.safetensors"}
    config = read_config(demo(methods={"elsewhere": row}), CONFIG)
    job = student_job(config, model=models(config)[-1], stage="finetune", code="")
    assert job.init == "weights" and "secret" not in str(job)


def test_a_teacher_from_weights_has_its_network_in_every_model_and_its_path_in_no_job():
    given = {"network": "tf_efficientnet_lite0", "weights": "/secret/w.safetensors"}
    rows = {"sskd": None, "low": LABELS | {"network": "tf_efficientnet_lite0", "init": "teacher"}}
    config = read_config(demo(teacher=given, methods=rows, student_magnifications=[2.5]), CONFIG)
    assert config.teacher_choice == "paired" and config.as_dict()["teacher"] == given | {"choice": "paired"}
    assert measured_networks(models(config)) == [
        ("tf_efficientnet_lite0", 10), ("resnet10", 2.5), ("tf_efficientnet_lite0", 2.5),
    ]  # fmt: skip
    job = teacher_job(config, seed=0, code="")
    assert (job.network, job.init) == ("tf_efficientnet_lite0", "weights") and "secret" not in str(job)
    plain = teacher_job(read_config(demo(), CONFIG), seed=0, code="")
    assert (plain.network, plain.init) == ("resnet10", "random")
    with pytest.raises(InputError, match=r"`teacher.weights`: there is no file /secret/w.safetensors; write the path"):
        check_external_models(config)


@pytest.mark.parametrize(
    "about, message",
    [
        (None, "there is no file .*given.safetensors; write paired, best_validation or the path of a model"),
        ("<html>", "given.safetensors is not a model of lowpower"),
        ({}, None),
        ({"magnification": 5}, r"has magnification 5x \(2.0 µm/px\), the config 10x \(1.0 µm/px\). Choose another"),
        ({"classes": ["a", "b"]}, "has the classes a, b, the config palisade_regular, "),
        ({"architecture": "resnet50"}, "has the architecture resnet50, the config resnet10"),
        ({"bags": "mean"}, "has `training.bags` mean, the config none"),
    ],
)
def test_a_given_teacher_is_checked_before_anything_runs(tmp_path, about, message):
    config = read_config(demo(teacher=str(tmp_path / "given.safetensors")), CONFIG)
    if isinstance(about, dict):
        fits = {"magnification": 10, "classes": config.classes, "architecture": "resnet10"}
        write_header(tmp_path / "given.safetensors", fits | about)
    elif about:
        (tmp_path / "given.safetensors").write_text(about)
    with pytest.raises(InputError, match=message) if message else nullcontext():
        check_external_models(config)


def test_each_stage_of_a_row_knows_what_it_learns_a_label_from():
    methods = {
        "scratch": LABELS,
        "regions": LABELS | {"bags": "none"},
        "color": LABELS | {"network": "color"},
        "known": LABELS | {"pretrain": {"images": "all"}, "bags": "mean"},
        "taught": LABELS | {"distill": {"images": "all"}},
    }
    raw = demo(methods=methods, regions_have_labels=False, training={"bags": "attention"}, student_magnifications=[5])
    config = read_config(raw, CONFIG)
    own = {model.method: model for model in models(config)}
    stages = {"known": ("pretrain", "finetune"), "taught": ("distill", "finetune")}
    found = {
        (name, stage): student_job(config, own[name], stage, "").training.bags
        for name in methods
        for stage in stages.get(name, ("finetune",))
    }
    assert found == {
        ("scratch", "finetune"): "attention",
        ("regions", "finetune"): "none",
        ("color", "finetune"): "none",
        ("known", "pretrain"): "none",  # without labels
        ("known", "finetune"): "mean",
        ("taught", "distill"): "attention",  # it is validated by slide, as its teacher is
        ("taught", "finetune"): "attention",
    }
    assert teacher_job(config, 0, "").training.bags == "attention"


def test_a_study_goes_on_in_its_folder_and_no_other_does(tmp_path):
    config = read_config(demo(), CONFIG)
    check_same_study(config, tmp_path)  # nothing there yet
    files.write_json(tmp_path / "config.json", config.as_dict())
    check_same_study(replace(config, unit="grid"), tmp_path)  # nothing trained yet: regions may be tried out
    write_header(tmp_path / "teacher/seed0/model.safetensors", {})
    check_same_study(replace(config, seeds=[0, 1], slides=f"./{config.slides}", note="x"), tmp_path)
    for key, other in {"unit": "grid", "classes": ["a", "b"], "slides": "data/other.csv"}.items():
        with pytest.raises(InputError, match=rf"models of another study: `{key}` was .*, the config says"):
            check_same_study(replace(config, **{key: other}), tmp_path)
    (tmp_path / "config.json").unlink()
    check_same_study(replace(config, unit="grid"), tmp_path)


def test_the_names_of_networks_are_those_that_the_models_have():
    schema = yaml.safe_load(CONFIG.read_text())["properties"]["methods"]["additionalProperties"]["properties"]
    assert schema["network"]["enum"] == list(networks.NETWORKS)
    assert (ResNet.name, ColorNetwork.name) == (DEFAULT_NETWORK, FITTED)
    assert training_curves._FITTED == FITTED


def test_a_row_may_have_its_own_steps_batch_and_epochs():
    rows = {
        "own": {"steps": 100, "batch": 16, "distill": {"images": "all"}},
        "two": {"epochs": 10, "distill": {"images": "all"}, "finetune": {"images": "labeled", "share": 0.2}},
        "sskd_paper": None,
        "sskd": None,
    }
    config = read_config(demo(methods=rows, student_magnifications=[2.5]), CONFIG)
    of = {model.method: model for model in models(config)}

    def length(name, stage):
        job = student_job(config, model=of[name], stage=stage, code="")
        return job.steps, job.epochs, job.training.batch

    study = config.training
    assert length("own", "distill") == (100, 0, 16)
    assert length("two", "distill") == (0, 8, study.batch)
    assert length("two", "finetune") == (0, 2, study.batch)
    assert length("sskd_paper", "distill") == (0, 100, 32)  # the released code: 100 epochs, batches of 32
    assert length("sskd", "distill") == (study.steps, 0, study.batch)
    assert [result_row(config, of[name])["steps"] for name in rows] == [100, None, None, study.steps]


def test_every_row_takes_the_same_number_of_steps():
    config = read_config(demo(methods=dict.fromkeys(STANDARD)), CONFIG)
    for row in config.methods.values():
        for total in (1, 7, 300):
            if not ((row.distill or row.pretrain) and row.finetune and total == 1):
                assert sum(steps_of(row, total)) == total
    assert steps_of(config.methods["sskd_finetuned"], 300) == (240, 60)


@pytest.fixture
def scripts(tmp_path):
    package = tmp_path / "lowpower"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text('"""Says one."""\n\ndef f():\n    """One."""\n    return 1\n')
    (package / "other.py").write_text("x = 1\n")
    for room in (package, package / "unused"):
        (room / "templates").mkdir(parents=True)
        (room / "templates/page.css").write_text("a {}\n")
    (tmp_path / "step.py").write_text("from lowpower.helper import f\n\nf()\n")

    def hash_now():
        code_hash._read.cache_clear()
        code_hash.code_hash.cache_clear()
        return code_hash.code_hash(tmp_path / "step.py")

    return tmp_path, hash_now


@pytest.mark.parametrize(
    "file, text, changes",
    [
        ("step.py", "# why\nfrom lowpower.helper import f\n\n\nf()  # call\n", False),
        ("step.py", "from lowpower.helper import f\n\nf(), f()\n", True),
        ("lowpower/helper.py", '"""Other words."""\ndef f():\n    return 1\n', False),
        ("lowpower/helper.py", "def f():\n    return 2\n", True),
        ("lowpower/other.py", "x = 2\n", False),
        ("lowpower/templates/page.css", "a { color: red }\n", True),
        ("lowpower/templates/new.js", "", True),
        ("lowpower/unused/templates/page.css", "a { color: red }\n", False),
    ],
)
def test_the_hash_changes_with_what_the_code_does(scripts, file, text, changes):
    folder, hash_now = scripts
    before = hash_now()
    (folder / file).write_text(text)
    assert (hash_now() != before) == changes


@pytest.mark.slow
def test_a_loss_reaches_the_training_rules_and_no_others():
    losses = SCRIPTS / "lowpower/models/losses.py"
    assert losses in modules_of(SCRIPTS / "distill_student.py")
    for script in ("check_slide", "mask_tissue", "tile_slide", "downsample_slide", "index_regions", "evaluate"):
        assert losses not in modules_of(SCRIPTS / f"{script}.py")


@pytest.mark.parametrize("script", ["train_teacher", "record_teacher", "distill_student", "finetune_student"])
def test_trainings_know_their_own_params_and_no_study(script):
    """Another key of the study trains nothing anew, and another option of distillation no teacher."""
    known = {path.stem for path in modules_of(SCRIPTS / f"{script}.py") if path.parent.name == "config"}
    own = {"settings", "training_settings", "training_params"}
    students = {"method_settings", "student_params"} if script.endswith("student") else set()
    assert known == own - ({"training_params"} if script == "record_teacher" else set()) | students


@pytest.mark.slow
def test_templates_reach_the_rules_that_write_pages_and_no_others():
    paged = {script.stem for script in SCRIPTS.glob("*.py") if code_hash.templates_of(modules_of(script))}
    assert paged == {"show_intake", "write_report", "write_model_cards", "package_model"}


@pytest.mark.slow
def test_pseudonyms_reach_only_what_is_published():
    """A script that knew them would cut, train or predict again when names change."""
    knows = {script.stem for script in SCRIPTS.glob("*.py") if SCRIPTS / "lowpower/pseudonyms.py" in modules_of(script)}
    ours = {"check_slide", "mask_tissue", "tile_slide", "downsample_slide", "read_level", "gather_slides"}
    ours |= {"index_regions", "split_patients", "train_teacher", "record_teacher", "distill_student", "predict"}
    ours |= {"pretrain_student", "finetune_student", "measure_cost", "evaluate"}
    assert not knows & ours and {"tabulate_slides", "show_examples", "write_report"} <= knows


GROUPS = {
    "slides": {"torch", "pandas"},
    "models": {"openslide", "matplotlib"},
    "inference": {"openslide", "matplotlib", "pandas"},
    "tables": {"torch", "openslide", "matplotlib"},
    "figures": {"torch", "openslide"},
    "pages": {"torch", "openslide", "matplotlib"},
    "planning": {"torch", "openslide", "matplotlib"},
    "provenance": {"torch", "openslide", "matplotlib", "pandas"},
    "config": {"torch", "openslide"},
    "evaluation": {"torch", "openslide", "matplotlib", "pandas"},
    "claims": {"torch", "openslide", "matplotlib"},
    "reading": {"pandas", "snakemake", "matplotlib"},
}


STANDS_ON = {  # data flows one way
    "tables": {"evaluation", "config"},
    "claims": {"tables", "evaluation", "config"},
    "figures": {"tables", "evaluation", "config"},
    "pages": {"tables", "claims", "evaluation", "config"},
    "planning": {"tables", "evaluation", "config"},
    "inference": {"models", "config"},
    # the one place where slides and models meet
    "reading": {"slides", "models", "inference", "pages", "evaluation", "config"},
    "models": {"config"},  # the params of a training alone, as the next test asserts
}


@pytest.mark.parametrize("group", GROUPS)
def test_groups_never_import_each_other(group):
    for path in (SCRIPTS / "lowpower" / group).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                others = {f"lowpower.{other}" for other in GROUPS if other not in {group, *STANDS_ON.get(group, ())}}
                assert ".".join(name.split(".")[:2]) not in others, f"{path.name} imports {name}"
                assert name.split(".")[0] not in GROUPS[group], f"{path.name} imports {name}"
