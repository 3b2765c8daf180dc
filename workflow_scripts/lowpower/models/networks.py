"""Networks, by their names in config rows and model files, and pooling of their feature maps.

Each takes images (B, 3, H, W), normalized, and returns logits (B, classes) and its feature map, or None for no map.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lowpower.errors import InputError
from lowpower.models.backbone import TimmNetwork, TorchvisionResNet
from lowpower.models.color_network import ColorNetwork
from lowpower.models.resnet import ResNet, initialize

NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    ResNet.name: ResNet,
    ColorNetwork.name: ColorNetwork,
    **{name: partial(TorchvisionResNet, name) for name in ("resnet18", "resnet34", "resnet50")},
    **{name: partial(TimmNetwork, name) for name in ("tf_efficientnet_lite0",)},
}


def empty(name: str, classes: int) -> nn.Module:
    """Build a network without initializing its weights. Raises InputError for a name unknown to this version."""
    if name not in NETWORKS:
        raise InputError(f"the network {name!r} is not in this version of lowpower, which has: {', '.join(NETWORKS)}")
    return NETWORKS[name](classes)


def build(name: str, classes: int, seed: int) -> nn.Module:
    """Build a network with random weights that depend on ``seed`` alone."""
    return initialize(empty(name, classes), seed)


@torch.no_grad()
def map_channels(network: nn.Module) -> int:
    """Number of channels of a network's feature map."""
    weights = next(network.parameters())
    return network(torch.zeros(1, 3, 64, 64, device=weights.device, dtype=weights.dtype))[1].shape[1]


def _max_pool(feature_map: Tensor, factor: int) -> Tensor:
    """Max-pool as F.max_pool2d does; that takes ten times as long over a whole map, two to three times over parts."""
    if feature_map.shape[-2:] == (factor, factor):
        return feature_map.amax((-2, -1), keepdim=True)
    return feature_map.unflatten(-1, (-1, factor)).amax(-1).unflatten(-2, (-1, factor)).amax(-2)


POOLINGS = {"max": _max_pool, "mean": F.avg_pool2d}


def pool_map(feature_map: Tensor, factor: int, pooling: str) -> Tensor:
    """Pool a feature map to a grid ``factor`` times coarser, by the maximum or the mean of factor x factor positions.

    feature_map: ([B,] C, h, w) with h and w multiples of factor -> ([B,] C, h / factor, w / factor). The student's map
    is never enlarged instead: that is slower, and its backward pass is not deterministic on CUDA.
    """
    return feature_map if factor == 1 else POOLINGS[pooling](feature_map, factor)
