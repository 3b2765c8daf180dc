"""The seam to the library that computes networks: images in, numbers out. torch serves today."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from numpy.typing import NDArray

from lowpower.models.attention import lone_scores
from lowpower.models.forward_pass import forward, probabilities_of
from lowpower.models.logit_map import logit_map
from lowpower.models.model_file import load_model, prepare_device
from lowpower.models.pixels import Normalizer
from lowpower.reading.package_folder import PackageFolder


class Answers(NamedTuple):
    """What a network says of images of one size."""

    logits: NDArray  # (B, classes)
    probabilities: NDArray  # (B, classes), float64
    maps: NDArray | None  # (B, C, H / 32, W / 32); None for a network without a map
    logit_maps: NDArray | None  # (B, classes, H / 32, W / 32): the logits at each position, whose mean is logits
    scores: NDArray  # (B,) of attention, float64; 0 for a network without


class Network(Protocol):
    """A network that is ready to serve."""

    def answer(self, images: Sequence[NDArray]) -> Answers:
        """Answer images of one size, each (3, H, W) uint8."""


class TorchNetwork:
    """The network of a package in torch, on one thread; its answers are bit for bit those of the rule predict."""

    def __init__(self, package: PackageFolder) -> None:
        self.device = prepare_device(gpu=False)
        self.network = load_model(package.weights)[0].to(self.device).eval()
        self.normalize = Normalizer(package.about.mean, package.about.std, self.device)

    @torch.no_grad()
    def answer(self, images: Sequence[NDArray]) -> Answers:
        """Answer images of one size, each (3, H, W) uint8."""
        logits, maps = forward(self.network, self.normalize([torch.from_numpy(image) for image in images]))
        probabilities, logit_maps = probabilities_of(logits), logit_map(self.network, maps)
        scores = torch.zeros(len(logits)).double() if maps is None else lone_scores(self.network, maps)
        return Answers(logits.numpy(), probabilities.numpy(), _as_array(maps), _as_array(logit_maps), scores.numpy())


def _as_array(tensor: torch.Tensor | None) -> NDArray | None:
    return None if tensor is None else tensor.numpy()
