"""The map of logits averages to the logits of the region, exactly but for rounding."""

import pytest
import torch

from lowpower.models import networks
from lowpower.models.logit_map import logit_map

MAPPED = ("resnet10", "resnet18")  # ours, and one of torchvision, whose others end alike


@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-14), (torch.float32, 1e-5)])
@pytest.mark.parametrize("name", MAPPED)
@torch.no_grad()
def test_the_map_of_logits_averages_to_the_logits(name, dtype, tolerance):
    network = networks.build(name, 3, seed=1).to(dtype).eval()
    torch.nn.init.normal_(network.head.bias, generator=torch.Generator().manual_seed(2))
    images = torch.randn(2, 3, 96, 160, generator=torch.Generator().manual_seed(0)).to(dtype)
    logits, feature_map = network(images)
    positions = logit_map(network, feature_map)
    assert positions.shape == (2, 3, 3, 5) and positions.dtype == dtype
    assert (positions.mean((2, 3)) - logits).abs().max() <= tolerance * max(1, positions.abs().max())
    assert positions.std((2, 3)).min() > 1e-3  # a map, not one number everywhere


def test_a_network_without_a_map_has_no_map_of_logits():
    network = networks.build("color", 2, seed=0).eval()
    with torch.no_grad():
        _, feature_map = network(torch.zeros(1, 3, 32, 32))
    assert logit_map(network, feature_map) is None
