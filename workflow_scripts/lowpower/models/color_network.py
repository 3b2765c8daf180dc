"""What color alone tells: a logistic regression on the mean and the spread of each color channel of a region.

Its numbers are the same on every processor, which those of networks are not: sums of whole numbers, and of products of
numbers on a grid, are exact in whatever order a library adds them up.
"""

import torch
from torch import Tensor, nn

FEATURES = 6
AS_STORED = {"mean": [0.0] * 3, "std": [1.0] * 3}  # normalized by these, pixels are as stored but for a factor of 255
FEATURE_GRID = 2.0**-16  # of standardized features
WEIGHT_GRID = 2.0**-20  # with that of features: a logit below 131,072 is exact in float64


class ColorNetwork(nn.Module):
    """images: (B, 3, H, W), normalized by ``AS_STORED`` -> logits (B, classes), float64, and no map.

    center, spread: mean and standard deviation of the features over the regions it was fitted on (``fitting``).
    """

    name = "color"

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(FEATURES, dtype=torch.float64))
        self.register_buffer("spread", torch.ones(FEATURES, dtype=torch.float64))
        self.head = nn.Linear(FEATURES, classes, dtype=torch.float64)

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        return self.head(self.standardized(color_features((images * 255).round()))), None

    def standardized(self, features: Tensor) -> Tensor:
        """Color features (B, 6) in spreads from the center, on their grid."""
        return on_grid((features - self.center) / self.spread, FEATURE_GRID)


def on_grid(values: Tensor, step: float) -> Tensor:
    """Values rounded to whole multiples of ``step``, a power of two."""
    return (values / step).round() * step


def color_features(pixels: Tensor) -> Tensor:
    """Mean and standard deviation of each channel of uint8 pixels, as any numbers: (B, 3, H, W) -> (B, 6), float64.

    The sums are matrix products, because these are what is counted as FLOPs: 12 per pixel. They are exact: of whole
    numbers below 2^53.
    """
    pixels = pixels.double().flatten(2)
    count = pixels.shape[2]
    sums = (pixels @ pixels.new_ones(count, 1)).flatten(1)
    rows = pixels.unsqueeze(2)  # (B, 3, 1, H * W)
    squares = (rows @ rows.transpose(2, 3)).flatten(1)
    variance = (count * squares - sums * sums) / count**2
    return torch.cat([sums / count, variance.clamp_min(0).sqrt()], 1)
