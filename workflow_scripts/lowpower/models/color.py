"""What color alone tells: a logistic regression on the mean and the spread of each color channel of a region."""

import torch
from torch import Tensor, nn

FEATURES = 6


class ColorNetwork(nn.Module):
    """images: (B, 3, H, W), normalized -> logits (B, classes), float64, and no map.

    center, spread: mean and standard deviation of the features over the regions it was fitted on (``fitting``).
    """

    name = "color"

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(FEATURES, dtype=torch.float64))
        self.register_buffer("spread", torch.ones(FEATURES, dtype=torch.float64))
        self.head = nn.Linear(FEATURES, classes, dtype=torch.float64)

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        return self.head((color_features(images) - self.center) / self.spread), None


def color_features(images: Tensor) -> Tensor:
    """Mean and standard deviation of each channel over the pixels: (B, 3, H, W) -> (B, 6), float64.

    As matrix products, because these are what is counted as FLOPs: 12 per pixel.
    """
    pixels = images.double().flatten(2)
    count = pixels.shape[2]
    mean = pixels @ pixels.new_full((count, 1), 1 / count)  # (B, 3, 1)
    apart = (pixels - mean).unsqueeze(2)  # (B, 3, 1, H * W)
    variance = apart @ apart.transpose(2, 3) / count
    return torch.cat([mean.flatten(1), variance.flatten(1).sqrt()], 1)
