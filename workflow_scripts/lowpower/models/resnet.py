"""The network, the same for teacher and student: a ResNet of four basic blocks with group normalization.

Source: the released code of DiPalma et al. (arXiv 2101.04170): BasicBlocks, layers (1, 1, 1, 1), planes (32, 64, 128,
256), GroupNorm(32), 7x7/2 stem and max-pool, global average pooling, Kaiming initialization (fan_out).
Group normalization, because regions differ in size and a batch may hold a single one.
"""

import torch
from torch import Tensor, nn

PLANES = (32, 64, 128, 256)
GROUPS = 32


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut. x: (B, in_planes, H, W) -> (B, planes, H / stride, W / stride)."""

    def __init__(self, in_planes: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(GROUPS, planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(GROUPS, planes)
        self.shortcut = nn.Identity()
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_planes, planes, 1, stride, bias=False), nn.GroupNorm(GROUPS, planes)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(self.conv1(x)).relu()
        return (self.norm2(self.conv2(y)) + self.shortcut(x)).relu()


class ResNet(nn.Module):
    """ResNet: images (B, 3, H, W), normalized -> logits (B, classes) and feature map (B, 256, H / 32, W / 32)."""

    name = "resnet10"

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, PLANES[0], 7, 2, padding=3, bias=False)
        self.norm = nn.GroupNorm(GROUPS, PLANES[0])
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        self.blocks = nn.Sequential(
            *(BasicBlock(a, b, s) for a, b, s in zip((PLANES[0], *PLANES[:3]), PLANES, (1, 2, 2, 2), strict=True))
        )
        self.head = nn.Linear(PLANES[-1], classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        feature_map = self.blocks(self.pool(self.norm(self.conv(images)).relu()))
        return self.head(feature_map.mean((2, 3))), feature_map


def build(classes: int, seed: int) -> ResNet:
    """Build a network with random weights that depend on ``seed`` alone."""
    return initialize(ResNet(classes), seed)


def initialize(network: nn.Module, seed: int) -> nn.Module:
    """Fill convolutions and matrices with random weights that depend on ``seed`` alone; return the network."""
    draw = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=draw)
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=draw)
            nn.init.zeros_(module.bias)
    return network
