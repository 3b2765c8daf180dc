"""Attention over the regions of a slide: a network's score for each region, and the logits of a bag of regions.

Source: Ilse, Tomczak and Welling, Attention-based Deep Multiple Instance Learning, arXiv 1802.04712, equation 9. The
last layer is linear, so the logits of the weighted mean of features are the weighted mean of logits.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lowpower.models.networks import map_channels
from lowpower.models.resnet import initialize

HIDDEN = 128


class GatedAttention(nn.Module):
    """Score of a region: w' (tanh(V f) * sigmoid(U f)). f: the mean of its feature map, (B, channels) -> (B,)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.content, self.gate = nn.Linear(channels, HIDDEN), nn.Linear(channels, HIDDEN)
        self.score = nn.Linear(HIDDEN, 1)

    def forward(self, features: Tensor) -> Tensor:
        return self.score(self.content(features).tanh() * self.gate(features).sigmoid()).squeeze(1)


def fit_attention(network: nn.Module, bags: str | None, seed: int = 0) -> None:
    """Give the network an attention layer if ``bags`` is attention; remove it otherwise. A layer it has is kept.

    seed: of the random weights of a new layer.
    """
    if bags != "attention":
        network.attention = None
    elif getattr(network, "attention", None) is None:
        network.attention = initialize(GatedAttention(map_channels(network)), seed)


def scores_of(network: nn.Module, feature_map: Tensor) -> Tensor:
    """Scores (B,) of regions with these feature maps; 0, so equal weights, from a network without attention."""
    if getattr(network, "attention", None) is None:
        return feature_map.new_zeros(len(feature_map))
    return network.attention(feature_map.mean((2, 3)))


def bag_logits(logits: Tensor, scores: Tensor, sizes: Sequence[int]) -> Tensor:
    """Logits of bags (bags, classes): the mean of their regions' logits, weighted by the softmax of their scores.

    logits: (regions, classes), scores: (regions,), bag after bag. sizes: number of regions of each bag.
    """
    bags = zip(logits.split(list(sizes)), scores.split(list(sizes)), strict=True)
    return torch.stack([weights.softmax(0) @ values for values, weights in bags])
