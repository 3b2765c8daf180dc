"""The colored noise of the tiny cohort, and regions as they are read back."""

import zipfile

import numpy as np
from PIL import Image

from lowpower import files, rng

CLASSES = ["blue", "red"]


def region_image(slide: str, number: int, label: str, side: int) -> np.ndarray:
    """Noise whose color tells the class: easy, so that a few steps learn it."""
    image = rng.generator(0, "test image", slide, number).integers(60, 200, (side, side, 3))
    image[..., 2 if label == "blue" else 0] += 50
    return image.astype(np.uint8)


def mean_by(image: np.ndarray, n: int) -> np.ndarray:
    h, w, _ = image.shape
    return ((image.reshape(h // n, n, w // n, n, 3).astype(int).sum((1, 3)) + n * n // 2) // (n * n)).astype(np.uint8)


def read_images(path):
    with zipfile.ZipFile(path) as archive:
        return {name: files.decode(archive.read(name)) for name in archive.namelist()}


def read_mask(folder):
    return np.asarray(Image.open(folder / "mask.png")) > 0
