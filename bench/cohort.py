"""A synthetic cohort in the workflow's own files, small enough to train on in a benchmark."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lowpower import files, rng
from lowpower.config.method_settings import Distill
from lowpower.config.student_params import DistillJob
from lowpower.config.training_params import TrainingJob
from lowpower.config.training_settings import Augmentation, Training
from lowpower.magnification import name_of
from lowpower.model_header import ModelHeader
from lowpower.models import resnet
from lowpower.models.distillation import distill_student
from lowpower.models.model_file import save_model
from lowpower.models.recording import record_teacher
from lowpower.models.teacher_training import train_teacher
from lowpower.slides import phantom
from lowpower.slides.downsampling import area_mean

TEACHER = 10
AUGMENTATION, RECIPE = Augmentation(), Training()  # the config's defaults


def save_teacher(folder: Path) -> None:
    """Save an untrained teacher, which costs as much to run as a trained one."""
    header = ModelHeader(classes=list(phantom.CLASSES), mean=[0.7] * 3, std=[0.2] * 3, fingerprint="bench")
    save_model(folder / "teacher.safetensors", resnet.build(len(phantom.CLASSES), 0), header)


def record(folder: Path, views: int) -> None:
    """Record the teacher's outputs for the cohort's regions."""
    record_teacher(
        folder / "teacher.safetensors", folder / f"regions/{name_of(TEACHER)}.csv", folder / "splits.csv", 0, views,
        0, 1, AUGMENTATION, RECIPE.megapixels_per_pass, False, folder / "targets/part0.safetensors",
    )  # fmt: skip


def train(folder: Path, which: str, reduction: int, steps: int, live: bool = False, **recipe: object) -> None:
    """Train the teacher, or a student at 1 / reduction of its magnification, as the workflow's rules do."""
    job = TrainingJob(
        name=which, seed=0, classes=list(phantom.CLASSES), network="resnet10", init="random", steps=steps, labeled=100,
        unlabeled=100, training=replace(RECIPE, steps=steps, **recipe), augmentation=AUGMENTATION, gpu=False,
        about={"magnification": TEACHER / reduction}, code="",
    )  # fmt: skip
    index, splits = (str(folder / name) for name in (f"regions/{name_of(TEACHER / reduction)}.csv", "splits.csv"))
    outputs = [str(folder / f"{which}-{reduction}{ending}") for ending in (".safetensors", ".csv")]
    if which == "teacher":
        train_teacher(job, index, splits, *outputs)
    else:
        teacher, its_index = folder / "teacher.safetensors", folder / f"regions/{name_of(TEACHER)}.csv"
        targets = [] if live else [folder / "targets/part0.safetensors"]
        job = DistillJob(**vars(job), reduction=reduction, distill=Distill(images="all"))
        distill_student(job, index, splits, targets, str(teacher), str(its_index), *outputs)


def draw_cohort(folder: Path, side: int, regions: int, reductions: tuple[int, ...], repeat: int = 1) -> None:
    """Write regions/{magnification}.csv, their ZIPs and splits.csv: ``regions`` to train on and 4 for validation.

    side: of a region at 10x, in pixels. Only 16 pieces of tissue are drawn; the others are turned copies, which cost as
    much to read and to train on. repeat: a region is one piece, repeated this many times in both directions.
    """
    pieces = []
    for k in range(min(16, regions)):
        own, label = rng.generator(0, "bench", k), phantom.CLASSES[k % len(phantom.CLASSES)]
        piece = phantom.draw_piece(own, label, np.ones(2, np.float32), phantom.PhantomSettings(piece_px=side))
        pieces.append((label, np.tile(area_mean(piece, 2), (repeat, repeat, 1))))
    people, rows = [], {reduction: [] for reduction in (1, *reductions)}
    for split, count in (("train", regions), ("val", 4)):
        found = [pieces[k % len(pieces)] for k in range(count)]
        images = [np.ascontiguousarray(np.rot90(image, k // len(pieces))) for k, (_, image) in enumerate(found)]
        for label in phantom.CLASSES:
            slide = f"{split}-{label}"
            mine = [image for (own, _), image in zip(found, images, strict=True) if own == label]
            person = {"seed": 0, "slide": slide, "patient": slide, "site": "", "label": label, "true_label": label}
            ranks = {"labeled_rank": 0.0 if split == "train" else "", "unlabeled_rank": ""}
            people.append(person | {"split": split} | ranks)
            for reduction, index in rows.items():
                index += _write_slide(folder, slide, mine, reduction)
    for reduction, index in rows.items():
        files.write_rows(folder / f"regions/{name_of(TEACHER / reduction)}.csv", list(index[0]), index)
    files.write_rows(folder / "splits.csv", list(people[0]), people)


def _write_slide(folder: Path, slide: str, images: list[np.ndarray], reduction: int) -> list[dict]:
    """Write a ZIP as ``tile_slide`` and ``downsample_slide`` do; return its rows of the index."""
    name, quality = f"{name_of(TEACHER / reduction)}/{slide}.zip", 95 if reduction == 1 else None
    encoded = [
        (f"{k:05d}.{'jpg' if quality else 'png'}", files.encode(area_mean(image, reduction), quality))
        for k, image in enumerate(images)
    ]
    files.write_images(folder / "regions" / name, encoded)
    content = files.fingerprint_images(folder / "regions" / name)
    return [
        {
            "region": f"{slide}_{k:05d}", "slide": slide, "zip": name, "member": member,
            "width": image.shape[1] // reduction, "height": image.shape[0] // reduction, "area_mm2": 0.1, "tissue": 1.0,
            "annotation": "", "bytes": len(data), "fingerprint": content,
        }
        for k, ((member, data), image) in enumerate(zip(encoded, images, strict=True))
    ]  # fmt: skip
