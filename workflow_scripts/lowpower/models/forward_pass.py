"""Run a network on a pass of images so that a region's numbers do not depend on which regions share its pass.

torch computes a single small image, and a single row of features, with kernels of its own: logits then differed by up
to 3e-7 from those of the same image among others. Among two and more images all are the same bit for bit. So the
probabilities of a study, whose passes mix slides, equal those of one slide that is read alone.
"""

import torch
from torch import Tensor, nn

from lowpower.models.attention import scores_of

_SMALL = 2**17  # pixels; torch's kernel for a single image takes inputs of up to 20,480 numbers, at any layer


def forward(network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor | None]:
    """Logits (B, classes) and feature map (B, C, h, w), or None for a network without one. images: (B, 3, H, W)."""
    if len(images) > 1:
        return network(images)
    if images[0, 0].numel() <= _SMALL:
        logits, feature_map = network(images.repeat(2, 1, 1, 1))
        return logits[:1], None if feature_map is None else feature_map[:1]
    logits, feature_map = network(images)  # twice a large image would take twice the time and memory
    if feature_map is None:
        return logits, None
    return network.head(feature_map.mean((2, 3)).repeat(2, 1))[:1], feature_map


def attention_of(network: nn.Module, feature_map: Tensor) -> Tensor:
    """Attention scores (B,) of regions with these feature maps (B, C, h, w).

    One by one: a matrix of a single column is multiplied in an order that depends on its number of rows.
    """
    return torch.cat([scores_of(network, of_region) for of_region in feature_map.split(1)])
