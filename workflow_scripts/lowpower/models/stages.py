"""What the three stages share: a network to start from, a training that can be resumed, and what is left at the end.

The stages are ``teaching``, ``distilling`` and ``finetuning``: a room each, so that what only one of them does can
change without training the others again. Each reads an index and the splits and writes a model and its history. Every
model of the study takes the same number of optimizer steps and keeps the weights with the lowest validation log loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from lowpower import draws
from lowpower.errors import InputError
from lowpower.files import write_rows
from lowpower.log import say
from lowpower.models import resnet
from lowpower.models.cohort import Region, in_split
from lowpower.models.model_file import load_model, prepare_device, save_model
from lowpower.models.pixels import Normalizer, Pixels, channel_statistics, same_size
from lowpower.models.training import HISTORY, StepPasses, fingerprint, fit


@dataclass(frozen=True)
class Stage:
    """A network on its way through one stage."""

    job: dict  # the rule's params
    phase: str  # train, distill or finetune
    network: resnet.ResNet
    about: dict  # the header of the model file that it will be
    device: torch.device

    @property
    def title(self) -> str:
        return title_of(self.job)

    @cached_property
    def normalize(self) -> Normalizer:
        return Normalizer(self.about["mean"], self.about["std"], self.device)

    def read(self, network: resnet.ResNet, images: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits and last maps of uint8 images (3, H, W) in training, float32; inside, in the recipe's precision."""
        with torch.autocast(self.device.type, torch.bfloat16, self.job["training"]["precision"] == "bfloat16"):
            logits, last_map = network(self.normalize(images))
        return logits.float(), last_map.float()

    def answers(self, labels: list[str]) -> Tensor:
        """The numbers of these classes, (B,)."""
        return torch.tensor([self.job["classes"].index(label) for label in labels], device=self.device)


def title_of(job: dict) -> str:
    """What a job is called in messages, such as ``sskd at 2.5x, seed 0``."""
    return f"{job['name']}, seed {job['seed']}"


def begin(job: dict, phase: str, start: str | None, seen: list[Region]) -> Stage:
    """A network with the weights of the model file ``start``, or with random ones where it is None.

    Channel statistics belong to weights: those of the regions that the first of the stages saw (``seen``).
    """
    if not seen:
        raise InputError(f"{title_of(job)}: there is no region to train on; see tables/cohort.csv")
    device = prepare_device(job["gpu"])
    if start:
        network, about = load_model(start)
        if about["classes"] != job["classes"]:
            raise InputError(f"{start} knows the classes {about['classes']}, the config {job['classes']}")
    else:
        network = resnet.build(len(job["classes"]), draws.integer(job["seed"], "weights"))
        mean, std = channel_statistics(seen)
        about = {"classes": job["classes"], "mean": mean, "std": std}
    layout = torch.channels_last if job["training"]["channels_last"] else torch.contiguous_format
    numbers = {key: job["training"][key] for key in ("precision", "channels_last")}
    return Stage(job, phase, network.to(device, memory_format=layout), about | job["about"] | numbers, device)


def train(
    stage: Stage, regions: list[Region], seen: list[Region], steps: int, step_passes: StepPasses, model: str
) -> list[dict]:
    """Take the steps, with a checkpoint beside the model that belongs to this job, these regions and this code alone.

    regions: all, of which those for validation are taken; seen: those that the steps look at. Returns the rows of
    history.csv.
    """
    validation = [region for region in in_split(regions, "val") if region.label]
    data = [(r.region, r.label, r.true_label, r.content) for r in (*seen, *validation)]
    job, about = stage.job, stage.about
    about["fingerprint"] = fingerprint(job, stage.phase, data, about.get("fingerprint"))
    say(f"{stage.title}: {stage.phase} on {len(seen)} regions, {steps} steps")
    checkpoint = Path(model).with_name(f"last-{stage.phase}.pt")
    validate = _validator(stage, validation)
    return fit(
        stage.network, stage.title, stage.phase, steps, step_passes, validate, job["training"], checkpoint,
        about["fingerprint"],
    )  # fmt: skip


def _validator(stage: Stage, validation: list[Region]) -> Callable[[resnet.ResNet], tuple[float, float]]:
    """Mean log loss and accuracy over the validation regions, as they are."""
    recipe = stage.job["training"]
    pixels = Pixels(recipe["memory_mb"])

    @torch.no_grad()
    def validate(network: resnet.ResNet) -> tuple[float, float]:
        network.eval()
        items = ((pixels.image(region), region.label) for region in validation)
        log_loss = right = 0.0
        for group in same_size(items, recipe["megapixels_per_pass"]):
            images, labels = zip(*group, strict=True)
            answers = stage.answers(labels)
            logits, _ = network(stage.normalize(images))
            log_loss += F.cross_entropy(logits, answers, reduction="sum").item()
            right += (logits.argmax(1) == answers).sum().item()
        return log_loss / len(validation), right / len(validation)

    return validate


def finish(title: str, network: resnet.ResNet, about: dict, rows: list[dict], model: str, history: str) -> None:
    """Write model and history, then drop the checkpoint, which nothing needs any more."""
    save_model(model, network, about)
    write_rows(history, HISTORY, rows)
    for checkpoint in Path(model).parent.glob("last-*.pt"):
        checkpoint.unlink()
    kept = [row for row in rows if int(row["chosen"])][-1]
    say(
        f"{title}: kept step {kept['step']} of {kept['phase']}, validation log loss {float(kept['val_log_loss']):.3f}, "
        f"accuracy {100 * float(kept['val_accuracy']):.1f} %"
    )
