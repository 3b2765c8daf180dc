"""Learning without labels and without a teacher: VICReg, a student's network on two views of each region.

Source: Bardes, Ponce and LeCun, VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning,
arXiv 2105.04906, with their weights of the three terms. Two views of a region shall look alike to the network, while
regions shall differ in every dimension; the latter is asked for outright, so no normalization over the batch is needed.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lowpower import rng
from lowpower.models.pixels import Pixels, same_size
from lowpower.models.region_sets import Region, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.resnet import PLANES, initialize
from lowpower.models.training_loop import Order, Pass
from lowpower.models.training_stage import finish_stage, start_stage, train

WIDTH = 64  # of embeddings: a batch of a few regions says nothing of thousands of dimensions
INVARIANCE, VARIANCE, COVARIANCE = 25, 25, 1


def vicreg(first: Tensor, second: Tensor) -> dict[str, Tensor]:
    """The weighted terms of VICReg. first, second: embeddings (B, WIDTH) of two views of the same regions, B > 1."""
    apart = [views - views.mean(0) for views in (first, second)]
    count, width = first.shape
    spreads = [(views.square().sum(0) / (count - 1) + 1e-4).sqrt() for views in apart]
    covariances = [views.T @ views / (count - 1) for views in apart]
    return {
        "invariance": INVARIANCE * F.mse_loss(first, second),
        "variance": VARIANCE * torch.stack([F.relu(1 - spread).mean() / 2 for spread in spreads]).sum(),
        "covariance": COVARIANCE
        * torch.stack([(c - c.diag().diag()).square().sum() / width for c in covariances]).sum(),
    }


def pretrain_student(job: dict, index: str, splits: str, model: str, history: str, time: str | None = None) -> None:
    """Pretrain a student; no label is looked at, and the head that tells classes keeps its random weights.

    job: the rule's params: as of ``train_teacher``, with ``pretrain`` (the row's section), ``labeled``, ``unlabeled``
    (percent) and ``steps``.
    """
    seed, recipe = job["seed"], job["training"]
    regions = read_regions(index, splits, seed)
    pool = labeled(regions, job["labeled"])
    if job["pretrain"]["images"] == "all":
        pool = sorted_union(pool, unlabeled(regions, job["unlabeled"]))
    stage = start_stage(job, "pretrain", None, pool)
    network, head = stage.network, stage.network.head
    network.head = _expander(rng.integer(seed, "expander")).to(stage.device)
    pixels = Pixels(recipe["memory_mb"], seed, job["augmentation"])
    order = Order(rng.integer(seed, "order"), len(pool), recipe["batch"])

    def embed(network: nn.Module, group: list[tuple]) -> Tensor:
        """The embeddings of the first and the second views of a group, (2, B, WIDTH)."""
        *views, _ = zip(*group, strict=True)
        return torch.stack([stage.read(network, images)[0] for images in views])

    def step_passes(network: nn.Module, step: int) -> Iterator[Pass]:
        items = ((*two_views(pixels, pool[i], number), pool[i].region) for i, number in order.at(step))
        groups = list(same_size(items, recipe["megapixels_per_pass"] / 2))
        # The terms are of the whole batch, whose regions may differ in size and not fit into memory together: what
        # each embedding should change by is found first, and each pass then brings it to the weights.
        with torch.no_grad():
            known = torch.cat([embed(network, group) for group in groups], 1)
        known.requires_grad_()
        terms = vicreg(*known)
        (wanted,) = torch.autograd.grad(torch.stack(list(terms.values())).sum(), known)
        done = 0
        for group in groups:
            share = len(group) / recipe["batch"]
            pull = (embed(network, group) * wanted[:, done : done + len(group)]).sum() / share
            losses = {name: value.detach() for name, value in terms.items()}
            yield Pass(share, losses | {"pull": pull - pull.detach()}, [region for *_, region in group])
            done += len(group)

    rows = train(stage, regions, pool, job["steps"], step_passes, model, validated=False)
    network.head = head
    finish_stage(stage.title, network, stage.about, rows, model, history, time, stage.time)


def _expander(seed: int) -> nn.Module:
    """From the network's pooled map to embeddings: (B, 256) -> (B, WIDTH)."""
    layers = nn.Linear(PLANES[-1], PLANES[-1]), nn.LayerNorm(PLANES[-1]), nn.ReLU(), nn.Linear(PLANES[-1], WIDTH)
    return initialize(nn.Sequential(*layers), seed)


def two_views(pixels: Pixels, region: Region, number: int) -> tuple[Tensor, Tensor]:
    """Two views of a region, (3, H, W) both: where one of them was turned, the other is turned once more."""
    first, second = (pixels.view(region, 2 * number + k) for k in (0, 1))
    return first, second if second.shape == first.shape else torch.rot90(second, 1, (1, 2))
