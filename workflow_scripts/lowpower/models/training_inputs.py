"""Inputs of a training: its regions, and the fingerprint of everything it depends on."""

from dataclasses import asdict, dataclass, replace
from functools import cached_property

import torch
from torch import Tensor, nn

from lowpower import rng
from lowpower.config.training_params import TrainingJob
from lowpower.errors import InputError
from lowpower.model_header import ModelHeader
from lowpower.models.attention import fit_attention
from lowpower.models.checkpoint import fingerprint
from lowpower.models.model_file import prepare_device
from lowpower.models.pixels import Normalizer
from lowpower.models.region_sets import Region, in_split
from lowpower.models.start_weights import start_network
from lowpower.training_time import NO_TIME, TrainingTime


@dataclass
class Training:
    """State of one training."""

    job: TrainingJob
    phase: str  # train, pretrain, distill or finetune
    network: nn.Module
    header: ModelHeader  # of the model file; ``set_fingerprint`` completes it
    device: torch.device
    time: TrainingTime = NO_TIME  # entered by ``train``

    @property
    def title(self) -> str:
        return title_of(self.job)

    @cached_property
    def normalize(self) -> Normalizer:
        return Normalizer(self.header.mean, self.header.std, self.device)

    def forward(self, network: nn.Module, images: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits (B, classes) and feature maps (floats) of uint8 images (3, H, W), computed in the job's precision."""
        with torch.autocast(self.device.type, torch.bfloat16, self.job.training.precision == "bfloat16"):
            logits, feature_map = network(self.normalize(images))
        floats = self.normalize.mean.dtype
        return logits.to(floats), feature_map.to(floats)

    def class_numbers(self, labels: list[str]) -> Tensor:
        """Numbers of these classes, (B,)."""
        return torch.tensor([self.job.classes.index(label) for label in labels], device=self.device)


def title_of(job: TrainingJob) -> str:
    """Name of a job in messages, such as ``sskd at 2.5x, seed 0``."""
    return f"{job.name}, seed {job.seed}"


def no_regions_error(job: TrainingJob, kind: str) -> InputError:
    """Error for a training without training regions."""
    return InputError(
        f"{title_of(job)}: no {kind} is left to train on at `labeled: {job.labeled}` and `unlabeled: "
        f"{job.unlabeled}` (percent of the training patients); see tables/intake.csv for the slides that were "
        "excluded, and raise these shares or label more patients"
    )


def start_training(job: TrainingJob, phase: str, start: str | None, regions: list[Region]) -> Training:
    """Start from the weights of the file ``start``, or from random ones; regions: the training regions."""
    if not regions:
        raise no_regions_error(job, "region")
    device = prepare_device(job.gpu)
    network, header = start_network(job, start, regions)
    fit_attention(network, job.training.bags, rng.integer(job.seed, "attention"))
    layout = torch.channels_last if job.training.channels_last else torch.contiguous_format
    numbers = {"precision": job.training.precision, "channels_last": job.training.channels_last}
    bags = None if job.training.bags == "none" else job.training.bags
    header = replace(header, **job.about, **numbers, bags=bags)
    return Training(job, phase, network.to(device, memory_format=layout), header, device)


def validation_regions(job: TrainingJob, regions: list[Region]) -> list[Region]:
    """Labeled regions of the validation patients. Raises InputError if there are none."""
    if validation := [region for region in in_split(regions, "val") if region.label]:
        return validation
    raise InputError(
        f"{title_of(job)}: no region with a label is left for validation, which selects the best weights; see "
        "tables/intake.csv for the slides that were excluded, and write val into the sheet's column `split` for "
        "more labeled patients, or raise `split.val`"
    )


def set_fingerprint(training: Training, regions: list[Region], training_regions: list[Region]) -> list[Region]:
    """Compute the fingerprint of job, data and start weights; return the validation regions out of ``regions``."""
    validation = validation_regions(training.job, regions)
    data = [(r.region, r.label, r.true_label, r.content) for r in (*training_regions, *validation)]
    training_fingerprint = fingerprint(asdict(training.job), training.phase, data, training.header.fingerprint)
    training.header = replace(training.header, fingerprint=training_fingerprint)
    return validation
