"""Nuclei of the synthetic tissue: regular ones, and atypical ones with pale center, dark rim and nucleolus."""

from dataclasses import dataclass

import numpy as np

MPP = 0.5  # µm per pixel of the drawn slide: 20x
HEMATOXYLIN = np.array([0.65, 0.70, 0.29], np.float32)  # absorbance per channel (Ruifrok and Johnston 2001)
NUCLEUS_UM = (3.8, 4.4)  # radius of a regular nucleus
PLEOMORPHIC = (1.05, 1.7)  # radius of an atypical nucleus, in regular radii
DENSITY = 1.2  # hematoxylin in a regular nucleus


@dataclass(frozen=True)
class Shape:
    """Outline of a nucleus. radius: pixels, of the regular form. size: of the atypical form, in regular radii."""

    radius: float
    stretch: float
    angle: float
    size: float


def draw_shape(draw: np.random.Generator) -> Shape:
    """Draw the outline of one nucleus."""
    radius = draw.uniform(*NUCLEUS_UM) / MPP
    stretch, angle = draw.uniform(1.0, 1.25), draw.uniform(0, np.pi)
    return Shape(radius, stretch, angle, draw.uniform(*PLEOMORPHIC))


def nucleus(shape: Shape, contrast: float, leak: float) -> np.ndarray:
    """Hematoxylin of one nucleus (2 half + 1)²: regular at contrast 0, fully atypical at 1."""
    radius = shape.radius
    half = int(np.ceil(NUCLEUS_UM[1] / MPP * PLEOMORPHIC[1] * 1.3)) + 1
    _, inside = disk(radius, half, shape.stretch, shape.angle)
    regular = DENSITY * inside
    if contrast == 0:
        return regular * np.float32(1 + 0.5 * leak)
    r, inside = disk(radius * (1 + contrast * (shape.size - 1)), half, shape.stretch, shape.angle)
    rim = inside * (0.12 + 1.6 * np.exp(-(((r - 0.85) / 0.17) ** 2)))
    _, nucleolus = disk(0.28 * radius, half, 1.0, 0.0)
    atypical = _same_light(rim + 4 * nucleolus, regular)
    return ((1 - contrast) * regular + contrast * atypical) * np.float32(1 + 0.5 * leak)


def disk(radius: float, half: int, stretch: float, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the center of an ellipse, in its radii, on a (2 half + 1)² patch, and its soft-edged mask."""
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    u = (x * np.cos(angle) + y * np.sin(angle)) / stretch
    v = (y * np.cos(angle) - x * np.sin(angle)) * stretch
    r = np.hypot(u, v) / radius
    return r, np.clip((1 - r) * radius + 0.5, 0, 1)


def _same_light(patch: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Scale ``patch`` to the total green absorption of ``reference``: concentrated pigment absorbs less."""
    target = (1 - np.exp(-reference * HEMATOXYLIN[1])).sum()
    low, high = 0.0, 8.0
    for _ in range(30):
        middle = (low + high) / 2
        absorbed = (1 - np.exp(-patch * middle * HEMATOXYLIN[1])).sum()
        low, high = (middle, high) if absorbed < target else (low, middle)
    return patch * np.float32(middle)


def stamp(image: np.ndarray, patch: np.ndarray, x: float, y: float) -> None:
    """Add a patch centered at (x, y), clipped to the image."""
    half = patch.shape[0] // 2
    left, top = round(x) - half, round(y) - half
    a, b, c, d = (
        max(0, top),
        min(image.shape[0], top + len(patch)),
        max(0, left),
        min(image.shape[1], left + len(patch)),
    )
    if a < b and c < d:
        image[a:b, c:d] += patch[a - top : b - top, c - left : d - left]
