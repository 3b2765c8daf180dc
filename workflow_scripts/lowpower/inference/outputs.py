"""Outputs of a model, and its probabilities."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Outputs(NamedTuple):
    """What a model says of B images of one size."""

    logits: NDArray  # (B, classes), float32; float64 of color
    feature_map: NDArray | None = None  # (B, C, h, w), the last map; None for color
    logit_map: NDArray | None = None  # (B, classes, h, w), the last layer at each position; its mean is the logits
    scores: NDArray | None = None  # (B,), of a network with attention over regions


def probabilities_of(logits: NDArray) -> NDArray:
    """Compute the probabilities of logits (B, classes), float64.

    Those of float64 logits, which are the same on every processor, are rounded to eight decimals, because the last bit
    of exp differs between processors.
    """
    logits, rounded = logits.astype(np.float64), logits.dtype == np.float64
    odds = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = odds / odds.sum(1, keepdims=True)
    return probabilities.round(8) if rounded else probabilities
