"""Colors of evidence and of classes, which readers of any color vision can tell apart."""

from functools import cache

import numpy as np

# Okabe and Ito (2008), without black; their order begins with the two that differ most on stained tissue
CLASS_COLORS = (
    *((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167)),
    *((86, 180, 233), (213, 94, 0), (240, 228, 66)),
)
# Ends of the scale, in OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab): blue and orange, the pair that
# all color vision keeps apart, equally far from the white of zero and equally light. Steps between are equally long.
AGAINST, ZERO, FOR = (0.5, -0.0362, -0.1352), (1.0, 0.0, 0.0), (0.5, 0.099, 0.099)
_TO_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


def class_color(number: int) -> tuple[int, int, int]:
    """RGB of the class with this number; from the eighth class on, colors repeat."""
    return CLASS_COLORS[number % len(CLASS_COLORS)]


@cache
def evidence_colors() -> np.ndarray:
    """Colors (256, 3) uint8 from evidence against a class (blue) over none (white) to evidence for it (orange)."""
    lab = np.stack(
        [np.interp(np.linspace(-1, 1, 256), (-1, 0, 1), side) for side in zip(AGAINST, ZERO, FOR, strict=True)]
    )
    linear = (_TO_RGB @ (_TO_CONES @ lab) ** 3).clip(0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (coded.T * 255).round().astype(np.uint8)


def color_evidence(evidence: np.ndarray, scale: float) -> np.ndarray:
    """Colors (H, W, 3) uint8 of evidence (H, W), from -scale to scale; beyond these as at them. NaN becomes zero's."""
    shares = (np.nan_to_num(evidence) / scale + 1) / 2
    return evidence_colors()[(shares.clip(0, 1) * 255).round().astype(int)]
