"""Color only: a logistic regression on the mean and the spread of each color channel of a region.

Unlike those of networks, its numbers are the same on every processor: sums of whole numbers, and of products of numbers
on a grid, are exact in any order of addition.
"""

import torch
from torch import Tensor, nn

FEATURES = 6
AS_STORED = {"mean": [0.0] * 3, "std": [1.0] * 3}  # pixels normalized by these are the stored ones, divided by 255
FEATURE_GRID = 2.0**-16  # of standardized features
WEIGHT_GRID = 2.0**-20  # with the features' grid: a logit below 131,072 is exact in float64


class ColorNetwork(nn.Module):
    """Logistic regression: images (B, 3, H, W), normalized by ``AS_STORED`` -> logits (B, classes), float64; no map.

    center, spread: mean and standard deviation of the features over the regions it was fitted on (``color_fit``).
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
        """Color features (B, 6), as distances from the center in spreads, on their grid."""
        return round_to_grid((features - self.center) / self.spread, FEATURE_GRID)


def round_to_grid(values: Tensor, step: float) -> Tensor:
    """Values rounded to whole multiples of ``step``, a power of two."""
    return (values / step).round() * step


def color_features(pixels: Tensor) -> Tensor:
    """Mean and standard deviation of each channel of pixels in 0-255, any dtype: (B, 3, H, W) -> (B, 6), float64.

    The sums are matrix products, because FLOPs are counted on these: 12 per pixel. They are exact, because they add
    whole numbers to less than 2^53.
    """
    pixels = pixels.double().flatten(2)
    count = pixels.shape[2]
    sums = (pixels @ pixels.new_ones(count, 1)).flatten(1)
    rows = pixels.unsqueeze(2)  # (B, 3, 1, H * W)
    squares = (rows @ rows.transpose(2, 3)).flatten(1)
    variance = (count * squares - sums * sums) / count**2
    return torch.cat([sums / count, variance.clamp_min(0).sqrt()], 1)
