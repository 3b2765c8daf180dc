"""What the stages share: a network to start from, a training that can be resumed, and what is left at the end.

The stages are ``teaching``, ``pretraining``, ``distilling`` and ``finetuning``: a room each, so that what only one of
them does can change without training the others again. Each reads an index and the splits and writes a model and its
history. Every model of the study takes the same number of optimizer steps and keeps the weights with the lowest
validation log loss; pretraining has none to choose by and keeps its last ones.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lowpower import rng
from lowpower.errors import InputError
from lowpower.files import write_json, write_rows
from lowpower.log import say
from lowpower.models import backbone, networks, parallel
from lowpower.models.checkpoint import fingerprint
from lowpower.models.model_file import load_model, prepare_device, save_model
from lowpower.models.pixels import Normalizer, Pixels, channel_statistics, same_size
from lowpower.models.region_sets import Region, in_split
from lowpower.models.training_loop import HISTORY, StepPasses, fit
from lowpower.text import abbreviate

NO_TIME = {"seconds": 0.0, "cpu_seconds": 0.0, "attempts": 0, "steps": 0, "device": "", "processes": 0, "threads": 0}


@dataclass(frozen=True)
class Stage:
    """A network on its way through one stage."""

    job: dict  # the rule's params
    phase: str  # train, pretrain, distill or finetune
    network: nn.Module
    about: dict  # the header of the model file that it will be
    device: torch.device
    time: dict = field(default_factory=dict)  # that training it took, entered by ``train``

    @property
    def title(self) -> str:
        return title_of(self.job)

    @cached_property
    def normalize(self) -> Normalizer:
        return Normalizer(self.about["mean"], self.about["std"], self.device)

    def read(self, network: nn.Module, images: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits and last maps of uint8 images (3, H, W) in training, floats; inside, in the recipe's precision."""
        with torch.autocast(self.device.type, torch.bfloat16, self.job["training"]["precision"] == "bfloat16"):
            logits, last_map = network(self.normalize(images))
        floats = self.normalize.mean.dtype
        return logits.to(floats), last_map.to(floats)

    def answers(self, labels: list[str]) -> Tensor:
        """The numbers of these classes, (B,)."""
        return torch.tensor([self.job["classes"].index(label) for label in labels], device=self.device)


def title_of(job: dict) -> str:
    """What a job is called in messages, such as ``sskd at 2.5x, seed 0``."""
    return f"{job['name']}, seed {job['seed']}"


def nothing_left(job: dict, kind: str) -> InputError:
    """The error of a stage that has nothing to learn from."""
    return InputError(
        f"{title_of(job)}: no {kind} is left to learn from at `labeled: {job['labeled']}` and `unlabeled: "
        f"{job['unlabeled']}` (percent of the training patients); see tables/intake.csv for the slides that were "
        "excluded, and raise these shares or label more patients"
    )


def start_stage(job: dict, phase: str, start: str | None, seen: list[Region]) -> Stage:
    """A network with the weights of the model file ``start``, or with random ones where it is None.

    Channel statistics belong to weights: those of the regions that the first of the stages saw (``seen``), and of a
    row that starts from weights of another kind (``init`` is weights) those of ``backbone``.
    """
    if not seen:
        raise nothing_left(job, "region")
    device = prepare_device(job["gpu"])
    classes, draw = job["classes"], rng.integer(job["seed"], "weights")
    if job["init"] == "weights":
        network = networks.build(job["network"], len(classes), draw)
        taken = backbone.take_weights(network, start)
        about = {"classes": classes, "mean": backbone.MEAN, "std": backbone.STD, "fingerprint": taken}
    elif start:
        network, about = load_model(start)
        if about["classes"] != classes:
            raise InputError(
                f"{start} knows the classes {abbreviate(about['classes'])}, the config's `classes` are "
                f"{abbreviate(classes)}; delete the file and run snakemake again, or write its classes into the "
                "config, in its order"
            )
    else:
        network = networks.build(job["network"], len(classes), draw)
        mean, std = channel_statistics(seen)
        about = {"classes": classes, "mean": mean, "std": std}
    layout = torch.channels_last if job["training"]["channels_last"] else torch.contiguous_format
    numbers = {key: job["training"][key] for key in ("precision", "channels_last")}
    return Stage(job, phase, network.to(device, memory_format=layout), about | job["about"] | numbers, device)


def set_fingerprint(stage: Stage, regions: list[Region], seen: list[Region]) -> list[Region]:
    """Give the model its fingerprint: of the job, the regions it sees and what it started from.

    regions: all; returns those for validation.
    """
    validation = [region for region in in_split(regions, "val") if region.label]
    if not validation:
        raise InputError(
            f"{stage.title}: no region with a label is left for validation, by which the best weights are chosen; see "
            "tables/intake.csv for the slides that were excluded, and write val into the sheet's column `split` for "
            "more labeled patients, or raise `split.val`"
        )
    data = [(r.region, r.label, r.true_label, r.content) for r in (*seen, *validation)]
    stage.about["fingerprint"] = fingerprint(stage.job, stage.phase, data, stage.about.get("fingerprint"))
    return validation


def train(
    stage: Stage,
    regions: list[Region],
    seen: list[Region],
    steps: int,
    step_passes: StepPasses,
    model: str,
    validated: bool = True,
    lr_multiplier: float = 1.0,
    ema_decay: float = 0.0,
) -> list[dict]:
    """Take the steps, with a checkpoint beside the model that belongs to this job, these regions and this code alone.

    regions: all, of which those for validation are taken; seen: those that the steps look at. lr_multiplier: times the
    recipe's learning rate. ema_decay: of the running average of the weights. Returns the rows of history.csv.
    """
    validation = set_fingerprint(stage, regions, seen)
    say(f"{stage.title}: {stage.phase} on {len(seen)} regions, {steps} steps")
    checkpoint = Path(model).with_name(f"last-{stage.phase}.pt")
    validate = _validator(stage, validation) if validated else None
    belongs_to = fingerprint(stage.about["fingerprint"], torch.__version__)
    recipe = stage.job["training"]
    recipe = recipe | {"learning_rate": lr_multiplier * recipe["learning_rate"]}
    guess = math.log(len(stage.job["classes"]))
    rows, time = fit(
        stage.network, stage.title, stage.phase, steps, step_passes, validate, recipe, checkpoint, belongs_to,
        ema_decay, guess,
    )  # fmt: skip
    stage.time.update(time, device=stage.device.type, processes=parallel.size(), threads=torch.get_num_threads())
    return rows


def _validator(stage: Stage, validation: list[Region]) -> Callable[[nn.Module], tuple[float, float]]:
    """Mean log loss and accuracy over the validation regions, as they are."""
    recipe = stage.job["training"]
    pixels = Pixels(recipe["memory_mb"])

    @torch.no_grad()
    def validate(network: nn.Module) -> tuple[float, float]:
        network.eval()
        items = ((pixels.image(region), region.label) for region in parallel.share(validation))
        log_loss = right = 0.0
        for group in same_size(items, recipe["megapixels_per_pass"]):
            images, labels = zip(*group, strict=True)
            answers = stage.answers(labels)
            logits, _ = network(stage.normalize(images))
            log_loss += F.cross_entropy(logits, answers, reduction="sum").item()
            right += (logits.argmax(1) == answers).sum().item()
        log_loss, right = parallel.total([log_loss, right])
        return log_loss / len(validation), right / len(validation)

    return validate


def finish_stage(
    title: str,
    network: nn.Module,
    about: dict,
    rows: list[dict],
    model: str,
    history: str,
    time_file: str | None = None,
    time: dict | None = None,
) -> None:
    """Write model, history and time, then drop the checkpoint, which nothing needs any more.

    time: of the stage; None where no step was taken. The first of several processes does this for all.
    """
    if not parallel.is_first():
        return
    save_model(model, network, about)
    write_rows(history, HISTORY, rows)
    if time_file:
        write_json(time_file, time or NO_TIME)
    for checkpoint in Path(model).parent.glob("last-*.pt"):
        checkpoint.unlink()
    kept = [row for row in rows if int(row["chosen"])][-1]
    reads = ""
    if kept["val_log_loss"]:
        log_loss, accuracy = float(kept["val_log_loss"]), float(kept["val_accuracy"])
        reads = f", validation log loss {log_loss:.3f}, accuracy {100 * accuracy:.1f} %"
    say(f"{title}: kept step {kept['step']} of {kept['phase']}{reads}")
