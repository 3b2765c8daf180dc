"""Open a trained model and run it on images: the one way for predictions of a study and answers for new slides.

On a CPU ``resnet10`` runs in ONNX Runtime and ``color`` in numpy; neither imports torch. All other networks, and a GPU,
run in torch. The engine depends on the model file alone, because two engines differ in a logit's last digits.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import safetensors
from numpy.typing import NDArray

from lowpower.errors import InputError
from lowpower.inference import color_model, resnet_graph
from lowpower.inference.onnx_model import OnnxModel
from lowpower.inference.outputs import Outputs
from lowpower.model_header import ModelHeader, model_header


class Model(Protocol):
    """A model that is ready to run. engine: ONNX Runtime, numpy or torch."""

    header: ModelHeader
    engine: str

    def run(self, images: Sequence[NDArray]) -> Outputs:
        """Run the model on images of one size, each (3, H, W) uint8.

        On a CPU the outputs of an image are the same bits whatever images are run with it, before it or after it, but
        for torch's, which differ in the last digits between an image alone and among others.
        """


def open_model(path: str | Path, gpu: bool = False) -> Model:
    """Open a model file. Raises InputError for a file that is not a model of lowpower."""
    if not gpu:
        header = model_header(path)
        if header.architecture in _WEIGHTS and (model := model_without_torch(header, _read_weights(path))):
            return model
    from lowpower.inference.torch_model import TorchModel  # takes two seconds to import, so only where it is needed
    from lowpower.models.model_file import load_model

    return TorchModel(*load_model(path), gpu=gpu)


_WEIGHTS = {"resnet10": resnet_graph.WEIGHTS, "color": color_model.WEIGHTS}


def model_without_torch(header: ModelHeader, weights: dict[str, NDArray]) -> Model | None:
    """Build the model of these weights; None for a network that needs torch, or for other weights than it has."""
    if weights.keys() != _WEIGHTS.get(header.architecture) or len(weights["head.bias"]) != len(header.classes):
        return None
    if header.architecture == "color":
        return color_model.ColorModel(header, weights)
    return OnnxModel(header, resnet_graph.write_graph(header, weights))


def _read_weights(path: str | Path) -> dict[str, NDArray]:
    try:
        with safetensors.safe_open(path, "np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{path} is not a model of lowpower ({reason}); delete it and run snakemake again") from None
