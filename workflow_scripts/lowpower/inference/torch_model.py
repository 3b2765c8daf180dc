"""A model in torch: for networks without a graph, for a GPU, and as the reference of the other engines."""

from collections.abc import Sequence

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lowpower.inference import resnet_graph
from lowpower.inference.model import Model, model_without_torch
from lowpower.inference.outputs import Outputs
from lowpower.model_header import ModelHeader
from lowpower.models.forward_pass import attention_of, forward
from lowpower.models.logit_map import logit_map
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
        logits, feature_map = forward(self.network, self.normalize([torch.from_numpy(image) for image in images]))
        scores = attention_of(self.network, feature_map) if self.header.bags == "attention" else None
        return Outputs(*map(_as_array, (logits, feature_map, logit_map(self.network, feature_map), scores)))


def _as_array(tensor: Tensor | None) -> NDArray | None:
    return None if tensor is None else tensor.cpu().numpy()


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
