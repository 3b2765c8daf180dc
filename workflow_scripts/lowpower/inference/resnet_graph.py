"""The network ``resnet10`` as an ONNX graph, written from its weights without torch.

Writing it, importing onnx and making the session take .3 seconds of the processor; the same by torch's exporters 2.9
(TorchScript) and 13 (dynamo). Operators are those of opset 17, which other programs know.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lowpower.model_header import ModelHeader

INPUT, OUTPUTS = "pixels", ("logits", "feature_map", "logit_map")
_STRIDES = (1, 2, 2, 2)  # of the blocks; as models/resnet.py, which tests compare with
_GROUPS = 32
_EPSILON = 1e-5
_OPSET, _IR_VERSION = 17, 8


def _weight_names() -> set[str]:
    """Names of all weights of the network."""
    names = ["head.weight", "head.bias", "conv.weight", "norm.weight", "norm.bias"]
    for block, stride in enumerate(_STRIDES):
        layers = {"conv1": "norm1", "conv2": "norm2"} | ({"shortcut.0": "shortcut.1"} if stride > 1 else {})
        for conv, norm in layers.items():
            names += [f"blocks.{block}.{name}" for name in (f"{conv}.weight", f"{norm}.weight", f"{norm}.bias")]
    return set(names)


WEIGHTS = _weight_names()


def write_graph(header: ModelHeader, weights: dict[str, NDArray]) -> bytes:
    """Write the graph: pixels (B, 3, H, W) uint8 -> logits, feature map and map of logits (``Outputs``), float32.

    The batch, height and width are free. The pixels are normalized as in training; the header is in the metadata.
    """
    graph = _Graph(weights)
    x = graph.normalized(INPUT, header.mean, header.std)
    x = graph.add("Relu", graph.norm(graph.conv(x, "conv", stride=2), "norm"))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for block, stride in enumerate(_STRIDES):
        x = graph.block(x, f"blocks.{block}", stride)
    graph.add("Identity", x, output="feature_map")
    graph.add("Gemm", graph.add("ReduceMean", x, axes=[2, 3], keepdims=0), "head.weight", "head.bias", transB=1,
              output="logits")  # fmt: skip
    head = graph.constant("head.filters", weights["head.weight"][:, :, None, None])
    graph.add("Conv", x, head, "head.bias", output="logit_map")
    return graph.as_model(header, *weights["head.weight"].shape).SerializeToString(deterministic=True)


class _Graph:
    """A graph in the making. Methods add nodes and return the name of their output."""

    def __init__(self, weights: dict[str, NDArray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        for name, values in sorted(weights.items()):
            self.constant(name, values)
        self.ones, self.zeros = (self.constant(f"{f}", np.full(_GROUPS, f, np.float32)) for f in (1, 0))
        self.grouped = self.constant("grouped", np.array([0, _GROUPS, -1]))

    def constant(self, name: str, values: NDArray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output

    def normalized(self, pixels: str, mean: list[float], std: list[float]) -> str:
        """The same two steps as ``Normalizer``; in the filters they would change the padded border."""
        center = np.array(mean, np.float32) * np.float32(255)
        scale = np.float32(1) / (np.array(std, np.float32) * np.float32(255))
        centered = self.add(
            "Sub", self.add("Cast", pixels, to=TensorProto.FLOAT), self.constant("center", center.reshape(1, 3, 1, 1))
        )
        return self.add("Mul", centered, self.constant("scale", scale.reshape(1, 3, 1, 1)))

    def conv(self, x: str, name: str, stride: int) -> str:
        """Convolution without bias, padded by half its filters."""
        size = self.weights[f"{name}.weight"].shape[-1]
        return self.add(
            "Conv", x, f"{name}.weight", kernel_shape=[size] * 2, strides=[stride] * 2, pads=[size // 2] * 4
        )

    def norm(self, x: str, name: str) -> str:
        """Group normalization: each group's channels in one row are normalized as one channel."""
        weight, bias = (self.weights[f"{name}.{part}"] for part in ("weight", "bias"))
        if len(weight) == _GROUPS:
            return self.add("InstanceNormalization", x, f"{name}.weight", f"{name}.bias", epsilon=_EPSILON)
        rows = self.add("Reshape", x, self.grouped)
        rows = self.add("InstanceNormalization", rows, self.ones, self.zeros, epsilon=_EPSILON)
        y = self.add("Reshape", rows, self.add("Shape", x))
        y = self.add("Mul", y, self.constant(f"{name}.factors", weight[:, None, None]))
        return self.add("Add", y, self.constant(f"{name}.terms", bias[:, None, None]))

    def block(self, x: str, name: str, stride: int) -> str:
        """Two convolutions with a shortcut, as ``BasicBlock``."""
        y = self.add("Relu", self.norm(self.conv(x, f"{name}.conv1", stride), f"{name}.norm1"))
        y = self.norm(self.conv(y, f"{name}.conv2", 1), f"{name}.norm2")
        if stride > 1:
            x = self.norm(self.conv(x, f"{name}.shortcut.0", stride), f"{name}.shortcut.1")
        return self.add("Relu", self.add("Add", y, x))

    def as_model(self, header: ModelHeader, classes: int, channels: int) -> onnx.ModelProto:
        float32, place = TensorProto.FLOAT, ("map_height", "map_width")
        shapes = [("batch", classes), ("batch", channels, *place), ("batch", classes, *place)]
        graph = helper.make_graph(
            self.nodes, "resnet10",
            [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ("batch", 3, "height", "width"))],
            [helper.make_tensor_value_info(name, float32, shape) for name, shape in zip(OUTPUTS, shapes, strict=True)],
            self._used_constants(),
        )  # fmt: skip
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="lowpower")
        helper.set_model_props(model, {"lowpower": header.to_json()})
        return model

    def _used_constants(self) -> list[onnx.TensorProto]:
        used = {name for node in self.nodes for name in node.input}
        return [constant for constant in self.constants if constant.name in used]
