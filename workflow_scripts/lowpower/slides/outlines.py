"""Boxes around drawn outlines, and the pixels inside an outline.

An outline is a list of parts; a part is a list of rings (n, 2) of x and y in pixels of level 0: its edge, and holes.
"""

from collections.abc import Sequence

import numpy as np

from lowpower.slides.regions import Box, Fit, divide, grow, in_strips

Part = Sequence[np.ndarray]


def outline_boxes(outlines: Sequence[tuple[str, Sequence[Part]]], reduction: float, fit: Fit) -> list[Box]:
    """One box around each outline, enlarged evenly to sides that fit; several if that is too long.

    outlines: class and parts of each. reduction: pixels of level 0 per teacher pixel, along a side. ``piece`` is the
    number of a box's outline, from 1; ``tissue`` is the area inside the outline. An outline that encloses no pixel
    center gives no box. Reading order, as for pieces of tissue.
    """

    def area(box: Box) -> float:
        parts = outlines[box.piece - 1][1]
        return float(sum(np.count_nonzero(inside(parts, reduction, strip)) for strip in in_strips(box)))

    boxes = []
    for piece, (name, parts) in enumerate(outlines, start=1):
        points = np.concatenate([ring for part in parts for ring in part]) / reduction
        low, high = points.min(axis=0), points.max(axis=0)
        (x, width), (y, height) = (grow(low[axis], high[axis], fit.multiple) for axis in (0, 1))
        box = Box(x, y, width, height, piece=piece, annotation=name)
        boxes.append(((low[1], low[0]), divide(box, fit, area)))
    return [box for _, parts in sorted(boxes, key=lambda corner_and_parts: corner_and_parts[0]) for box in parts]


def inside(parts: Sequence[Part], reduction: float, box: Box) -> np.ndarray:
    """True for teacher pixels of a box whose centers are inside an outline, (box.height, box.width) bool.

    Inside a part means within an odd number of its rings (even-odd rule), so holes may be in any order and an edge may
    cross itself. Outlines that share an edge neither overlap nor leave a gap.
    """
    is_inside = np.zeros((box.height, box.width), bool)
    for part in parts:
        flips = np.zeros((box.height, box.width), np.uint8)
        for ring in part:
            _flip(flips, ring / reduction - (box.x, box.y))
        is_inside |= np.bitwise_xor.accumulate(flips, axis=1, out=flips).view(bool)
    return is_inside


def _flip(flips: np.ndarray, ring: np.ndarray) -> None:
    """Flip, in each row, the first pixel to the right of each crossing of the ring."""
    height, width = flips.shape
    (x, y), (dx, dy) = ring.T, (np.roll(ring, -1, axis=0) - ring).T
    # rows whose centers an edge crosses; its upper end counts and its lower end does not, so corners count once
    first, last = (
        np.clip(np.ceil(end - 0.5), 0, height).astype(int) for end in (np.minimum(y, y + dy), np.maximum(y, y + dy))
    )
    count = last - first
    edge = np.repeat(np.arange(len(ring)), count)
    row = np.arange(len(edge)) - (np.cumsum(count) - count - first)[edge]
    column = np.ceil(x[edge] + (row + 0.5 - y[edge]) * dx[edge] / dy[edge] - 0.5)
    in_box = column < width
    np.bitwise_xor.at(flips, (row[in_box], column[in_box].clip(0).astype(int)), 1)
