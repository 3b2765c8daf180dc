"""A view: one augmentation draw of a region, the same draw at every magnification.

Which draw it is depends on (seed, region, number) alone, so that a student replays at its own magnification what the
teacher saw at another. Flips and quarter turns commute exactly with area averaging, color jitter nearly.
Augmentation as in the released code: torchvision's ColorJitter, flips.
"""

import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from types import ModuleType

import torch
from torch import Tensor

from lowpower import draws
from lowpower.errors import InputError

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


@cache
def transforms() -> ModuleType:
    """The transforms of torchvision, imported when first needed, so that a job can say what is wrong with them.

    A CPU-only torch beside torchvision's ordinary wheel cannot load its compiled operators, and the import fails at two
    names that the transforms never call. Declared, it passes. Raises InputError when it fails all the same.
    """
    wanted = "torchvision.transforms.v2.functional"
    try:
        try:
            return import_module(wanted)
        except RuntimeError:
            for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
                del sys.modules[name]
            _declare_operators()
            return import_module(wanted)
    except Exception as error:
        raise InputError(
            f"torch {torch.__version__} and torchvision {_version('torchvision')} do not fit together ({error}); "
            "install the versions of requirements.txt (`make .venv` anew, or envs/distillation.yaml)"
        ) from error


@cache  # torch forgets them with the library object
def _declare_operators() -> torch.library.Library:
    operators = torch.library.Library("torchvision", "FRAGMENT")
    operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return operators


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
