"""The network ``color`` in numpy: bit for bit the numbers of ``models/color_network.py``."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lowpower.inference.outputs import Outputs
from lowpower.model_header import ModelHeader

WEIGHTS = {"center", "spread", "head.weight", "head.bias"}
_FEATURE_GRID = 2.0**-16  # of standardized features, as in training
_VALUES = np.arange(256.0)


class ColorModel:
    """Logistic regression on the mean and the spread of each color channel."""

    engine = "numpy"

    def __init__(self, header: ModelHeader, weights: dict[str, NDArray]) -> None:
        self.header, self.weights = header, weights

    def run(self, images: Sequence[NDArray]) -> Outputs:
        """Run the model on images, each (3, H, W) uint8."""
        features = np.stack([_features(image) for image in images])
        features = np.round((features - self.weights["center"]) / self.weights["spread"] / _FEATURE_GRID)
        logits = features * _FEATURE_GRID @ self.weights["head.weight"].T + self.weights["head.bias"]
        return Outputs(logits)


def _features(image: NDArray) -> NDArray:
    """Mean and standard deviation of each channel (6,); the sums over a histogram are exact in any order."""
    count = image[0].size
    histograms = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in image])
    sums, squares = histograms @ _VALUES, histograms @ _VALUES**2
    variance = (count * squares - sums * sums) / count**2
    return np.concatenate([sums / count, np.sqrt(np.maximum(variance, 0))])
