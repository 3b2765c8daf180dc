"""Pretraining without labels and without a teacher: VICReg trains a student's network on two views of each region.

Source: Bardes, Ponce and LeCun, VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning,
arXiv 2105.04906, with their weights of the three terms. One term pulls two views of a region together; a separate term
pushes regions apart in every dimension, so no normalization over the batch is needed.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lowpower import rng
from lowpower.config.student_params import PretrainJob
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import Order, Region, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.resnet import PLANES, initialize
from lowpower.models.stored_images import same_size
from lowpower.models.training import MicroBatch, train
from lowpower.models.training_inputs import start_training
from lowpower.models.training_outputs import finish_training

WIDTH = 64  # of embeddings: a batch of a few regions cannot estimate thousands of dimensions
INVARIANCE, VARIANCE, COVARIANCE = 25, 25, 1


def vicreg(first: Tensor, second: Tensor) -> dict[str, Tensor]:
    """Weighted terms of VICReg. first, second: embeddings (B, WIDTH) of two views of the same regions, B > 1."""
    centered = [views - views.mean(0) for views in (first, second)]
    count, width = first.shape
    spreads = [(views.square().sum(0) / (count - 1) + 1e-4).sqrt() for views in centered]
    covariances = [views.T @ views / (count - 1) for views in centered]
    return {
        "invariance": INVARIANCE * F.mse_loss(first, second),
        "variance": VARIANCE * torch.stack([F.relu(1 - spread).mean() / 2 for spread in spreads]).sum(),
        "covariance": COVARIANCE
        * torch.stack([(c - c.diag().diag()).square().sum() / width for c in covariances]).sum(),
    }


def pretrain_student(
    job: PretrainJob, index: str, splits: str, model: str, history: str, time: str | None = None
) -> None:
    """Pretrain a student; no label is used, and the classification head keeps its random weights."""
    seed, settings = job.seed, job.training
    regions = read_regions(index, splits, seed)
    training_regions = labeled(regions, job.labeled)
    if job.pretrain.images == "all":
        training_regions = sorted_union(training_regions, unlabeled(regions, job.unlabeled))
    training = start_training(job, "pretrain", None, training_regions)
    network, head = training.network, training.network.head
    network.head = _expander(rng.integer(seed, "expander")).to(training.device)
    pixels = Pixels(settings.memory_mb, seed, job.augmentation)
    batch_size = settings.batch * job.pretrain.batches_per_step
    order = Order(rng.integer(seed, "order"), len(training_regions), batch_size)

    def embed(network: nn.Module, group: list[tuple]) -> Tensor:
        """Embeddings of the first and the second views of a group, (2, B, WIDTH)."""
        *views, _ = zip(*group, strict=True)
        return torch.stack([training.forward(network, images)[0] for images in views])

    def micro_batches(network: nn.Module, step: int) -> Iterator[MicroBatch]:
        drawn = [(training_regions[item], number) for item, number in order.at(step)]
        pairs = ((*two_views(pixels, region, number), region.region) for region, number in drawn)
        groups = list(same_size(pairs, settings.megapixels_per_pass / 2))
        # The terms need the whole batch, whose regions may differ in size and not fit into memory together. So the
        # gradient of each embedding is computed first; each micro-batch then propagates its part to the weights.
        with torch.no_grad():
            embeddings = torch.cat([embed(network, group) for group in groups], 1)
        embeddings.requires_grad_()
        terms = vicreg(*embeddings)
        (gradient,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), embeddings)
        offset = 0
        for group in groups:
            share = len(group) / batch_size
            pulled = (embed(network, group) * gradient[:, offset : offset + len(group)]).sum() / share
            losses = {name: value.detach() for name, value in terms.items()}
            names = [region for *_, region in group]
            yield MicroBatch(share, losses | {"pull": pulled - pulled.detach()}, names, views=2)
            offset += len(group)

    rows = train(training, regions, training_regions, micro_batches, model, job.pretrain, validated=False)
    network.head = head
    finish_training(training.title, network, training.header, rows, model, history, time, training.time)


def _expander(seed: int) -> nn.Module:
    """Layers from the network's pooled feature map to embeddings: (B, 256) -> (B, WIDTH)."""
    layers = nn.Linear(PLANES[-1], PLANES[-1]), nn.LayerNorm(PLANES[-1]), nn.ReLU(), nn.Linear(PLANES[-1], WIDTH)
    return initialize(nn.Sequential(*layers), seed)


def two_views(pixels: Pixels, region: Region, number: int) -> tuple[Tensor, Tensor]:
    """Two views of a region with one shape (3, H, W): the second is turned once more if the shapes differ."""
    first, second = (pixels.view(region, 2 * number + k) for k in (0, 1))
    return first, second if second.shape == first.shape else torch.rot90(second, 1, (1, 2))
