"""Made-up evidence of regions, and the picture of a slide that they lie on."""

import numpy as np
from PIL import Image

from lowpower.reading.evidence import RegionEvidence
from lowpower.slides.overview import TissuePicture

CLASSES = ["tumor", "Stroma, µ-fat", "=other"]


def region_at(x, y, width, height, down, across, seed=0, name="s_00000", spread=2.0):
    """A region whose map (classes, down, across) is random."""
    logits = np.random.default_rng(seed).normal(0, spread, (len(CLASSES), down, across)).astype(np.float32)
    powers = np.exp(logits.astype(float).mean((1, 2)))
    return RegionEvidence(
        region=name, x=x, y=y, width=width, height=height, probabilities=(powers / powers.sum()).tolist(), logits=logits
    )


def picture_at(frame, width, height):
    """A picture of a slide's part: pink tissue with noise, so that JPEG and PNG have something to store."""
    noise = np.random.default_rng(1).integers(0, 40, (height, width, 1))
    pixels = (np.array([200, 120, 170]) + noise).astype(np.uint8)
    return TissuePicture(Image.fromarray(pixels), np.ones((height, width), bool), tuple(map(float, frame)))
