"""Examples for the figures: which regions, what the models call them, and the pixels that were read."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from region_images import CLASSES
from training_runs import predict_test

from lowpower import files
from lowpower.model_header import ModelHeader
from lowpower.models import resnet
from lowpower.models.examples import disagreements, pick, show_examples
from lowpower.models.model_file import save_model
from lowpower.models.pixels import read_image
from lowpower.models.region_sets import read_regions

pytestmark = pytest.mark.slow


@pytest.fixture
def inputs(tiny_cohort):
    """What show_examples takes: two networks with random weights and what they say of the test regions."""
    splits = tiny_cohort / "splits.csv"
    found = {"splits": splits, "seed": 0, "reported": ["test"]}
    for k, (key, scale) in enumerate({"teacher": "10x", "student": "5x"}.items()):
        model, index = tiny_cohort / f"{key}/model.safetensors", tiny_cohort / f"regions/{scale}.csv"
        save_model(model, resnet.build(2, k), ModelHeader(classes=CLASSES, mean=[0.5] * 3, std=[0.2] * 3))
        predict_test(model, index=index, splits=splits, predictions=tiny_cohort / f"{key}.parquet")
        found |= {key: model, f"{key}_index": index, f"{key}_predictions": tiny_cohort / f"{key}.parquet"}
    return found


def judge_as(inputs, key, **blue):
    """Let the predictions of a model say blue of the regions of these slides with this probability.

    Of what it says of the slide's own level, the opposite, no example may be made.
    """
    path = inputs[f"{key}_predictions"]
    table = pq.read_table(path).to_pandas()
    table["p_blue"] = [blue[slide] for slide in table["slide"]]
    table["p_red"] = 1 - table["p_blue"]
    pd.concat([table, table.assign(pixels="level", p_blue=table["p_red"], p_red=table["p_blue"])]).to_parquet(path)


def shown(inputs, path):
    show_examples(**inputs, gpu=False, examples=path)
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("examples.json")), set(archive.namelist())


def test_one_region_of_each_class_is_drawn_with_what_both_call_it(inputs, tmp_path):
    judge_as(inputs, "teacher", A4=0.9, B4=0.2)
    judge_as(inputs, "student", A4=0.75, B4=0.25)
    rows, names = shown(inputs, tmp_path / "one.zip")
    assert [(row["truth"], row["teacher"], row["student"]) for row in rows["drawn"]] == [(c, c, c) for c in CLASSES]
    assert [row["teacher_probability"] for row in rows["drawn"]] == [0.9, 0.8]
    assert [row["student_probability"] for row in rows["drawn"]] == [0.75, 0.75]
    assert rows["disagreements"] == []
    assert len(names) == 1 + 2 * 2 * 2
    shown(inputs, tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_mistakes_that_the_teacher_does_not_make_are_shown_with_the_pixels_that_were_read(inputs, tmp_path, capfd):
    judge_as(inputs, "teacher", A4=0.9, B4=0.2)
    judge_as(inputs, "student", A4=0.4, B4=0.7)
    rows, names = shown(inputs, tmp_path / "examples.zip")
    assert [row["region"] for row in rows["disagreements"]] == ["B4_00000", "B4_00001", "A4_00000", "A4_00001"]
    first = {key: value for key, value in rows["disagreements"][0].items() if key != "region"}
    calls = {"teacher": "red", "teacher_probability": 0.8, "student": "blue", "student_probability": 0.7}
    assert first == {"truth": "red"} | calls
    assert (
        "the teacher classifies 8 regions correctly that the student does not, 4 of them shown"
        in capfd.readouterr().err
    )
    with zipfile.ZipFile(tmp_path / "examples.zip") as archive:
        for key in ("teacher", "student"):
            region = next(
                r for r in read_regions(inputs[f"{key}_index"], inputs["splits"], 0) if r.region == "A4_00000"
            )
            pixels = files.decode(archive.read(f"{key}/A4_00000.png"))
            np.testing.assert_array_equal(pixels, read_image(region).permute(1, 2, 0).numpy())
            assert f"{key}/A4_00000.map.png" in names


def test_an_annotation_is_the_truth_of_its_region_and_without_a_truth_nothing_is_wrong(tiny_cohort):
    one = read_regions(tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", 0)[0]
    assert one.truth == "blue"
    assert replace(one, label="red").truth == "blue"  # the true label
    assert replace(one, label="red", label_source="annotation").truth == "red"
    assert replace(one, label="", true_label="").truth == ""


def test_the_surest_mistakes_come_first_and_no_class_fills_the_page(tiny_cohort):
    one = read_regions(tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", 0)[0]
    truths = {"r1": "a", "r2": "a", "r3": "a", "r4": "b", "r5": "b", "r6": "c", "r7": "d", "r8": "e", "r9": "e"}
    known = [replace(one, region=name, true_label=truth) for name, truth in truths.items()]
    teacher = {name: (truth, 0.9) for name, truth in truths.items()} | {"r9": ("a", 0.9)}
    sure = {"r1": 0.6, "r2": 0.8, "r3": 0.8, "r4": 0.99, "r5": 0.5, "r6": 0.5, "r7": 0.5, "r8": 0.4, "r9": 1.0}
    student = {name: ("z", sure[name]) for name in truths} | {"r7": ("d", 0.95)}
    found = disagreements(known, teacher, student)
    assert [region.region for region in found] == ["r4", "r2", "r3", "r1", "r5", "r6", "r8"]
    assert [region.region for region in pick(found)] == ["r4", "r2", "r3", "r5", "r6", "r8"]
