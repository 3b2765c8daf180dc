"""Class evidence of a slide: what each position of a network's last map says, and where on the slide it lies.

The evidence for a class at a position is its logit minus the mean of all classes' logits there: softmax does not change
when a number is added to all logits, so only these differences count, and their mean over a region gives its answer.

Where a position lies: position i of a map looks around pixel 32 i of the network's input, because each of the five
halvings of our networks keeps pixels 0, 2, 4, ... It is drawn around that pixel. Drawn over pixels 32 i to 32 i + 31,
the evidence of a spot lay half a position (16 to 19 px) too far to the lower right.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

POSITION = 32  # pixels of the network's input per position of its last map, along a side
_CENTER = 0.5 / POSITION  # in positions: the middle of pixel 0, at which the first position looks

Frame = tuple[float, float, float, float]  # left, top, right, bottom, in pixels of level 0


@dataclass(frozen=True, kw_only=True)
class RegionEvidence:
    """One region that was read. x, y, width, height: its box, in pixels of level 0 from the slide's upper left corner.

    probabilities: of the region, in the order of the classes. logits: at each position of the map (classes, h, w); None
    for a network without a map.
    """

    region: str
    x: float
    y: float
    width: float
    height: float
    probabilities: Sequence[float]
    logits: np.ndarray | None


def evidence_of(logits: np.ndarray) -> np.ndarray:
    """Evidence of logits (classes, h, w): each minus the mean of all classes at its position."""
    return logits - logits.mean(0, keepdims=True)


def probabilities_at(logits: np.ndarray) -> np.ndarray:
    """Probabilities at each position of logits (classes, h, w): the answer if all of the region were like it."""
    powers = np.exp(logits.astype(np.float64) - logits.max(0))
    return powers / powers.sum(0)


def edges(start: float, length: float, count: int) -> np.ndarray:
    """Borders (count + 1,) of a map's positions along one side of a region, which they cover without gaps.

    start, length: of the region; the borders have their unit. The first position is cut to about half, the last one
    reaches to the region's end, half a position further than the others.
    """
    borders = np.arange(count + 1) - 0.5 + _CENTER
    borders[[0, -1]] = 0, count
    return start + borders * length / count


def paint(regions: Iterable[RegionEvidence], classes: int, frame: Frame, size: tuple[int, int]) -> np.ndarray:
    """Evidence at the center of each pixel of a picture (classes, height, width) float32, NaN where there is no region.

    frame: the part of the slide that the picture shows. size: (width, height) of the picture. Where regions overlap,
    the mean of theirs.
    """
    width, height = size
    total, count = np.zeros((classes, height, width), np.float32), np.zeros((height, width), np.float32)
    left, top, right, bottom = frame
    xs = left + (np.arange(width) + 0.5) * (right - left) / width
    ys = top + (np.arange(height) + 0.5) * (bottom - top) / height
    for region in regions:
        if region.logits is not None:
            rows, down = _positions(ys, edges(region.y, region.height, region.logits.shape[1]))
            columns, across = _positions(xs, edges(region.x, region.width, region.logits.shape[2]))
            total[:, rows, columns] += evidence_of(region.logits)[:, down[:, None], across]
            count[rows, columns] += 1
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _positions(centers: np.ndarray, borders: np.ndarray) -> tuple[slice, np.ndarray]:
    """Which pixels lie in a region, along one side, and in which of its positions each of them lies."""
    inside = slice(*np.searchsorted(centers, borders[[0, -1]]))
    return inside, np.searchsorted(borders, centers[inside], "right") - 1
