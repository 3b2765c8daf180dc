"""A model in ONNX Runtime, on one thread of the processor."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lowpower.inference.outputs import Outputs
from lowpower.inference.resnet_graph import INPUT
from lowpower.model_header import ModelHeader


class OnnxModel:
    """A graph whose outputs are those of ``Outputs``, in their order, with its session."""

    engine = "ONNX Runtime"

    def __init__(self, header: ModelHeader, graph: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # jobs share cores; sums keep one order
        options.enable_mem_pattern = False  # a block planned for each size of images: 540 MB at 2 megapixels, not 376
        self.header = header
        self.session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(self, images: Sequence[NDArray]) -> Outputs:
        """Run the model on images of one size, each (3, H, W) uint8."""
        return Outputs(*self.session.run(None, {INPUT: np.stack(images)}))
