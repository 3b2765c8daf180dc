"""Jobs of a few steps on the tiny cohort: a trained teacher, its recording, an interruption."""

from dataclasses import replace
from pathlib import Path

from region_images import CLASSES

from lowpower.config.method_settings import Distill
from lowpower.config.training_params import TrainingJob
from lowpower.config.training_settings import Augmentation, Training
from lowpower.inference.prediction import predict
from lowpower.models.recording import record_teacher
from lowpower.models.region_sets import Order
from lowpower.models.teacher_training import train_teacher

AUGMENTATION = Augmentation(brightness=0.1, contrast=0.1, saturation=0.1, hue=0.0)
RECIPE = Training(steps=12, batch=8, evaluate_every=4, memory_mb=50, megapixels_per_pass=1)
JOB = TrainingJob(
    name="test", seed=0, classes=CLASSES, network="resnet10", init="random", steps=12, labeled=100, unlabeled=100,
    training=RECIPE, augmentation=AUGMENTATION, gpu=False, about={"magnification": 5}, code="",
)  # fmt: skip
DISTILL = Distill(images="all")


def student_job(kind, job=JOB, reduction=2, **changes):
    """The job of a stage of a student, kind, with other values of some fields, the stage's settings among them."""
    return kind(**vars(job) | {"reduction": reduction} | changes)


def teach(cohort, folder, **training):
    folder.mkdir(exist_ok=True)
    model, history = str(folder / "model.safetensors"), str(folder / "history.csv")
    job = replace(JOB, training=replace(RECIPE, **training))
    train_teacher(job, index=cohort / "regions/10x.csv", splits=cohort / "splits.csv", model=model, history=history)
    return Path(model)


def record(cohort, views=3, parts=1, part=0, augmentation=AUGMENTATION):
    path = cohort / f"part{part}of{parts}.safetensors"
    index, splits = cohort / "regions/10x.csv", cohort / "splits.csv"
    record_teacher(
        cohort / "teacher/model.safetensors",
        index=index,
        splits=splits,
        seed=0,
        views=views,
        part=part,
        parts=parts,
        augmentation=augmentation,
        megapixels=1,
        gpu=False,
        targets=path,
    )
    return path


def predict_test(model, index, splits, predictions, **level):
    """Predict the test patients of seed 0."""
    predict(
        model, index=index, splits=splits, seed=0, predicted=["test"], megapixels=1, gpu=False,
        predictions=predictions, **level,
    )  # fmt: skip


def interrupt_seventh_step(monkeypatch):
    """Have the seventh step that is taken from now on break off; returns the list that every step will be added to."""
    steps, at = [], Order.at

    def killed(order, step):
        steps.append(step)
        if len(steps) == 7:
            raise KeyboardInterrupt
        return at(order, step)

    monkeypatch.setattr(Order, "at", killed)
    return steps


def swap_training_labels(cohort):
    rows = (cohort / "splits.csv").read_text().splitlines()
    swapped = [
        row.replace("blue", "?").replace("red", "blue").replace("?", "red") if "train" in row else row for row in rows
    ]
    (cohort / "splits.csv").write_text("\n".join(swapped) + "\n")
