"""A view: one augmentation draw of a region, the same draw at every magnification.

Which draw it is depends on (seed, region, number) alone, so that a student replays at its own magnification what the
teacher saw at another. Flips and quarter turns commute exactly with area averaging, color jitter nearly.
Augmentation as in the released code: torchvision's ColorJitter, flips.
"""

from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from lowpower import draws
from lowpower.models.vision import torchvision_part

_JITTER = ("brightness", "contrast", "saturation", "hue")


@dataclass(frozen=True)
class View:
    """jitter: (name, amount) in the order they are applied; flips left-right and top-bottom; quarter turns."""

    jitter: tuple[tuple[str, float], ...]
    flip_lr: bool
    flip_tb: bool
    turns: int


def draw_view(seed: int, region: str, number: int, augmentation: dict) -> View:
    """The view with this number of a region (augmentation: the config's section)."""
    draw = draws.generator(seed, "view", region, number)
    amounts = []
    for name in _JITTER:
        spread = augmentation[name]
        center = 0.0 if name == "hue" else 1.0
        amounts.append((name, center + spread * draw.uniform(-1, 1), spread > 0))
    order = draw.permutation(len(amounts))
    flip_lr, flip_tb = (bool(draw.integers(2)) and augmentation["flip"] for _ in range(2))
    turns = int(draw.integers(4)) if augmentation["quarter_turns"] else 0
    return View(tuple(amounts[i][:2] for i in order if amounts[i][2]), flip_lr, flip_tb, turns)


def apply_view(view: View, image: Tensor) -> Tensor:
    """image: (3, H, W) uint8 -> the view of it, uint8, (3, H, W) or after an odd number of turns (3, W, H)."""
    for name, amount in view.jitter:
        image = getattr(transforms(), f"adjust_{name}")(image, amount)
    axes = [axis for axis, flip in ((2, view.flip_lr), (1, view.flip_tb)) if flip]
    return torch.rot90(image.flip(axes), view.turns, (1, 2)).contiguous()


def transforms() -> ModuleType:
    """The transforms of torchvision."""
    return torchvision_part("transforms.v2.functional")
