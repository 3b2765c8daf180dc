"""The three stages of the method: train the teacher, distill the student, fine-tune the student.

Each reads an index and the splits and writes a model and its history. Every model of the study takes the same number
of optimizer steps and keeps the weights with the lowest validation log loss.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lowpower import draws
from lowpower.files import read_rows, write_rows
from lowpower.log import say
from lowpower.models import resnet
from lowpower.models.cohort import Region, in_split, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.losses import kl_divergence, map_difference
from lowpower.models.model_file import load_model, prepare_device, save_model
from lowpower.models.pixels import Normalizer, Pixels, channel_statistics, same_size
from lowpower.models.recording import LiveTeacher, RecordedTeacher
from lowpower.models.training import HISTORY, Order, StepLosses, fingerprint, fit


def train_teacher(job: dict, index: str, splits: str, model: str, history: str) -> None:
    """Stage 1: learn the labeled training regions at the teacher's magnification.

    job: the rule's params (classes, seed, training, augmentation, gpu, about, code).
    """
    device = prepare_device(job["gpu"])
    regions = read_regions(index, splits, job["seed"])
    own = labeled(regions, 100)
    network, about = _start(job, None, sorted_union(own, unlabeled(regions, 100)), device)
    rows = _learn_labels(job, "train", network, about, regions, own, job["training"]["steps"], model, device)
    _finish(network, about, rows, model, history)


def distill_student(
    job: dict,
    index: str,
    splits: str,
    targets: list[str],
    teacher: str | None,
    teacher_index: str | None,
    model: str,
    history: str,
) -> None:
    """Stage 2: match the teacher on views of training regions; no label is used unless the row asks for it.

    job: as above, with ``distill`` (the row's section), ``init``, ``labeled``, ``unlabeled`` (percent), ``steps`` and
    ``reduction`` (teacher pixels per student pixel). targets: the recording's parts; empty for a live teacher, which
    then looks at the regions of ``teacher_index``.
    """
    device = prepare_device(job["gpu"])
    row, seed, recipe = job["distill"], job["seed"], job["training"]
    regions = read_regions(index, splits, seed)
    known = labeled(regions, job["labeled"])
    pool = known if row["images"] == "labeled" else sorted_union(known, unlabeled(regions, job["unlabeled"]))
    network, about = _start(job, teacher if job["init"] == "teacher" else None, pool, device)
    if targets:
        guide = RecordedTeacher(targets, pool)
        half = recipe["memory_mb"]
    else:
        half = recipe["memory_mb"] / 2
        seen = read_regions(teacher_index, splits, seed)
        guide = LiveTeacher(teacher, Pixels(half, seed, job["augmentation"]), seen, device)
    pixels = Pixels(half, seed, job["augmentation"], keep_views=guide.views or 0)
    normalize = Normalizer(about["mean"], about["std"], device)
    order = Order(draws.integer(seed, "order"), len(pool), recipe["batch"], row["drop_last"])

    def step_losses(network: resnet.ResNet, step: int) -> Iterator[tuple[float, dict[str, Tensor]]]:
        items = []
        for i, number in order.at(step):
            view = number % guide.views if guide.views else number
            said = guide.look(pool[i].region, view, row["pooling"], job["reduction"])
            items.append((pixels.view(pool[i], view), *said, i))
        for group in same_size(items, recipe["megapixels_per_pass"]):
            images, teacher_logits, teacher_maps, numbers = zip(*group, strict=True)
            logits, last_map = network(normalize(list(images)))
            losses = {
                "kl": row["kl"] * kl_divergence(logits, torch.stack(teacher_logits).to(device), row["temperature"]),
                "map": row["map"] * map_difference(last_map, torch.stack(teacher_maps).to(device)),
            }
            if row["cross_entropy"]:
                answers = torch.tensor([_answer(job, pool[i].label) for i in numbers], device=device)
                losses["cross_entropy"] = row["cross_entropy"] * F.cross_entropy(logits, answers)
            yield len(group) / recipe["batch"], losses

    rows = _fit(job, "distill", network, about, regions, pool, job["steps"], step_losses, model, device)
    _finish(network, about, rows, model, history)


def finetune_student(
    job: dict, index: str, splits: str, start: str | None, start_history: str | None, model: str, history: str
) -> None:
    """Stage 3: learn labels, from the distilled student, the teacher's weights or random ones (``start`` None).

    job: as above, with ``finetune`` (the row's section, or None: the distilled student as it is).
    """
    device = prepare_device(job["gpu"])
    before = read_rows(start_history) if start_history else []
    if not job["finetune"]:
        network, about = load_model(start)
        _finish(network, about, before, model, history)
        return
    regions = read_regions(index, splits, job["seed"])
    known = labeled(regions, job["labeled"])
    if job["finetune"]["images"] == "all":
        known = sorted_union(known, (r for r in unlabeled(regions, job["unlabeled"]) if r.true_label))
    network, about = _start(job, start, known, device)
    rows = _learn_labels(job, "finetune", network, about, regions, known, job["steps"], model, device)
    _finish(network, about, before + rows, model, history)


def _start(job: dict, start: str | None, seen: list[Region], device: torch.device) -> tuple[resnet.ResNet, dict]:
    """A network to train and the header of its model file.

    Channel statistics belong to weights: those of the regions that the first of the stages saw.
    """
    if not seen:
        raise ValueError(f"{job['name']} (seed {job['seed']}) has no training region; see tables/cohort.csv")
    if start:
        network, about = load_model(start)
        if about["classes"] != job["classes"]:
            raise ValueError(f"{start} knows the classes {about['classes']}, the config {job['classes']}")
    else:
        network = resnet.build(len(job["classes"]), draws.integer(job["seed"], "weights"))
        mean, std = channel_statistics(seen)
        about = {"classes": job["classes"], "mean": mean, "std": std}
    return network.to(device), about | job["about"]


def _answer(job: dict, label: str) -> int:
    return job["classes"].index(label)


def _learn_labels(
    job: dict,
    phase: str,
    network: resnet.ResNet,
    about: dict,
    regions: list[Region],
    known: list[Region],
    steps: int,
    model: str,
    device: torch.device,
) -> list[dict]:
    """Cross-entropy on ever new views of the known regions. A withheld label counts where a region has no other."""
    recipe = job["training"]
    pixels = Pixels(recipe["memory_mb"], job["seed"], job["augmentation"])
    normalize = Normalizer(about["mean"], about["std"], device)
    order = Order(draws.integer(job["seed"], "order"), len(known), recipe["batch"])
    answers = [_answer(job, region.label or region.true_label) for region in known]

    def step_losses(network: resnet.ResNet, step: int) -> Iterator[tuple[float, dict[str, Tensor]]]:
        items = ((pixels.view(known[i], number), answers[i]) for i, number in order.at(step))
        for group in same_size(items, recipe["megapixels_per_pass"]):
            images, right = zip(*group, strict=True)
            logits, _ = network(normalize(list(images)))
            yield (
                len(group) / recipe["batch"],
                {"cross_entropy": F.cross_entropy(logits, torch.tensor(right, device=device))},
            )

    return _fit(job, phase, network, about, regions, known, steps, step_losses, model, device)


def _fit(
    job: dict,
    phase: str,
    network: resnet.ResNet,
    about: dict,
    regions: list[Region],
    seen: list[Region],
    steps: int,
    step_losses: StepLosses,
    model: str,
    device: torch.device,
) -> list[dict]:
    """Fit with a checkpoint beside the model that belongs to this job, these regions and this code alone."""
    validation = [region for region in in_split(regions, "val") if region.label]
    data = [(r.region, r.label, r.true_label, r.content) for r in (*seen, *validation)]
    about["fingerprint"] = fingerprint(job, phase, data, about.get("fingerprint"))
    say(f"{job['name']}, seed {job['seed']}: {phase} on {len(seen)} regions, {steps} steps")
    validate = _validator(job, about, validation, device)
    checkpoint = Path(model).with_name(f"last-{phase}.pt")
    return fit(network, phase, steps, step_losses, validate, job["training"], checkpoint, about["fingerprint"])


def _validator(
    job: dict, about: dict, validation: list[Region], device: torch.device
) -> Callable[[resnet.ResNet], tuple[float, float]]:
    """Mean log loss and accuracy over the validation regions, as they are."""
    normalize = Normalizer(about["mean"], about["std"], device)
    pixels = Pixels(job["training"]["memory_mb"])

    @torch.no_grad()
    def validate(network: resnet.ResNet) -> tuple[float, float]:
        network.eval()
        items = ((pixels.image(region), _answer(job, region.label)) for region in validation)
        log_loss = right = 0.0
        for group in same_size(items, job["training"]["megapixels_per_pass"]):
            images, answers = zip(*group, strict=True)
            answers = torch.tensor(answers, device=device)
            logits, _ = network(normalize(list(images)))
            log_loss += F.cross_entropy(logits, answers, reduction="sum").item()
            right += (logits.argmax(1) == answers).sum().item()
        return log_loss / len(validation), right / len(validation)

    return validate


def _finish(network: resnet.ResNet, about: dict, rows: list[dict], model: str, history: str) -> None:
    """Write model and history, then drop the checkpoint, which nothing needs any more."""
    save_model(model, network, about)
    write_rows(history, HISTORY, rows)
    for checkpoint in Path(model).parent.glob("last-*.pt"):
        checkpoint.unlink()
    chosen = [row for row in rows if int(row["chosen"])]
    if chosen:
        last = chosen[-1]
        say(f"kept step {last['step']}: validation log loss {last['val_log_loss']}, accuracy {last['val_accuracy']}")
