"""Config, sheet, study and code hashes: what the Snakefile reads."""

import ast
import copy
import json
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import openpyxl
import pytest
import yaml
from test_workflow import write_header

from lowpower import files
from lowpower.errors import InputError
from lowpower.figures import curves
from lowpower.models import networks
from lowpower.models.color import ColorNetwork
from lowpower.models.resnet import ResNet
from lowpower.pages import rows_text
from lowpower.planning import workload
from lowpower.study import code
from lowpower.study.code import modules_of
from lowpower.study.config import read_config, region_multiple
from lowpower.study.config_page import configuration_page
from lowpower.study.earlier import check_same_study
from lowpower.study.given import check_given
from lowpower.study.jobs import controls, example_student, result_row, stage_before, student_recipe
from lowpower.study.methods import STANDARD
from lowpower.study.sheet import by_file_name, read_sheet
from lowpower.study.study import FITTED, TEACHERS_NETWORK, level_of, measured_networks, models, steps_of

ROOT = Path(__file__).parents[1]
CONFIG, SHEET = ROOT / "schemas/config.schema.yaml", ROOT / "schemas/sheet.schema.yaml"
SCRIPTS = ROOT / "workflow_scripts"


def demo(**changes):
    return yaml.safe_load((ROOT / "config.yaml").read_text()) | changes


def test_defaults_are_filled_at_every_depth_and_nothing_given_is_changed():
    raw = demo()
    before = copy.deepcopy(raw)
    config = read_config(raw, CONFIG)
    assert raw == before
    assert config["training"]["learning_rate"] == 0.001 and config["training"]["steps"] == raw["training"]["steps"]
    assert config["methods"]["sskd"]["distill"]["pooling"] == "max"
    assert config["methods"]["scratch"] == {
        "network": "resnet10",
        "at": "students",
        "init": "random",
        "pretrain": None,
        "distill": None,
        "finetune": {"images": "labeled", "share": 0.2},
    }
    assert config["tissue"]["mask_mpp"] == 8


LABELS = {"finetune": {"images": "labeled"}}
PRETRAIN = {"pretrain": {"images": "all"}} | LABELS


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"trainig": {}}, "unknown key `trainig`; did you mean `training`?"),
        ({"training": {"step": 1}}, "unknown key `training.step`; did you mean `steps`?"),
        (
            {"methods": {"a": {"distill": {"image": "all"}}}},
            "unknown key `methods.a.distill.image`; did you mean `images`?",
        ),
        ({"seeds": ["a"]}, '`seeds.0` is "a"; write whole number, at least 0. Seeds of the study'),
        ({"jpeg_quality": 101}, "`jpeg_quality` is 101; write whole number, 50 to 100. JPEG quality"),
        (
            {"pixels": ["level"]},
            r"`pixels` is \[\"level\"\]; write list of `averaged`, `level`. .* averaged, always one of them",
        ),
        ({"views": "often"}, '`views` is "often"; write whole number, 1 to 256. Views of each'),
        (
            {"methods": {"m": {"distill": {"images": "all", "views": 8}}}},
            "`methods.m.distill.views`: 8 views are more than the 4 that are recorded; write 4 or less",
        ),
        ({"student_magnifications": [3]}, "`student_magnifications`: 10x to 3x is a reduction by 3.33333"),
        (
            {"student_magnifications": [10]},
            "`student_magnifications`: 10 is not below teacher_magnification, 10; write 5, 2.5",
        ),
        ({"student_magnifications": [20]}, "20 is not below teacher_magnification"),
        ({"coarsest_magnification": 4}, "`coarsest_magnification`: 10x to 4x"),
        (
            {"unit": "grid", "grid": {"size_um": 250}},
            "250 µm is 250 px at 10x, not a multiple of 128 px .* nearest is 256",
        ),
        (
            {"unit": "grid", "grid": {"stride_um": 100.5}},
            "`grid.stride_um`: 100.5 µm .*not a multiple of 1 px; the nearest is 100",
        ),
        (
            {"max_side_um": 100},
            r"`max_side_um`: 100 µm .* smallest region, 128 µm \(128 px at 10x.*write 128 or more, or 0",
        ),
        ({"methods": {"skdd": None}}, "unknown method `methods.skdd`; did you mean `sskd`?"),
        ({"methods": {"a": {}}}, "`methods.a` learns nothing"),
        ({"methods": {"a": {"distill": {"images": "all", "cross_entropy": 1}}}}, "cross_entropy needs labels"),
        ({"methods": {"teacher": {}}}, "`methods.teacher` is no name that can stand there; write .*not `teacher`"),
        (
            {"methods": {"a": {"pretrain": {"images": "all"}}}},
            "`methods.a` learns nothing: give it `distill`, `finetune`",
        ),
        ({"methods": {"a": PRETRAIN | {"distill": {"images": "all"}}}}, "neither `distill` nor `init`"),
        ({"methods": {"a": PRETRAIN | {"init": "teacher"}}}, "neither `distill` nor `init`"),
        (
            {"methods": {"a": PRETRAIN}, "training": {"batch": 1}},
            "compares the regions of a batch; write `training.batch: 2",
        ),
        ({"methods": {"a": PRETRAIN | {"network": "color"}}}, "color cannot be matched"),
        ({"methods": {"a": {"network": "resnet18", "distill": {"images": "all"}}}}, "resnet18 cannot be matched"),
        (
            {"methods": {"a": LABELS | {"network": "color", "init": "teacher"}}},
            "color is fitted and starts from nothing",
        ),
        (
            {"methods": {"a": LABELS | {"network": "resnet50"}}},
            "resnet50 starts from weights of its own; write `init: PATH",
        ),
        ({"methods": {"a": LABELS | {"init": "w.safetensors"}}}, "a file of weights is for network resnet18"),
        (
            {"methods": {"a": LABELS | {"init": "w.pth"}}},
            '`methods.a.init` is "w.pth"; write `random`, `teacher`, `PATH.',
        ),
        ({"methods": {"a": LABELS | {"at": "teachers"}}}, '`methods.a.at` is "teachers"; write `students`, `teacher`'),
        ({"teacher": "best"}, '`teacher` is "best"; write `paired`, `best_validation`, `PATH.safetensors`'),
        (
            {"teacher": "best_validation", "split": {"by": "kfold"}},
            r"best_validation with `split: {by: kfold}` is a leak",
        ),
        ({"teacher": "best_validation", "split": {"by": "random"}}, "whom the best teacher may have trained on"),
    ],
)
def test_a_bad_config_is_one_message(changes, message):
    with pytest.raises(InputError, match=message):
        read_config(demo(**changes), CONFIG)


def test_a_missing_key_is_named():
    raw = demo()
    del raw["classes"]
    with pytest.raises(InputError, match=r"the key `classes` is missing; write it. The classes, in the order"):
        read_config(raw, CONFIG)


def test_every_key_of_the_schema_is_described():
    def check(rules, path):
        for key, rule in rules.get("properties", {}).items():
            assert rule.get("description"), f"{path}{key}"
            for inner in (rule, *rule.get("oneOf", [])):
                check(inner, f"{path}{key}.")
        if isinstance(rules.get("additionalProperties"), dict):
            check(rules["additionalProperties"], f"{path}*.")

    check(yaml.safe_load(CONFIG.read_text()), "")


def test_regions_fit_every_reduction():
    assert region_multiple(read_config(demo(student_magnifications=[5, 2.5]), CONFIG)) == 128
    assert region_multiple(read_config(demo(student_magnifications=[5], coarsest_magnification=1.25), CONFIG)) == 256
    assert region_multiple(read_config(demo(student_magnifications=[2.5, 10 / 6]), CONFIG)) == 32 * 12


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
    blind = {"scratch", "teacher_init", "kd_supervised", "colour", "known", "elsewhere"}  # to unlabeled regions
    for method in rows:
        places = 1 if method == "self_distill" else 2
        assert found[method] == places * 2 * (1 if method in blind else 3), method
    assert {m.magnification for m in models(config) if m.method == "self_distill"} == {10}
    assert {(m.method, m.network) for m in models(config) if m.network != "resnet10"} == {
        ("colour", "color"), ("elsewhere", "resnet18"),
    }  # fmt: skip
    assert measured_networks(models(config)) == [
        ("resnet10", 10), ("resnet10", 5), ("resnet10", 2.5), ("color", 5), ("color", 2.5), ("resnet18", 5),
        ("resnet18", 2.5),
    ]  # fmt: skip


def test_jobs_are_told_what_their_row_says():
    config = read_config(demo(methods=dict.fromkeys(STANDARD), student_magnifications=[2.5]), CONFIG)
    of = {model.method: model for model in models(config)}
    assert student_recipe(config, of["self_distill"], "distill")["reduction"] == 1
    assert student_recipe(config, of["sskd"], "distill")["reduction"] == 4
    assert [student_recipe(config, of["vicreg"], stage)["steps"] for stage in ("pretrain", "finetune")] == [1200, 300]
    assert student_recipe(config, of["colour"], "finetune")["network"] == "color"
    assert [stage_before(config["methods"][name]) for name in ("sskd", "vicreg", "scratch")] == [
        "distilled", "pretrained", None,
    ]  # fmt: skip
    assert (result_row(config, of["colour"])["steps"], result_row(config, of["vicreg"])["steps"]) == ("", 1500)
    assert example_student(config, models(config)).method == "sskd"  # distilled on all images, at the lowest


def test_controls_are_rows_that_nobody_would_use():
    assert controls(read_config(demo(), CONFIG)) == ["all_labels", "colour"]


def test_a_path_in_a_row_is_no_param_of_its_job():
    row = LABELS | {"network": "resnet18", "init": "/secret/w.safetensors"}
    config = read_config(demo(methods={"elsewhere": row}), CONFIG)
    job = student_recipe(config, models(config)[-1], "finetune")
    assert job["init"] == "weights" and "secret" not in str(job)


@pytest.mark.parametrize(
    "about, message",
    [
        (None, "there is no file .*given.safetensors; write paired, best_validation or the path of a model"),
        ("<html>", "given.safetensors is not a model of lowpower"),
        ({}, None),
        ({"magnification": 5}, r"has magnification 5x \(2.0 µm/px\), the config 10x \(1.0 µm/px\). Choose another"),
        ({"classes": ["a", "b"]}, "has the classes a, b, the config palisade_regular, "),
        ({"architecture": "resnet50"}, "has the architecture resnet50, the config resnet10"),
    ],
)
def test_a_given_teacher_is_checked_before_anything_runs(tmp_path, about, message):
    config = read_config(demo(teacher=str(tmp_path / "given.safetensors")), CONFIG)
    if isinstance(about, dict):
        fits = {"magnification": 10, "classes": config["classes"], "architecture": "resnet10"}
        write_header(tmp_path / "given.safetensors", fits | about)
    elif about:
        (tmp_path / "given.safetensors").write_text(about)
    with pytest.raises(InputError, match=message) if message else nullcontext():
        check_given(config)


def test_a_study_goes_on_in_its_folder_and_no_other_does(tmp_path):
    config = read_config(demo(), CONFIG)
    check_same_study(config, tmp_path)  # nothing there yet
    files.write_json(tmp_path / "config.json", config)
    check_same_study(config | {"unit": "grid"}, tmp_path)  # nothing trained yet: regions may be tried out
    write_header(tmp_path / "teacher/seed0/model.safetensors", {})
    check_same_study(config | {"seeds": [0, 1], "slides": f"./{config['slides']}", "note": "x"}, tmp_path)
    for key, other in {"unit": "grid", "classes": ["a", "b"], "slides": "data/other.csv"}.items():
        with pytest.raises(InputError, match=rf"models of another study: `{key}` was .*, the config says"):
            check_same_study(config | {key: other}, tmp_path)
    (tmp_path / "config.json").unlink()
    check_same_study(config | {"unit": "grid"}, tmp_path)


def test_the_names_of_networks_are_those_that_the_models_have():
    schema = yaml.safe_load(CONFIG.read_text())["properties"]["methods"]["additionalProperties"]["properties"]
    assert schema["network"]["enum"] == list(networks.NETWORKS)
    assert (ResNet.name, ColorNetwork.name) == (TEACHERS_NETWORK, FITTED)
    assert rows_text._TEACHERS_NETWORK == TEACHERS_NETWORK
    assert {rows_text._FITTED, workload._FITTED, curves._FITTED} == {FITTED}


def test_every_row_takes_the_same_number_of_steps():
    config = read_config(demo(methods=dict.fromkeys(STANDARD)), CONFIG)
    for row in config["methods"].values():
        for total in (1, 7, 300):
            if not ((row["distill"] or row["pretrain"]) and row["finetune"] and total == 1):
                assert sum(steps_of(row, total)) == total
    assert steps_of(config["methods"]["sskd_finetuned"], 300) == (240, 60)


def write_sheet(tmp_path, text, name="slides.csv", encoding="utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path / name


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_sheets_of_any_separator_are_read_as_text(tmp_path, separator, mark):
    text = mark + "slide,path,patient,label,mpp,note\n007,a.svs,P1,NA,0.25,x\n\n008,b/c.svs,P2,,,\n".replace(
        ",", separator
    )
    rows = read_sheet(write_sheet(tmp_path, text), SHEET)
    assert [row["slide"] for row in rows] == ["007", "008"]
    assert (rows[0]["label"], rows[0]["mpp"], rows[0]["note"]) == ("NA", 0.25, "x")
    assert (rows[1]["label"], rows[1]["mpp"], rows[1]["exclude"]) == ("", None, "")
    assert rows[1]["file"] == str(tmp_path / "b/c.svs")


def test_workbooks_are_read_like_text(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["slide", "path", "patient", "label", "mpp"],
        ["007", "a.svs", 12, "x", 0.25],
        ["8", "b.svs", 12.0, None, None],
    ):
        book.active.append(row)
    book.save(tmp_path / "slides.xlsx")
    rows = read_sheet(tmp_path / "slides.xlsx", SHEET)
    assert [(r["slide"], r["patient"], r["label"], r["mpp"]) for r in rows] == [
        ("007", "12", "x", 0.25),
        ("8", "12", "", None),
    ]


HEADER = "slide,path,patient,label\n"


@pytest.mark.parametrize(
    "text, message",
    [
        ("slide,path,label\na,a.svs,x\n", "no column `patient` .*slides of one patient stay in one split"),
        ("slide,path,patients,label\na,a.svs,p,x\n", "no column `patient`.*`patients` looks like it"),
        (HEADER, "no rows"),
        ("", "no column `slide`"),
        (HEADER + "a,a.svs,p,x\na,b.svs,p,x\n", "line 3: the slide id 'a' stands in line 2 already"),
        (HEADER + "a,a.svs,p,x\nb,a.svs,p,x\n", "line 3: the slide file .*a.svs' stands in line 2"),
        (HEADER + "a,a.svs,p,x\nb,sub/../a.svs,p,x\n", "line 3: the slide file .*a.svs'"),
        (HEADER + "a,a.svs,,x\nb,b.svs,,x\nc,c.svs,,x\n", r"line 2 \(and 2 other lines\): `patient` is blank"),
        ("<!DOCTYPE html><html>login</html>", "is a web page, not a sheet"),
        (HEADER + "a,a.svs,,x\n", "line 2: `patient` is blank; write: id of the patient"),
        ("slide,path,patient,label,mpp\na,a.svs,p,x,0.25um\n", "line 2: `mpp` is '0.25um'; write: µm per pixel"),
        (
            "slide,path,patient,label,split\na,a.svs,p,x,training\n",
            "line 2: `split` is 'training'; write: train, val, test",
        ),
        ("slide,path,patient,label,true_lable\na,a.svs,p,x,y\n", "`true_lable` looks like `true_label`"),
    ],
)
def test_a_bad_sheet_is_one_message(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_sheet(write_sheet(tmp_path, text), SHEET)


def test_a_sheet_in_another_encoding_or_no_sheet_is_said_so(tmp_path):
    with pytest.raises(InputError, match="line 2: a letter is not UTF-8; save the sheet as CSV"):
        read_sheet(write_sheet(tmp_path, HEADER + "a,ä.svs,p,x\n", encoding="latin-1"), SHEET)
    with pytest.raises(InputError, match=r"there is no file .*none\.csv"):
        read_sheet(tmp_path / "none.csv", SHEET)
    with pytest.raises(InputError, match="UTF-16"):
        read_sheet(write_sheet(tmp_path, HEADER + "a,ä.svs,p,x\n", encoding="utf-16"), SHEET)
    with pytest.raises(InputError, match="is a web page"):
        read_sheet(write_sheet(tmp_path, "<html></html>", "slides.xlsx"), SHEET)
    with pytest.raises(InputError, match="not an Excel workbook"):
        read_sheet(write_sheet(tmp_path, "slide,path", "slides.xlsx"), SHEET)
    with pytest.raises(InputError, match=r"an Excel workbook; name it .xlsx"):
        read_sheet(write_sheet(tmp_path, "PK\x03\x04", "slides.csv"), SHEET)


def test_rows_are_found_by_file_name_whatever_their_order(tmp_path):
    rows = read_sheet(write_sheet(tmp_path, HEADER + "b/1,b.svs,p,x\na,a.svs,p,x\n"), SHEET)
    assert list(by_file_name(rows)) == list(by_file_name(rows[::-1])) == ["a", "b%2F1"]


@pytest.fixture
def scripts(tmp_path):
    package = tmp_path / "lowpower"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text('"""Says one."""\n\ndef f():\n    """One."""\n    return 1\n')
    (package / "other.py").write_text("x = 1\n")
    (tmp_path / "step.py").write_text("from lowpower.helper import f\n\nf()\n")

    def hash_now():
        code._read.cache_clear()
        code.code_hash.cache_clear()
        return code.code_hash(tmp_path / "step.py")

    return tmp_path, hash_now


@pytest.mark.parametrize(
    "file, text, changes",
    [
        ("step.py", "# why\nfrom lowpower.helper import f\n\n\nf()  # call\n", False),
        ("step.py", "from lowpower.helper import f\n\nf(), f()\n", True),
        ("lowpower/helper.py", '"""Other words."""\ndef f():\n    return 1\n', False),
        ("lowpower/helper.py", "def f():\n    return 2\n", True),
        ("lowpower/other.py", "x = 2\n", False),
    ],
)
def test_the_hash_changes_with_what_the_code_does(scripts, file, text, changes):
    folder, hash_now = scripts
    before = hash_now()
    (folder / file).write_text(text)
    assert (hash_now() != before) == changes


def test_a_loss_reaches_the_training_rules_and_no_others():
    losses = SCRIPTS / "lowpower/models/losses.py"
    assert losses in modules_of(SCRIPTS / "distill_student.py")
    for script in ("check_slide", "mask_tissue", "tile_slide", "downsample_slide", "index_regions", "evaluate"):
        assert losses not in modules_of(SCRIPTS / f"{script}.py")


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
    "tables": {"torch", "openslide", "matplotlib"},
    "figures": {"torch", "openslide"},
    "pages": {"torch", "openslide", "matplotlib"},
    "planning": {"torch", "openslide", "matplotlib"},
    "provenance": {"torch", "openslide", "matplotlib", "pandas"},
    "study": {"torch", "openslide"},
}


STANDS_ON = {"pages": {"tables"}, "planning": {"tables"}, "figures": {"tables"}}  # data flows one way


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


def test_the_order_of_keys_reaches_no_job():
    raw = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text())
    turned = {key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in raw.items()}
    turned = dict(
        reversed((turned | {"methods": raw["methods"]}).items())
    )  # rows are shown in the order they are written
    assert list(turned) != list(raw)
    assert json.dumps(read_config(turned, CONFIG)) == json.dumps(read_config(raw, CONFIG))


def test_the_configuration_page_is_that_of_the_schema():
    page = configuration_page(yaml.safe_load(CONFIG.read_text()))
    assert (ROOT / "docs/configuration.md").read_text() == page, "run `make docs`"
    for key in ("`training.steps`", "`methods.NAME.distill.pooling`", "`demo.contrast`"):
        assert f"| {key} |" in page
