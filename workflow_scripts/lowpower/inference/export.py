"""Write a trained model for other programs, as ONNX or TorchScript; ``wsinfer_folder`` adds what WSInfer needs."""

import io
import warnings
import zipfile
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from lowpower import rng
from lowpower.files import replacing, write_images
from lowpower.inference.onnx_model import OnnxModel
from lowpower.inference.resnet_graph import INPUT, OUTPUTS
from lowpower.inference.torch_model import TorchModel, graph_of
from lowpower.models.logit_map import logit_map
from lowpower.models.model_file import load_model

TOLERANCE = 1e-5  # of logits, as a share of the largest where that is above 1
_CHECKED = ((2, 64, 96), (1, 160, 64))  # images, height, width


def write_onnx(model: str | Path, onnx_file: str | Path) -> None:
    """Write a model file as ONNX, checked by onnx and, against torch, by ONNX Runtime.

    Input: ``pixels`` (B, 3, H, W) uint8, red, green and blue, at the model's magnification; they are normalized inside.
    Outputs, float32: ``logits`` (B, classes), ``feature_map`` and ``logit_map`` (B, C or classes, H / 32, W / 32); of
    color ``logits`` alone, float64. B, H and W are free. The metadata has the model's header under ``lowpower``.
    """
    reference = TorchModel(*load_model(model))
    graph = graph_of(reference.network, reference.header) or _traced_graph(reference)
    onnx.checker.check_model(graph, full_check=True)
    _check(reference, OnnxModel(reference.header, graph))
    with replacing(onnx_file) as part:
        part.write_bytes(graph)


def write_torchscript(model: str | Path, torchscript: str | Path) -> None:
    """Write a model file as TorchScript, checked against torch: images (B, 3, H, W), normalized -> (B, classes).

    The file is never opened here, because opening such a file may run any program. Debug files, which hold paths of
    this machine, are left out.
    """
    reference = TorchModel(*load_model(model))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch asks for torch.export, which QuPath cannot read, and traces few checks
        traced = torch.jit.trace(_Logits(reference.network), torch.zeros(2, 3, 64, 96), check_trace=False)
        _check(reference, TorchModel(_WithoutMap(traced), reference.header))
        buffer = io.BytesIO()
        torch.jit.save(traced, buffer)
    with zipfile.ZipFile(buffer) as archive:
        names = [name for name in archive.namelist() if not name.endswith(".debug_pkl")]
        write_images(torchscript, ((name, archive.read(name)) for name in names))


def _check(reference: TorchModel, written: OnnxModel | TorchModel) -> None:
    """Raise RuntimeError if the written model has other logits than the reference."""
    for count, *size in _CHECKED:
        images = rng.generator(0, "export", *size).integers(0, 256, (count, 3, *size)).astype("uint8")
        expected, found = reference.run(list(images)).logits, written.run(list(images)).logits
        difference = float(abs(found - expected).max() / max(1, abs(expected).max()))
        if not difference <= TOLERANCE:
            raise RuntimeError(f"the exported model's logits differ from torch's by {difference:.2g}")


class _Logits(nn.Module):
    """A network whose only output is its logits."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images)[0]


class _WithoutMap(_Logits):
    """A network of logits alone, with the outputs of one that has no map."""

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        return self.network(images), None


class _FromPixels(nn.Module):
    """A network with normalization inside: pixels (B, 3, H, W) uint8 -> the outputs of ``Outputs``."""

    def __init__(self, model: TorchModel) -> None:
        super().__init__()
        self.network, self.normalize = model.network, model.normalize

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        logits, feature_map = self.network(self.normalize.tensor(pixels))
        return (logits,) if feature_map is None else (logits, feature_map, logit_map(self.network, feature_map))


def _traced_graph(reference: TorchModel) -> bytes:
    """Have torch write the graph of a network that lowpower writes none for."""
    buffer, example = io.BytesIO(), torch.zeros(2, 3, 64, 96, dtype=torch.uint8)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch: the exporter by tracing is deprecated; the other needs onnxscript
        outputs = list(OUTPUTS[: len(_FromPixels(reference)(example))])
        dynamic = {name: {0: "batch", 2: "map_height", 3: "map_width"} for name in outputs[1:]}
        dynamic |= {INPUT: {0: "batch", 2: "height", 3: "width"}, "logits": {0: "batch"}}
        torch.onnx.export(
            _FromPixels(reference), (example,), buffer, dynamo=False, input_names=[INPUT], output_names=outputs,
            dynamic_axes=dynamic, opset_version=17,
        )  # fmt: skip
    written = onnx.load_from_string(buffer.getvalue())
    onnx.helper.set_model_props(written, {"lowpower": reference.header.to_json()})
    return written.SerializeToString(deterministic=True)
