"""The bare model: a training step on tensors in memory, without any part of the workflow."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from cohort import RECIPE
from torch import Tensor

from lowpower.models import resnet
from lowpower.models.losses import feature_loss, kl_divergence
from lowpower.slides.phantom import CLASSES


def bare_step(side: int, student: bool, precision: str, channels_last: bool) -> Callable[[], None]:
    """Build a step on a batch of normalized images (side x side px) and targets in memory, in the workflow's passes."""
    network = resnet.build(len(CLASSES), 0)
    if channels_last:
        network.to(memory_format=torch.channels_last)
    rate, decay = RECIPE.learning_rate, RECIPE.weight_decay
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, weight_decay=decay, fused=True)
    batch = RECIPE.batch
    at_once = max(1, int(RECIPE.megapixels_per_pass * 1e6 / side**2))
    draw = torch.Generator().manual_seed(0)
    grid = max(1, side // 32)
    images = torch.randn(batch, 3, side, side, generator=draw).split(at_once)
    logits = torch.randn(batch, len(CLASSES), generator=draw).split(at_once)
    maps = torch.rand(batch, resnet.PLANES[-1], grid, grid, generator=draw).split(at_once)
    labels = torch.randint(len(CLASSES), (batch,), generator=draw).split(at_once)

    def step() -> None:
        optimizer.zero_grad()
        for shown, said, its_map, answers in zip(images, logits, maps, labels, strict=True):
            with torch.autocast("cpu", torch.bfloat16, precision == "bfloat16"):
                found, feature_map = network(shown)
            loss = (
                bare_loss(found.float(), feature_map.float(), said, its_map)
                if student
                else F.cross_entropy(found.float(), answers)
            )
            (loss * (len(shown) / batch)).backward()
        optimizer.step()

    return step


def bare_loss(logits: Tensor, feature_map: Tensor, said: Tensor, its_map: Tensor) -> Tensor:
    """Loss of a student."""
    return kl_divergence(logits, said) + feature_loss(feature_map, its_map)
