"""The config: what is read, what it means, and what is said of a bad one."""

import copy
import json
import re
from contextlib import nullcontext
from dataclasses import replace

import pytest
import yaml
from demo_config import LABELS, demo
from project_paths import CONFIG_SCHEMA as CONFIG
from project_paths import ROOT

from lowpower import magnification
from lowpower.config.config_file import read_config, read_unquoted
from lowpower.config.config_page import configuration_page
from lowpower.config.region_sizes import region_multiple, with_exact_magnifications
from lowpower.config.study_models import models
from lowpower.config.yaml_file import parse
from lowpower.errors import InputError


def test_defaults_are_filled_at_every_depth_and_nothing_given_is_changed():
    raw = demo()
    before = copy.deepcopy(raw)
    config = read_config(raw, CONFIG)
    assert raw == before
    assert config.training.learning_rate == 0.001 and config.training.steps == raw["training"]["steps"]
    assert config.methods["sskd"].distill.pooling == "max"
    assert config.as_dict()["methods"]["scratch"] == {
        "network": "resnet10",
        "at": "students",
        "init": "random",
        "steps": 0,
        "epochs": 0,
        "batch": 0,
        "bags": "study",
        "pretrain": None,
        "distill": None,
        "finetune": {
            "images": "labeled", "batches_per_step": 1, "lr_multiplier": 1, "ema_decay": 0, "share": 0.2,
        },
    }  # fmt: skip
    assert config.tissue.mask_mpp == 8


LITE0 = {"network": "tf_efficientnet_lite0", "weights": "w.safetensors"}
PRETRAIN = {"pretrain": {"images": "all"}} | LABELS


BAGS = {"regions_have_labels": False, "training": {"bags": "attention"}, "aggregation": "attention"}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"trainig": {}}, "unknown key `trainig`; did you mean `training`?"),
        ({"training": {"step": 1}}, "unknown key `training.step`; did you mean `steps`?"),
        (
            {"methods": {"a": {"distill": {"image": "all"}}}},
            "unknown key `methods.a.distill.image`; did you mean `images`?",
        ),
        ({"seeds": ["a"]}, '`seeds.0` is "a"; write whole number, 0 to 4294967295. Seeds of the study'),
        ({"jpeg_quality": 101}, "`jpeg_quality` is 101; write whole number, 50 to 100. JPEG quality"),
        (
            {"pixels": ["level"]},
            r"`pixels` is \[\"level\"\]; write list of `averaged`, `level`. .* averaged \(required\)",
        ),
        ({"views": "often"}, '`views` is "often"; write whole number, 1 to 256. Number of views of each'),
        (
            {"methods": {"m": {"distill": {"images": "all", "views": 8}}}},
            "`methods.m.distill.views`: 8 views are more than the 4 that are recorded; write 4 or less",
        ),
        (
            {"student_magnifications": [3]},
            r"`student_magnifications`: 10x to 3x is a reduction by 3.33333, .*; the nearest is 2.5 \(10 / 4\)",
        ),
        ({"student_magnifications": [1.67]}, r"a reduction by 5.98802, .*; the nearest is 1.66667 \(10 / 6\)"),
        ({"student_magnifications": [2.5, 2.5001]}, "2.5 occurs twice, as the teacher's 10 reduced by 4"),
        ({"student_magnifications": [10 / 34, 10 / 62, 10 / 58], "max_side_um": 0}, "teacher pixels wide, more than"),
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
        ({"max_side_um": float("nan")}, "`max_side_um` is NaN; write number, at least 0"),
        ({"training": {"learning_rate": float("inf")}}, "`training.learning_rate` is Infinity; write number, above 0"),
        ({"cohort": "my cohort"}, '`cohort` is "my cohort"; write up to 100 letters .A to Z, a to z., digits, - and _'),
        *[({"cohort": name}, "write up to 100 letters") for name in ("..", "a/b", "own\n", "x" * 101, "", "ä", "a.")],
        ({"classes": ["a", "b\n"]}, r'`classes.1` is "b\\n"; write up to 100 letters on one line'),
        *[({"classes": ["a", name]}, "`classes.1` is ") for name in ("", " ", "b ", "b\nc", "b\x07", "b" * 101)],
        ({"classes": ["Normal", "normal"]}, "`classes`: 'Normal' and 'normal' look alike"),
        ({"classes": ["\xe4", "a\u0308"]}, r"'\\xe4' and '\\xe4' look alike"),
        ({"classes": ["ab", "ab\u200b"]}, "'ab' and 'ab' look alike"),
        ({"classes": ["pre-cancer", "pre\u2013cancer"]}, "look alike"),
        ({"slides": "a\0.csv"}, r'`slides` is "a\\u0000.csv"; write text'),
        ({"training": None}, "`training` is null; write section, or remove the key. Optimizer settings"),
        ({"training": {"steps": True}}, "`training.steps` is true; write whole number"),
        ({"training": {"steps": 2.5}}, "`training.steps` is 2.5; write whole number"),
        ({"training": {"steps": "010"}}, '`training.steps` is "010"; write whole number'),
        (
            {"seeds": [0, 5], "split": {"by": "kfold"}},
            "`seeds`: 0 and 5 test the same patients, fold 0 of 5 .*write 0, 1",
        ),
        ({"seeds": [0, 0.0]}, r"`seeds` is \[0, 0\]"),
        ({"seeds": [2**32]}, "`seeds.0` is 4294967296; write whole number, 0 to 4294967295"),
        ({"demo": {"focus": [0.3, 0.1]}}, r"`demo.focus`: the smaller share comes first; write \[0.1, 0.3\]"),
        (
            {"methods": {"sskd_finetuned": None}, "training": {"steps": 1}},
            "`training.steps`: 1 step cannot be shared by `distill` and `finetune` of `methods.sskd_finetuned`;",
        ),
        ({"methods": {"vicreg": None}, "training": {"steps": 1}}, "shared by `pretrain` and `finetune`"),
        (
            {"methods": {"a": {"distill": {"images": "all"}, "finetune": {"images": "labeled", "share": 1}}}},
            "`methods.a.finetune.share`: 1 leaves no step for `distill`",
        ),
        (
            {"training": {"bags": "mean"}},
            "`training.bags`: mean is for slides .* `regions_have_labels: true` gives each",
        ),
        (
            {"methods": {"a": LABELS | {"bags": "mean"}}},
            "`methods.a.bags`: mean is for slides whose label does not hold",
        ),
        (
            BAGS | {"unit": "annotation", "aggregation": "mean"},
            "`training.bags`: attention is for slides .* `unit: annotation` gives each region a label",
        ),
        (
            BAGS | {"methods": {"color_baseline": None}},
            "attention is for models .*, which `color_baseline` is not; write",
        ),
        (BAGS | {"methods": {"a": LABELS | {"bags": "none"}}}, "which `a` is not; write `aggregation: validation`"),
        (
            BAGS | {"aggregation": "mean", "methods": {"a": {"distill": {"images": "all"}, "bags": "mean"}}},
            "`methods.a.bags`: mean does not fit its teacher, which has `training.bags: attention`; remove the key",
        ),
        (
            {"demo": {"pieces_with_focus": 0}},
            "`demo.pieces_with_focus` is 0; write number, 0 to 1. Share of the pieces of a slide",
        ),
        (
            {"methods": {"a": {"distill": {"images": "all", "kl_weight": 0, "feature_weight": 0}}}},
            "`methods.a.distill` has no loss: kl_weight, feature_weight and cross_entropy are all 0; write a",
        ),
        ({"methods": {"x" * 65: LABELS}}, "is not a valid name; write up to 64 lowercase"),
        ({"methods": {"sskd\n": LABELS}}, "is not a valid name"),
        ({"methods": {"skdd": None}}, "unknown method `methods.skdd`; did you mean `sskd`?"),
        ({"methods": {"a": {}}}, "`methods.a` is not trained"),
        ({"methods": {"a": {"distill": {"images": "all", "cross_entropy": 1}}}}, "cross_entropy needs labels"),
        ({"methods": {"teacher": {}}}, "`methods.teacher` is not a valid name; write .*not `teacher`"),
        (
            {"methods": {"a": {"pretrain": {"images": "all"}}}},
            "`methods.a` is not trained; write `distill`, `finetune`",
        ),
        ({"methods": {"a": PRETRAIN | {"distill": {"images": "all"}}}}, "neither `distill` nor `init`"),
        ({"methods": {"a": PRETRAIN | {"init": "teacher"}}}, "neither `distill` nor `init`"),
        (
            {"methods": {"a": PRETRAIN}, "training": {"batch": 1}},
            "compares the regions of a batch; write `batch: 2` or more here, or in `training`",
        ),
        (
            {"methods": {"a": LABELS | {"steps": 9, "epochs": 2}}},
            "9 steps and 2 epochs are two lengths of one training",
        ),
        ({"methods": {"a": LABELS | {"network": "color", "epochs": 2}}}, "remove `steps`, `epochs` and `batch`"),
        (
            {"methods": {"a": PRETRAIN | {"steps": 1}}},
            "`methods.a.steps`: 1 step cannot be shared by `pretrain` and `finetune` of `methods.a`",
        ),
        (
            {"methods": {"a": LABELS | {"batch": 2}}, "training": {"processes": 3}},
            "3 processes cannot share the batch of 2 of a; write 2 or less",
        ),
        ({"methods": {"a": PRETRAIN | {"network": "color"}}}, "color can be neither distilled nor pretrained"),
        (
            {"methods": {"a": {"network": "resnet18", "distill": {"images": "all"}}}},
            "resnet18 can be neither distilled nor pretrained",
        ),
        (
            {"methods": {"a": LABELS | {"network": "color", "init": "teacher"}}},
            "color is fitted without start weights",
        ),
        (
            {"methods": {"a": {"network": "color", "finetune": {"images": "labeled", "batches_per_step": 4}}}},
            "color is fitted to convergence, without optimizer steps; write only `images` in `finetune`",
        ),
        (
            {"methods": {"a": LABELS | {"network": "resnet50"}}},
            "resnet50 needs a file of start weights; write `init: PATH",
        ),
        ({"methods": {"a": LABELS | {"init": "w.safetensors"}}}, "a file of weights needs network resnet18"),
        (
            {"methods": {"a": LABELS | {"init": "w.pth"}}},
            '`methods.a.init` is "w.pth"; write `random`, `teacher`, `PATH.',
        ),
        ({"methods": {"a": LABELS | {"at": "teachers"}}}, '`methods.a.at` is "teachers"; write `students`, `teacher`'),
        (
            {"teacher": "best"},
            '`teacher` is "best"; write `paired`, `best_validation`, `PATH.safetensors` or a section',
        ),
        ({"teacher": 5}, "`teacher` is 5; write `paired`, `best_validation`, `PATH.safetensors` or a section"),
        ({"teacher": {"network": "resnet18"}}, "the key `teacher.weights` is missing; write it. Path of a local"),
        ({"teacher": LITE0 | {"network": "vit"}}, '`teacher.network` is "vit"; write `resnet18`, '),
        ({"teacher": LITE0 | {"weights": "w.pth"}}, '`teacher.weights` is "w.pth"; write a path that ends in .safet'),
        ({"teacher": LITE0 | {"weight": "w"}}, "unknown key `teacher.weight`; did you mean `weights`"),
        (
            {
                "teacher": LITE0 | {"choice": "best_validation"},
                "split": {"by": "random"},
                "methods": {"sskd": None},
            },
            r"`teacher.choice`: best_validation .* is a leak.* write `teacher.choice: paired`",
        ),
        (
            {"teacher": LITE0, "methods": {"teacher_init": None}},
            "`methods.teacher_init` cannot start from the teacher's weights: its network is resnet10, the teacher's "
            "tf_efficientnet_lite0; leave the row out",
        ),
        (
            {"methods": {"a": LABELS | {"network": "resnet18", "init": "teacher"}}},
            "cannot start from the teacher's weights: its network is resnet18, the teacher's resnet10",
        ),
        (
            {"teacher": "best_validation", "split": {"by": "kfold"}},
            r"best_validation with `split: {by: kfold}` is a leak",
        ),
        ({"teacher": "best_validation", "split": {"by": "random"}}, "the best teacher may have been trained on them"),
    ],
)
def test_a_bad_config_is_one_message(changes, message):
    with pytest.raises(InputError, match=message):
        read_config(demo(**changes), CONFIG)


def test_names_that_the_sheet_has_too_are_cleaned_as_the_sheets_are():
    raw = demo(classes=["Mu\u0308ller\u200b", "other"], positive_class="Mu\u0308ller")
    config = read_config(raw | {"split": {"by": "site", "test_sites": ["East\u00a0wing"]}}, CONFIG)
    assert config.classes == ["M\u00fcller", "other"] and config.positive_class == "M\u00fcller"
    assert config.split.test_sites == ["East wing"]


def test_a_missing_key_is_named():
    raw = demo()
    del raw["classes"]
    with pytest.raises(InputError, match=r"the key `classes` is missing; write it. The classes, in the order"):
        read_config(raw, CONFIG)


def test_keys_that_are_no_text_are_told_too():
    with pytest.raises(InputError, match="unknown key `1`"):
        read_config(demo() | {1: 2, False: 3, None: 3}, CONFIG)
    with pytest.raises(InputError, match=r"unknown method `methods\.False`"):
        read_config(demo(methods={False: None}), CONFIG)


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


def test_the_order_of_keys_reaches_no_job():
    raw = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text())
    turned = {key: dict(reversed(value.items())) if isinstance(value, dict) else value for key, value in raw.items()}
    turned = dict(
        reversed((turned | {"methods": raw["methods"]}).items())
    )  # rows are shown in the order they are written
    assert list(turned) != list(raw)
    assert json.dumps(read_config(turned, CONFIG).as_dict()) == json.dumps(read_config(raw, CONFIG).as_dict())


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "training: {steps: 6}\nseeds: [0]\ntraining: {batch: 2}\n",
            "my.yaml, lines 1 and 3: the key `training` occurs twice",
        ),
        ("a:\n  b: 1\n  b: 1\n", "lines 2 and 3: the key `b` occurs twice in one section"),
        ('{"seeds": [0], "seeds": [1]}', "my.yaml: the key `seeds` occurs twice in one section"),
        ("steps: 010\n", 'line 1: YAML reads 010 as 8; write it in quotes, "010", if it is text. Write 8 if it is a'),
        ("\nsteps: 1:30\n", "line 2: YAML reads 1:30 as 90"),
        ("steps: 0x10\n", "YAML reads 0x10 as 16"),
        ("note: 2024-01-02\n", "YAML reads 2024-01-02 as a date; write it in quotes"),
        ("note: 2024-13-40\n", "YAML reads 2024-13-40 as a date"),
        ("rate: .nan\n", "YAML reads .nan as nan; .* Write a decimal number if it is one"),
        ("rate: -.inf\n", "YAML reads -.inf as -inf"),
        ("NO: 1\n", 'YAML reads the key NO as true or false; write it in quotes, "NO"'),
        ("1: 2\n", "YAML reads the key 1 as a number"),
        ("[1, 2]: 3\n", "a key is a list or section"),
        ("a: &a [*a]\n", "an anchor .&. contains itself"),
        ("a:\n\tb: 1\n", "line 2: this is not YAML .*; indent with spaces, not tabs"),
        ("a: [1\n", "line 2: this is not YAML"),
        ("a: 1\n---\nb: 1\n", "line 2: this is not YAML"),
        ("a: !!python/name:os.system\n", "line 1: this is not YAML"),
        ("a: \0\n", "this is not YAML"),
        ("[" * 5000, "this is not YAML"),
        (b"a: 1\nb: \xe4\n", "my.yaml, line 2: a character is not UTF-8"),
    ],
)
def test_what_yaml_would_change_without_a_word_is_an_error_with_its_line(tmp_path, text, message):
    path = tmp_path / "my.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=message) as caught:
        read_unquoted([path])
    assert str(caught.value).startswith(f"config {path}")


@pytest.mark.parametrize(
    "text, value",
    [
        ("a: 1_000\nb: 1.0e+3\nc: 07.5", {"a": 1000, "b": 1000.0, "c": 7.5}),
        (
            "x: &x {m: 1, n: 1}\ny: {<<: *x, m: 2}\nz: *x",
            {"x": {"m": 1, "n": 1}, "y": {"m": 2, "n": 1}, "z": {"m": 1, "n": 1}},
        ),
        ("\ufeffa: '010'\nb: \"NO\"\nc: !!str 010", {"a": "010", "b": "NO", "c": "010"}),
        ("{a: 1}", {"a": 1}),
        ('{\t"a": 1e-3}', {"a": 0.001}),
        ("", None),
    ],
)
def test_what_says_what_it_means_is_read(text, value):
    assert parse(text.encode(), "config x")[0] == value


@pytest.mark.parametrize(
    "line, message",
    [
        (
            "classes: [NO, YES]",
            r"`classes.0` is NO, which YAML reads as false \(config .*, line 1\); write it in quotes, \"NO\"",
        ),
        (
            "classes: [1.10, 2]",
            r"`classes.0` is 1.10, which YAML reads as 1.1 \(.*\); write it in quotes, \"1.10\", if it is",
        ),
        ("classes: [1, 2]", r"`classes.0` is 1; write it in quotes, \"1\", if it is text. The classes"),
        (
            "note:",
            r"`note` is blank, which YAML reads as null \(.*, line 1\); write text, or remove the key. A sentence",
        ),
        ("split: ~", r"`split` is ~, which YAML reads as null \(.*\); write section, or remove the key"),
        ("training: {steps: on}", "`training.steps` is on, which YAML reads as true .*; write whole number"),
    ],
)
def test_what_yaml_made_of_a_value_is_said(tmp_path, line, message):
    path = tmp_path / "my.yaml"
    path.write_text(line)
    changes, written = yaml.safe_load(line), read_unquoted([path])
    with pytest.raises(InputError, match=message):
        read_config(demo(**changes), CONFIG, written)
    with pytest.raises(InputError, match="`seeds` is true; write list"):  # another value of the key, from --config
        read_config(demo(seeds=True), CONFIG, read_unquoted([path]))


def test_a_later_config_file_wins_in_messages_as_in_values(tmp_path):
    for name, text in (("a", "NO"), ("b", "off")):
        (tmp_path / name).write_text(f"note: {text}")
    assert read_unquoted([tmp_path / "a", tmp_path / "b"])[("note",)].text == "off"
    assert read_unquoted([tmp_path / "none"]) == {}


@pytest.mark.parametrize(
    "changes, key, value",
    [
        ({"seeds": [1.0]}, ("seeds",), [1]),
        ({"seeds": ["0", "1"]}, ("seeds",), [0, 1]),  # as --config seeds=[0,1] comes from Snakemake
        ({"training": {"steps": "3", "learning_rate": "1e-3"}}, ("training", "learning_rate"), 0.001),
        ({"demo": {"equalized_um": "8"}}, ("demo", "equalized_um"), 8),
        ({"training": {"steps": "1e3"}}, ("training", "steps"), 1000),
        ({"training": {"channels_last": "True"}}, ("training", "channels_last"), True),
        ({"student_magnifications": ["5", "2.5"]}, ("student_magnifications",), [5, 2.5]),
        ({"methods": {"m": {"distill": {"images": "all", "views": "2"}}}}, ("methods", "m", "distill", "views"), 2),
        ({"methods": {"m": LABELS | {"distill": "null"}}}, ("methods", "m", "distill"), None),
        ({"methods": {"sskd": "", "scratch": "null"}}, ("methods", "sskd", "distill", "images"), "all"),
        ({"note": "1e-3"}, ("note",), "1e-3"),
        ({"classes": ["true", "1"]}, ("classes",), ["true", "1"]),
    ],
)
def test_a_value_that_can_mean_one_thing_alone_means_it(changes, key, value):
    found = read_config(demo(**changes), CONFIG).as_dict()
    for step in key:
        found = found[step]
    assert found == value and type(found) is type(value)
    assert not isinstance(value, list) or [type(item) for item in found] == [type(item) for item in value]


@pytest.mark.slow
@pytest.mark.parametrize("teacher", [40, 20, 10, 5, 2.5, 7.3, 80, 0.7])
def test_names_of_all_even_reductions_stand_for_the_very_number(teacher):
    study = read_config(demo(), CONFIG)
    for reduction in range(2, 450, 2):
        for low in (teacher / reduction, float(f"{teacher / reduction:.4g}")):  # in full, and as people write it
            config = with_exact_magnifications(
                replace(study, teacher_magnification=teacher, student_magnifications=[low])
            )
            (low,) = config.student_magnifications
            name = magnification.name_of(low)
            assert re.fullmatch(r"[0-9.]+x", name) and magnification.parse(name) == low
            assert magnification.reduction_between(teacher, magnification.parse(name)) == reduction
            assert region_multiple(config) == 32 * reduction


@pytest.mark.parametrize(
    "low, name", [(2.5, "2.5x"), (0.625, "0.625x"), (10.0, "10x"), (5, "5x"), (0.0390625, "0.0390625x")]
)
def test_names_in_paths_stay_what_they_were(low, name):
    assert magnification.name_of(low) == name


def test_a_magnification_in_full_is_the_one_that_was_written():
    config = read_config(demo(student_magnifications=[5, 2.5, 1.667], coarsest_magnification=1.6667), CONFIG)
    assert config.student_magnifications == [5, 2.5, 10 / 6] and config.coarsest_magnification == 10 / 6
    assert type(config.student_magnifications[0]) is int  # or params differ, and all is made again
    assert magnification.describe(10 / 6) == "1.66667x (6.0 µm/px)"


@pytest.mark.parametrize("teacher", [10, 7.3, 40])
def test_the_sizes_that_messages_ask_for_are_taken(teacher):
    base = {"teacher_magnification": teacher, "student_magnifications": [teacher / 6], "coarsest_magnification": 0}
    for changes, key in (
        ({"max_side_um": 1}, "max_side_um"),
        ({"unit": "grid", "grid": {"size_um": 999.7}}, "size_um"),
    ):
        with pytest.raises(InputError) as caught:
            read_config(demo(**base, **changes), CONFIG)
        said = float(re.search(r"(?:write|the nearest is) ([\d.]+)(?: or more.*)?$", str(caught.value))[1])
        again = {"max_side_um": said} if key == "max_side_um" else {"unit": "grid", "grid": {"size_um": said}}
        read_config(demo(**base, **again), CONFIG)


RIGHT = {
    "dup_key": "lines 23 and 46: the key `training` occurs twice in one section",
    "mag_1.6667": None,
    "seeds_float": None,
    "steps_1": "`training.steps`: 1 step cannot be shared by `distill` and `finetune` of `methods.sskd_finetuned`",
    "norway": r"`classes.0` is NO, which YAML reads as false \(.*norway.yaml, line 5\); write it in quotes",
    "zero_losses": "`methods.z.distill` has no loss",
}


@pytest.mark.parametrize("name", RIGHT)
def test_each_case_of_a_config_ends_as_it_should(shared, name):
    path = shared / f"cases/{name}.yaml"
    with pytest.raises(InputError, match=RIGHT[name]) if RIGHT[name] else nullcontext():
        written = read_unquoted([path])
        text = path.read_text(encoding="utf-8").replace("colour:", "color_baseline:")  # the cases are of 0.1.0
        raw = yaml.safe_load(text.replace("kl: 0, map: 0", "kl_weight: 0, feature_weight: 0"))
        config = read_config(raw, CONFIG, written)
        assert config.seeds == [1 if name == "seeds_float" else 0] and type(config.seeds[0]) is int
        assert len(models(config)) == 5


@pytest.mark.parametrize(
    "former, now",
    [
        ("kl", "kl_weight"), ("map", "feature_weight"), ("looks", "batches_per_step"), ("rate", "lr_multiplier"),
        ("average", "ema_decay"),
    ],
)  # fmt: skip
def test_a_key_of_0_1_0_is_answered_with_its_new_name(former, now):
    raw = demo(methods={"m": {"distill": {"images": "all", former: 1}}})
    with pytest.raises(InputError, match=f"`methods.m.distill.{former}` is now called `{now}`; write that"):
        read_config(raw, CONFIG)


def test_names_and_values_of_0_1_0_are_answered_with_the_new_ones():
    with pytest.raises(InputError, match=r"`methods\.colour` is now called `color_baseline`; write that"):
        read_config(demo(methods={"colour": None}), CONFIG)
    with pytest.raises(InputError, match=r"`methods\.m\.distill\.views: live` is now `teacher: online`; write that"):
        read_config(demo(methods={"m": {"distill": {"images": "all", "views": "live"}}}), CONFIG)


def test_the_configuration_page_is_that_of_the_schema():
    page = configuration_page(yaml.safe_load(CONFIG.read_text()))
    assert (ROOT / "docs/configuration.md").read_text() == page, "run `make docs`"
    for key in ("`training.steps`", "`methods.NAME.distill.pooling`", "`demo.contrast`"):
        assert f"| {key} |" in page
