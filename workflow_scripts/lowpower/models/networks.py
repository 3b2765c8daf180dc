"""The networks, by the names that a config's row and a model file give them.

Each takes images (B, 3, H, W), normalized, and gives logits (B, classes) and its last map, or None where it has none.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from lowpower.errors import InputError
from lowpower.models.backbone import Backbone
from lowpower.models.color_network import ColorNetwork
from lowpower.models.resnet import ResNet, initialize

NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    ResNet.name: ResNet,
    ColorNetwork.name: ColorNetwork,
    **{name: partial(Backbone, name) for name in ("resnet18", "resnet34", "resnet50")},
}


def empty(name: str, classes: int) -> nn.Module:
    """A network whose weights are yet to be filled in. Raises InputError for a name that this version does not know."""
    if name not in NETWORKS:
        raise InputError(f"the network {name!r} is none that this version of lowpower knows: {', '.join(NETWORKS)}")
    return NETWORKS[name](classes)


def build(name: str, classes: int, seed: int) -> nn.Module:
    """A network with random weights that depend on nothing but ``seed``."""
    return initialize(empty(name, classes), seed)
