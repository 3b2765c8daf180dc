from itertools import pairwise

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from lowpower.inference.inference_cost import count_flops
from lowpower.models import resnet


@pytest.mark.slow
def test_it_is_the_released_network():
    network = resnet.build(classes=3, seed=0)
    assert sum(weights.numel() for weights in network.parameters()) == 1_231_011  # METHOD: of the released code
    logits, feature_map = network(torch.zeros(2, 3, 256, 192))
    assert logits.shape == (2, 3)
    assert feature_map.shape == (2, 256, 8, 6)


def test_weights_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = resnet.build(3, 5).state_dict()
    torch.manual_seed(2)
    second, other = resnet.build(3, 5).state_dict(), resnet.build(3, 6).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["conv.weight"], other["conv.weight"])


@pytest.mark.slow
def test_flops_fall_by_exactly_four_at_each_halving():
    network = resnet.build(3, 0)
    head = 2 * 256 * 3  # the last matrix product sees one vector at any magnification
    counts = [count_flops(network, side, side) - head for side in (512, 256, 128, 64, 32)]
    assert [a / b for a, b in pairwise(counts)] == [4, 4, 4, 4]


@pytest.mark.slow
def test_flops_count_two_per_multiply_add():
    with FlopCounterMode(display=False) as counter:
        torch.nn.Conv2d(3, 8, 3, padding=1, bias=False)(torch.zeros(1, 3, 10, 10))
    assert counter.get_total_flops() == 2 * 3 * 8 * 9 * 100
