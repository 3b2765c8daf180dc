"""A model in torch: for networks without a graph, for a GPU, and as the reference of the other engines."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from lowpower.inference import resnet_graph
from lowpower.inference.model import Model, model_without_torch
from lowpower.inference.outputs import Outputs
from lowpower.model_header import ModelHeader
from lowpower.models.model_file import prepare_device
from lowpower.models.pixels import Normalizer


class TorchModel:
    """A network of ``models/networks.py``."""

    engine = "torch"

    def __init__(self, network: nn.Module, header: ModelHeader, gpu: bool = False) -> None:
        self.header, self.device = header, prepare_device(gpu)
        self.network = network.to(self.device).eval()
        self.normalize = Normalizer(header.mean, header.std, self.device)

    @torch.no_grad()
    def run(self, images: Sequence[NDArray]) -> Outputs:
        """Run the model on images of one size, each (3, H, W) uint8."""
        logits, feature_map = self.network(self.normalize([torch.from_numpy(image) for image in images]))
        if feature_map is None:
            return Outputs(logits.cpu().numpy())
        return Outputs(*(x.cpu().numpy() for x in (logits, feature_map, logit_map(self.network.head, feature_map))))


def logit_map(head: nn.Linear, feature_map: torch.Tensor) -> torch.Tensor:
    """The last layer at each position of a map: (B, C, h, w) -> (B, classes, h, w)."""
    return F.conv2d(feature_map, head.weight[:, :, None, None], head.bias)


def serve(network: nn.Module, header: ModelHeader, gpu: bool = False) -> Model:
    """Run a network that is in memory as ``open_model`` runs its file."""
    return (None if gpu else model_without_torch(header, _weights(network))) or TorchModel(network, header, gpu)


def graph_of(network: nn.Module, header: ModelHeader) -> bytes | None:
    """The ONNX graph of a network; None for one without."""
    weights = _weights(network)
    known = header.architecture == "resnet10" and weights.keys() == resnet_graph.WEIGHTS
    return resnet_graph.write_graph(header, weights) if known else None


def _weights(network: nn.Module) -> dict[str, NDArray]:
    return {name: values.detach().cpu().numpy() for name, values in network.state_dict().items()}
