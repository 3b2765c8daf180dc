"""The controls of a study: the student's recipe at the teacher's magnification, color alone, weights from elsewhere."""

import json
import math
import os
import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from region_images import CLASSES
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression
from training_runs import AUGMENTATION, DISTILL, RECIPE, predict_test, record, student_job, teach

from lowpower.config.method_settings import Finetune
from lowpower.config.student_params import DistillJob, FinetuneJob
from lowpower.errors import InputError
from lowpower.files import read_json, read_rows, write_rows
from lowpower.hashes import hash_of
from lowpower.inference.inference_cost import count_flops, measure_cost
from lowpower.model_header import ModelHeader
from lowpower.models import backbone, networks
from lowpower.models.color_fit import PENALTIES, minimize
from lowpower.models.color_network import ColorNetwork, color_features
from lowpower.models.distillation import distill_student
from lowpower.models.examples import show_examples
from lowpower.models.fine_tuning import finetune_student
from lowpower.models.model_file import load_model, save_model
from lowpower.models.pixels import read_image
from lowpower.models.region_sets import Order, labeled, read_regions
from lowpower.models.teacher_choice import adopt_teacher, choose_teacher
from lowpower.models.training_outputs import HISTORY
from lowpower.models.weights_file import take_weights
from lowpower.planning.workload import _PRICE

pytestmark = pytest.mark.slow

COLOR = student_job(FinetuneJob, network="color", finetune=Finetune(images="labeled"))


@pytest.fixture
def cohort(tiny_cohort):
    """The tiny cohort with a trained teacher."""
    teach(tiny_cohort, tiny_cohort / "teacher")
    return tiny_cohort


def finetune(cohort, job, start=None, name="model", scale="5x"):
    model, history = str(cohort / f"{name}.safetensors"), str(cohort / f"{name}.csv")
    finetune_student(
        job,
        index=str(cohort / f"regions/{scale}.csv"),
        splits=str(cohort / "splits.csv"),
        start=start,
        start_history=None,
        model=model,
        history=history,
    )
    return model


def test_a_stage_on_labels_may_take_several_batches_a_multiple_of_the_rate_and_averaged_weights(
    tiny_cohort, monkeypatch
):
    places, at = [], Order.at
    monkeypatch.setattr(Order, "at", lambda order, step: places.append(at(order, step)) or places[-1])
    plain = Finetune(images="labeled", share=1)

    def weights_of(stage, learning_rate=1e-3):
        recipe = replace(RECIPE, learning_rate=learning_rate)
        model = finetune(tiny_cohort, student_job(FinetuneJob, finetune=stage, training=recipe, init="random"))
        return load_model(model)[0].state_dict()["conv.weight"]

    first = weights_of(plain)
    assert {len(place) for place in places} == {RECIPE.batch}
    places.clear()
    weights_of(replace(plain, batches_per_step=3))
    assert {len(place) for place in places} == {3 * RECIPE.batch}
    assert torch.equal(weights_of(replace(plain, lr_multiplier=2)), weights_of(plain, learning_rate=2e-3))
    assert not torch.equal(weights_of(replace(plain, ema_decay=0.9)), first)


@pytest.mark.slow
def test_color_tells_blue_from_red_and_says_so_as_any_model_does(tiny_cohort):
    model = finetune(tiny_cohort, COLOR)
    about = load_model(model)[1]
    assert (about.architecture, about.magnification) == ("color", 5)
    rows = read_rows(tiny_cohort / "model.csv")
    assert list(rows[0]) == HISTORY and len(rows) == len(PENALTIES)
    best = min(rows, key=lambda row: float(row["val_log_loss"]))
    assert [row["chosen"] for row in rows] == [str(int(row is best)) for row in rows]
    assert float(best["val_accuracy"]) == 1
    steps = [int(row["step"]) for row in rows]
    assert steps == list(range(1, len(PENALTIES) + 1))  # not iterations, which depend on the processor
    index, splits, table = tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", tiny_cohort / "p.parquet"
    predict_test(model, index=index, splits=splits, predictions=table)
    table = pq.read_table(table).to_pandas()
    assert ((table.p_blue > 0.5) == (table.true_label == "blue")).all()
    finetune(tiny_cohort, COLOR, name="again")
    assert (tiny_cohort / "model.safetensors").read_bytes() == (tiny_cohort / "again.safetensors").read_bytes()


def test_a_fit_of_colors_takes_no_training_time(tiny_cohort):
    made = [str(tiny_cohort / name) for name in ("model.safetensors", "history.csv", "time.json")]
    finetune_student(COLOR, str(tiny_cohort / "regions/5x.csv"), str(tiny_cohort / "splits.csv"), None, None, *made)
    time = read_json(made[2])
    assert {time[name] for name in ("seconds", "attempts", "steps", "looks", "regions")} == {0}


def test_color_looks_at_labels_of_its_share_and_at_no_view(tiny_cohort):
    """Half the labels give another fit; another augmentation does not."""
    first = load_model(finetune(tiny_cohort, COLOR))[0].state_dict()
    augmentation = replace(AUGMENTATION, hue=0.5, saturation=1.0)
    same = load_model(finetune(tiny_cohort, replace(COLOR, augmentation=augmentation)))[0].state_dict()
    other = load_model(finetune(tiny_cohort, replace(COLOR, labeled=50)))[0].state_dict()
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_color_features_are_the_mean_and_spread_of_each_channel(tiny_cohort):
    regions = read_regions(tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", 0)
    image = read_image(regions[0]).unsqueeze(0).double()
    expected = torch.cat([image.mean((2, 3)), image.std((2, 3), unbiased=False)], 1)
    torch.testing.assert_close(color_features(image), expected, rtol=1e-12, atol=0)
    assert not color_features(torch.full((1, 3, 64, 64), 200.0))[0, 3:].any()  # of one color: no spread at all
    assert count_flops(ColorNetwork(3), 64, 32) == 12 * 64 * 32 + 2 * 6 * 3


@pytest.mark.parametrize("penalty", [1e-1, 1e-3])
def test_the_fit_is_that_of_a_library_for_logistic_regression(penalty):
    draw = np.random.default_rng(0)
    features, answers = draw.normal(size=(60, 6)), draw.integers(0, 3, 60)
    head = torch.nn.Linear(6, 3, dtype=torch.float64)
    minimize(head, features=torch.tensor(features), targets=torch.tensor(answers), penalty=penalty)
    other = LogisticRegression(C=1 / (2 * penalty * 60), tol=1e-12, max_iter=10_000).fit(features, answers)
    np.testing.assert_allclose(
        head(torch.tensor(features)).softmax(1).detach(), other.predict_proba(features), atol=1e-6
    )


def test_a_class_without_a_region_is_never_called_and_the_fit_ends():
    draw = np.random.default_rng(0)
    head = torch.nn.Linear(6, 4, dtype=torch.float64)
    torch.nn.init.zeros_(head.weight), torch.nn.init.zeros_(head.bias)
    features = torch.tensor(draw.normal(size=(60, 6)))
    assert minimize(head, features=features, targets=torch.tensor(draw.integers(0, 3, 60)), penalty=1e-4) < 50
    assert head(features).softmax(1)[:, 3].max() < 1e-5 and abs(head.bias.sum()) < 1e-5


WHOLE = """
import json, sys
from lowpower.config.student_params import FinetuneJob
from lowpower.models.fine_tuning import finetune_student
from lowpower.inference.prediction import predict
from lowpower.typed_values import as_type
folder, job = sys.argv[1], as_type(FinetuneJob, json.loads(sys.argv[2]))
model, splits = f"{folder}/color/model.safetensors", f"{folder}/splits.csv"
history = f"{folder}/color/history.csv"
finetune_student(
    job, index=f"{folder}/regions/5x.csv", splits=splits, start=None, start_history=None, model=model, history=history
)
for scale in ("10x", "5x"):
    table = f"{folder}/color/{scale}.parquet"
    predict(
        model, index=f"{folder}/regions/{scale}.csv", splits=splits, seed=0, predicted=["train", "val", "test"],
        megapixels=1, gpu=False, predictions=table,
    )
"""


@pytest.mark.slow
def test_color_is_the_same_whatever_the_processor_and_its_libraries_do(tiny_cohort):
    modes = [
        {"OMP_NUM_THREADS": "1"},
        {"MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "2"},
        {"MKL_CBWR": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "SSE41", "OMP_NUM_THREADS": "2"},
    ]
    clean = {key: value for key, value in os.environ.items() if key not in {name for mode in modes for name in mode}}
    made = []
    for mode in modes:
        subprocess.run(
            [sys.executable, "-c", WHOLE, tiny_cohort, json.dumps(asdict(COLOR))], env=clean | mode, check=True
        )
        files = sorted((tiny_cohort / "color").iterdir())
        made.append({path.name: path.read_bytes() for path in files})
    assert len(made[0]) == 4 and all(files == made[0] for files in made)


def weights_of(network, folder, **changes):
    """A file as torchvision's users have it: random weights under its names, and changes to them (None: left out)."""
    network = networks.build(network, 5, 1)
    for name, value in network.body.named_buffers():
        if value.is_floating_point():
            value.add_(torch.rand(value.shape, generator=torch.Generator().manual_seed(len(name))))
    weights = {key: value for key, value in (network.body.state_dict() | changes).items() if value is not None}
    save_file(weights, folder / "weights.safetensors")
    return str(folder / "weights.safetensors")


def given(**changes):
    few = {"training": replace(RECIPE, steps=2, batch=2, evaluate_every=2), "steps": 2}
    row = {"network": "resnet18", "init": "weights", "finetune": Finetune(images="labeled")}
    return student_job(FinetuneJob, **row | few | changes)


@pytest.mark.slow
@pytest.mark.parametrize("head", [True, False])
def test_weights_of_a_file_are_taken_exactly_with_or_without_their_head(tiny_cohort, head):
    without = {} if head else {"fc.weight": None, "fc.bias": None}
    path = weights_of("resnet18", tiny_cohort, **without)
    still = given(training=replace(STILL, batch=2, evaluate_every=2))
    network, about = load_model(finetune(tiny_cohort, still, path))
    found, file = network.body.state_dict(), load_file(path)
    assert found["fc.weight"].shape == (2, 512)
    assert all(torch.equal(found[key], value) for key, value in file.items() if not key.startswith("fc."))
    assert (about.architecture, about.mean) == ("resnet18", backbone.MEAN)
    assert about.start_weights == {"sha256": hash_of(path)}
    assert str(tiny_cohort) not in about.to_json()


@pytest.mark.slow
def test_a_backbone_learns_with_its_statistics_frozen_and_its_file_in_the_fingerprint(tiny_cohort):
    path = weights_of("resnet18", tiny_cohort)
    network, about = load_model(finetune(tiny_cohort, given(), path))
    file = load_file(path)
    assert torch.equal(network.body.bn1.running_mean, file["bn1.running_mean"])
    assert not torch.equal(network.body.conv1.weight, file["conv1.weight"])
    assert len(read_rows(tiny_cohort / "model.csv")) == 1
    other = weights_of("resnet18", tiny_cohort, **{"bn1.bias": torch.ones(64)})
    assert load_model(finetune(tiny_cohort, given(), other))[1].fingerprint != about.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes, message",
    [
        (
            {"conv1.weight": None},
            r"does not hold torchvision's weights of resnet18: 1 missing \(conv1.weight\)\. Write",
        ),
        ({"layer9.weight": torch.ones(1)}, r"1 unexpected \(layer9.weight\)"),
        ({"bn1.bias": torch.ones(3)}, r"1 of another shape \(bn1.bias\)"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_what_is_wrong_in_it(tiny_cohort, changes, message):
    with pytest.raises(InputError, match=message):
        finetune(tiny_cohort, given(), weights_of("resnet18", tiny_cohort, **changes))


@pytest.mark.slow
def test_a_file_of_another_network_or_none_at_all_is_refused(tiny_cohort):
    with pytest.raises(InputError, match=r"of resnet34: \d+ missing \(layer1.2.bn1.bias, .* and \d+ more\)"):
        finetune(tiny_cohort, given(network="resnet34"), weights_of("resnet18", tiny_cohort))
    (tiny_cohort / "weights.safetensors").write_bytes(b"<html>")
    with pytest.raises(InputError, match="is not a safetensors file of weights"):
        finetune(tiny_cohort, given(), str(tiny_cohort / "weights.safetensors"))


@pytest.mark.slow
def test_weights_without_a_count_of_batches_are_taken_too(tiny_cohort):
    network = networks.build("resnet18", 2, 0)
    counts = {key: None for key in network.body.state_dict() if key.endswith("num_batches_tracked")}
    path = weights_of("resnet18", tiny_cohort, **counts)
    assert take_weights(network, path) == {"sha256": hash_of(path)}  # a file of another program names no origin


@pytest.mark.slow
@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_network_is_a_model_file_with_logits_a_map_and_a_cost(tmp_path, name):
    network = networks.build(name, 2, 3)
    save_model(tmp_path / "model.safetensors", network, ModelHeader(classes=CLASSES))
    loaded, about = load_model(tmp_path / "model.safetensors")
    assert about.architecture == loaded.name == name
    image = torch.rand(1, 3, 64, 32)
    logits, feature_map = loaded.eval()(image)
    assert torch.equal(logits, network.eval()(image)[0]) and logits.shape == (1, 2)
    assert feature_map is None or feature_map.shape[2:] == (2, 1)
    again = networks.build(name, 2, 3).state_dict()
    assert all(torch.equal(again[key], value) for key, value in network.state_dict().items())
    per_pixel = count_flops(network, 256, 256) / count_flops(networks.build("resnet10", 2, 0), 256, 256)
    assert per_pixel == pytest.approx(_PRICE.get(name, 1.0 if name == "resnet10" else 0.0), rel=0.03, abs=0.002)


def test_a_model_of_an_unknown_network_is_one_message(tmp_path):
    network = networks.build("resnet10", 2, 0)
    network.name = "vit"
    save_model(tmp_path / "model.safetensors", network, ModelHeader(classes=CLASSES))
    with pytest.raises(InputError, match=r"model.safetensors: the network 'vit' is not in this version"):
        load_model(tmp_path / "model.safetensors")


def test_costs_are_of_the_network_that_is_named(tiny_cohort):
    index, splits, out = tiny_cohort / "regions/5x.csv", tiny_cohort / "splits.csv", tiny_cohort / "cost.json"
    measure_cost(
        index,
        splits=splits,
        seed=0,
        network="color",
        magnification=5,
        classes=2,
        regions_timed=2,
        repeats=1,
        gpu=False,
        cost=out,
    )
    cost = json.loads(out.read_text())
    assert (cost["network"], cost["parameters"]) == ("color", 14)
    assert cost["flops_per_region"] == 12 * cost["pixels_per_region"] + 24


def test_color_has_no_map_to_show_and_examples_are_drawn_all_the_same(cohort):
    models = {"teacher": cohort / "teacher/model.safetensors", "student": finetune(cohort, COLOR)}
    indexes = {"teacher": cohort / "regions/10x.csv", "student": cohort / "regions/5x.csv"}
    predictions = {key: cohort / f"{key}.parquet" for key in models}
    for key, model in models.items():
        predict_test(model, index=indexes[key], splits=cohort / "splits.csv", predictions=predictions[key])
    files = [*models.values(), *indexes.values(), *predictions.values(), cohort / "splits.csv"]
    show_examples(*files, 0, ["test"], False, cohort / "examples.zip")
    assert (cohort / "examples.zip").stat().st_size > 0


def self_distill(cohort, targets, name, **changes):
    folder = cohort / name
    folder.mkdir()
    job = student_job(DistillJob, distill=DISTILL, reduction=1, about={"magnification": 10}, **changes)
    distill_student(
        job, index=cohort / "regions/10x.csv", splits=cohort / "splits.csv", targets=targets,
        teacher=cohort / "teacher/model.safetensors", teacher_index=cohort / "regions/10x.csv",
        model=str(folder / "distilled.safetensors"), history=str(folder / "distilled.csv"),
    )  # fmt: skip
    return read_rows(folder / "distilled.csv"), load_model(folder / "distilled.safetensors")[1]


STILL = replace(RECIPE, learning_rate=1e-30, weight_decay=0)  # a student that does not move


def test_self_distillation_learns_at_the_teachers_magnification(cohort):
    rows, about = self_distill(cohort, [record(cohort, views=12)], "student")
    assert about.magnification == 10
    assert float(rows[-1]["feature"]) < 0.7 * float(rows[0]["feature"])  # .22 was seen


def test_self_distillation_asks_recording_and_live_teacher_for_the_same(cohort):
    """Of a student that does not move: training would magnify the last bits of float32, differently by processor."""
    recorded, live = (
        self_distill(cohort, targets, name, training=STILL)[0]
        for targets, name in (([record(cohort, views=12)], "recorded"), ([], "live"))
    )
    for row, other in zip(recorded, live, strict=True):
        assert float(row["kl"]) == pytest.approx(float(other["kl"]), rel=1e-4)  # logits are stored in float32
        assert float(row["feature"]) == pytest.approx(
            float(other["feature"]), rel=1e-3
        )  # maps in float16: 1 / 2,048 at most


def test_the_teacher_itself_would_lose_nothing_in_self_distillation(cohort):
    """Started from the teacher, and not moved: its own map, pooled as the recording was, is the recording."""
    for targets, name in (([record(cohort)], "recorded"), ([], "live")):
        rows, _ = self_distill(cohort, targets, name, init="teacher", training=STILL)
        assert max(float(row["feature"]) for row in rows) < 1e-6 and max(float(row["kl"]) for row in rows) < 1e-6


def test_the_best_teacher_is_the_one_with_the_lowest_loss_that_was_kept(tmp_path):
    for k, losses in enumerate([(0.5, 0.4), (0.2, 0.3), (0.9, 0.2)]):
        rows = [{"step": i, "val_log_loss": x, "chosen": int(x == min(losses))} for i, x in enumerate(losses)]
        write_rows(tmp_path / f"{k}.csv", HISTORY, rows)
        (tmp_path / f"{k}.safetensors").write_bytes(bytes([k]))
    paths = [[tmp_path / f"{k}.{end}" for k in range(3)] for end in ("safetensors", "csv")]
    choose_teacher(*paths, tmp_path / "best.safetensors")
    assert (tmp_path / "best.safetensors").read_bytes() == bytes([1])


def test_a_given_teacher_is_taken_as_it_is_without_a_history(cohort):
    model, history = cohort / "other/model.safetensors", cohort / "other/history.csv"
    adopt_teacher(cohort / "teacher/model.safetensors", model, history)
    assert model.read_bytes() == (cohort / "teacher/model.safetensors").read_bytes()
    assert read_rows(history) == []
    with pytest.raises(InputError, match="is not a model of lowpower"):
        adopt_teacher(cohort / "teacher/history.csv", model, history)


def test_epochs_are_steps_over_all_training_regions(cohort):
    regions = read_regions(cohort / "regions/5x.csv", cohort / "splits.csv", 0)
    steps = math.ceil(2.5 * len(labeled(regions, 100)) / (2 * RECIPE.batch))
    job = student_job(FinetuneJob, finetune=Finetune(images="labeled", batches_per_step=2))
    by_epochs = finetune(cohort, replace(job, steps=0, epochs=2.5), name="epochs")
    by_steps = finetune(cohort, replace(job, steps=steps), name="steps")
    assert read_rows(cohort / "epochs.csv")[-1]["step"] == str(steps)
    tensors = load_file(by_epochs), load_file(by_steps)
    assert all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[1])
