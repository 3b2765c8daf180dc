"""A trained-like model in a file."""

import pytest
import torch

from lowpower.model_header import ModelHeader
from lowpower.models import networks
from lowpower.models.color_network import WEIGHT_GRID, round_to_grid
from lowpower.models.model_file import save_model

HEADER = ModelHeader(
    classes=["blue", "green", "red"], mean=[0.7, 0.5, 0.6], std=[0.2, 0.25, 0.15], magnification=2.5, method="sskd",
    seed=0, unit="grid", grid={"size_um": 256.0, "stride_um": 0.0, "min_tissue": 0.5},
)  # fmt: skip


@pytest.fixture
def save(tmp_path):
    """A function that saves a network with random weights, biases and norms included, and returns its path."""

    def save(name="resnet10", header=HEADER):
        network = networks.build(name, len(header.classes), 0)
        draw = torch.Generator().manual_seed(1)
        for values in network.state_dict().values():
            if values.dim() == 1 and values.is_floating_point():  # those of a new network are 0 and 1
                values.add_(torch.rand(values.shape, generator=draw, dtype=values.dtype))
        if name == "color":  # as its fit leaves them
            for values in network.head.parameters():
                values.data = round_to_grid(values.data, WEIGHT_GRID)
        save_model(tmp_path / f"{name}.safetensors", network, header)
        return tmp_path / f"{name}.safetensors"

    return save
