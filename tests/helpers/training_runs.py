"""Jobs of a few steps on the tiny cohort: a trained teacher, its recording, an interruption."""

from pathlib import Path

from region_images import CLASSES

from lowpower.models.recording import record_teacher
from lowpower.models.region_sets import Order
from lowpower.models.teacher_training import train_teacher

AUGMENTATION = {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.0, "flip": True, "quarter_turns": False}
RECIPE = {
    "steps": 12, "batch": 8, "learning_rate": 1e-3, "weight_decay": 1e-4, "evaluate_every": 4, "memory_mb": 50,
    "megapixels_per_pass": 1, "precision": "float32", "channels_last": False,
}  # fmt: skip
JOB = {
    "name": "test", "seed": 0, "classes": CLASSES, "training": RECIPE, "augmentation": AUGMENTATION, "gpu": False,
    "about": {"magnification": 5}, "code": "", "labeled": 100, "unlabeled": 100, "init": "random", "reduction": 2,
    "network": "resnet10",
}  # fmt: skip
DISTILL = {
    "images": "all", "kl_weight": 1, "temperature": 1, "feature_weight": 1, "pooling": "max", "cross_entropy": 0,
    "drop_last": False, "views": 0, "teacher": "recorded", "batches_per_step": 1, "lr_multiplier": 1, "ema_decay": 0,
}  # fmt: skip


def teach(cohort, folder):
    folder.mkdir(exist_ok=True)
    model, history = str(folder / "model.safetensors"), str(folder / "history.csv")
    train_teacher(JOB, cohort / "regions/10x.csv", cohort / "splits.csv", model, history)
    return Path(model)


def record(cohort, views=3, parts=1, part=0, augmentation=AUGMENTATION):
    path = cohort / f"part{part}of{parts}.safetensors"
    index, splits = cohort / "regions/10x.csv", cohort / "splits.csv"
    record_teacher(
        cohort / "teacher/model.safetensors", index, splits, 0, views, part, parts, augmentation, 1, False, path
    )
    return path


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
