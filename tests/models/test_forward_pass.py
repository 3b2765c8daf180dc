"""The numbers of a region do not depend on the regions that share its pass through a network."""

import pytest
import torch

from lowpower.models import networks
from lowpower.models.forward_pass import forward
from lowpower.models.model_file import prepare_device


@pytest.mark.parametrize("network", ["resnet10", "color", "resnet18"])
@pytest.mark.parametrize("size", [(32, 32), (64, 96), (160, 128), pytest.param((416, 352), marks=pytest.mark.slow)])
def test_an_image_alone_gives_the_bits_that_it_gives_among_others(network, size):
    prepare_device(gpu=False)
    built = networks.build(network, 3, seed=1).eval()
    images = torch.rand(5, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together, maps = forward(built, images)
        for passes in ([[0], [1], [2], [3], [4]], [[0, 1], [2, 3, 4]]):
            for members in passes:
                logits, own_maps = forward(built, images[members])
                assert torch.equal(logits, together[members])
                assert maps is None or torch.equal(own_maps, maps[members])
