"""Boxes of a slide that become regions: one per piece of tissue, or the fields of a grid.

Boxes are in teacher pixels (pixels at the teacher's magnification on this slide), as integers from the slide's upper
left corner. Their sides are whole multiples of 32 x the largest reduction, so area means are exact, feature maps nest
at every magnification, and nothing is padded later.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from lowpower.slides.strips import strip_rows

EIGHT = np.ones((3, 3), int)
ROWS = 64  # of the mask processed at once: indices of the nearest piece and distances take 60 bytes per pixel
HALO_UM = 16  # whitened around another piece of tissue, so that no blurred edge remains: half of close_um


@dataclass(frozen=True)
class Box:
    """A region to cut. x, y, width, height: teacher pixels. tissue: area of its own tissue, in teacher pixels."""

    x: int
    y: int
    width: int
    height: int
    tissue: float = 0.0
    piece: int = 0  # number of its own piece of tissue or annotation; 0 if all tissue is its own
    annotation: str = ""  # class of its annotation

    @property
    def share(self) -> float:
        """Share of the box that is tissue, 0 to 1."""
        return min(1.0, self.tissue / (self.width * self.height))


@dataclass(frozen=True)
class Fit:
    """Size constraints on boxes, in teacher pixels.

    Sides are multiples of ``multiple`` and at most ``longest``, itself such a multiple (0: no limit). A longer box is
    cut; its parts with a tissue area below ``least`` are dropped.
    """

    multiple: int
    longest: int = 0
    least: float = 0.0


def in_strips(box: Box, multiple: int = 8) -> list[Box]:
    """Divide a box into strips of a multiple of ``multiple`` rows, to process one by one; a small box stays whole."""
    rows = -(-strip_rows(box.width, box.height) // multiple) * multiple
    if rows >= box.height:
        return [box]
    tops = range(0, box.height, rows)
    return [replace(box, y=box.y + top, height=min(rows, box.height - top)) for top in tops]


def label_pieces(mask: np.ndarray) -> np.ndarray:
    """Number the pieces of tissue from 1; a piece is 8-connected. (H, W) bool -> int."""
    return ndimage.label(mask, EIGHT)[0]


def tissue_boxes(pieces: np.ndarray, step: float, fit: Fit) -> list[Box]:
    """One box around each piece of tissue, enlarged evenly to sides that fit; several if that is too long.

    pieces: (H, W) int, from label_pieces. step: teacher pixels per mask pixel. Boxes may extend beyond the slide.
    Reading order of the pieces, and of the parts of each: from top to bottom, then from left to right.
    """

    def tissue(box: Box) -> float:
        return tissue_in(pieces, step, box)

    boxes = []
    extents = enumerate(ndimage.find_objects(pieces), start=1)
    for piece, (rows, columns) in sorted(extents, key=lambda extent: (extent[1][0].start, extent[1][1].start)):
        x, width = grow(columns.start * step, columns.stop * step, fit.multiple)
        y, height = grow(rows.start * step, rows.stop * step, fit.multiple)
        boxes += divide(Box(x, y, width, height, piece=piece), fit, tissue)
    return boxes


def grow(start: float, stop: float, multiple: int) -> tuple[int, int]:
    """Start and length of the side, a multiple of ``multiple``, that is centered on start to stop."""
    # 1e-6: a step such as 16.000000000000004 must not cost another 128 pixels
    first, last = int(np.floor(start + 1e-6)), int(np.ceil(stop - 1e-6))
    length = max(1, -(-(last - first) // multiple)) * multiple
    return first - (length - (last - first)) // 2, length


def divide(box: Box, fit: Fit, tissue: Callable[[Box], float]) -> list[Box]:
    """Divide a box that is too long into as few parts as fit, as equal as whole multiples allow; measure their tissue.

    tissue: function that gives the tissue area of a box in teacher pixels. Parts are in reading order, without those
    with too little tissue; a box without tissue gives no part.
    """
    across, down = (_parts(side, fit) for side in (box.width, box.height))
    parts = [replace(box, x=box.x + x, y=box.y + y, width=w, height=h) for y, h in down for x, w in across]
    parts = [replace(part, tissue=tissue(part)) for part in parts]
    # if every part of a thin piece holds less than the least, the fullest parts are kept
    enough = max(1e-6, min(fit.least, max(part.tissue for part in parts)))
    return [part for part in parts if part.tissue >= enough]


def _parts(side: int, fit: Fit) -> list[tuple[int, int]]:
    """Start and length of each part of a side."""
    count = -(-side // fit.longest) if fit.longest else 1
    edges = [k * (side // fit.multiple) // count * fit.multiple for k in range(count + 1)]
    return [(start, stop - start) for start, stop in pairwise(edges)]


def tissue_in(pieces: np.ndarray, step: float, box: Box) -> float:
    """Area of a box's own piece inside the box, in teacher pixels; mask pixels at the border count in part."""
    down, across = (
        _overlap(np.array([start]), length, step, count)[0]
        for start, length, count in ((box.y, box.height, pieces.shape[0]), (box.x, box.width, pieces.shape[1]))
    )
    rows, columns = np.flatnonzero(down), np.flatnonzero(across)
    if not rows.size or not columns.size:
        return 0.0
    nearby = pieces[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # in strips: numpy multiplies a copy of 8 bytes per pixel
    strips = (slice(top, top + ROWS) for top in range(0, len(rows), ROWS))
    return sum(float(down[rows[s]] @ (nearby[s] == box.piece) @ across[columns]) for s in strips) * step**2


def grid_boxes(
    mask: np.ndarray, step: float, slide_size: tuple[int, int], size: int, stride: int, min_tissue: float
) -> list[Box]:
    """Square fields, from the slide's upper left corner, with a share of tissue of at least ``min_tissue``.

    mask: (H, W) bool. step: teacher pixels per mask pixel. slide_size: (width, height), size, stride: teacher pixels.
    Reading order. The last fields of a row or column may extend beyond the slide.
    """
    xs, ys = (np.arange(0, side, stride) for side in slide_size)
    tissue = _overlap(ys, size, step, mask.shape[0]) @ mask @ _overlap(xs, size, step, mask.shape[1]).T * step**2
    kept = np.argwhere(tissue >= max(min_tissue * size**2 - 1e-6, 1e-6))
    return [Box(int(xs[j]), int(ys[i]), size, size, float(tissue[i, j])) for i, j in kept]


def _overlap(starts: np.ndarray, size: int, step: float, count: int) -> np.ndarray:
    """Share of each mask pixel inside each field, along one side: (fields, mask pixels), 0 to 1."""
    edges = np.arange(count)
    first, last = starts[:, None] / step, (starts[:, None] + size) / step
    return np.clip(np.minimum(last, edges + 1) - np.maximum(first, edges), 0, 1)


def mark_territories(pieces: np.ndarray, mask_mpp: float) -> np.ndarray:
    """Assign each pixel of the mask to its own piece, or to the nearest piece within the halo, else to 0.

    pieces: (H, W) int. Returns (H + 2, W + 2), of the smallest unsigned type; the border of zeros represents the area
    outside the mask.
    """
    halo = HALO_UM / mask_mpp
    reach = math.ceil(halo)
    territories = np.zeros([side + 2 for side in pieces.shape], np.min_scalar_type(pieces.max()))
    for top in range(0, len(pieces), ROWS):
        # pixels beyond the halo have no effect
        first = max(0, top - reach)
        band = pieces[first : top + ROWS + reach]
        if band.any():
            distance, nearest = ndimage.distance_transform_edt(band == 0, return_indices=True)
            grown = np.where(distance <= halo, band[tuple(nearest)], 0)[top - first :][:ROWS]
            territories[1 + top : 1 + top + len(grown), 1:-1] = grown
    return territories


def foreign_tissue(territories: np.ndarray, step: float, box: Box) -> np.ndarray:
    """True for teacher pixels of a box that belong to another piece of tissue, (box.height, box.width) bool."""
    # usually none: check only the mask between two corners; whole masks took longer than reading small pieces
    corners = ((box.y, box.x), (box.y + box.height - 1, box.x + box.width - 1))
    (top, left), (bottom, right) = (
        [
            min(max(int((position + 0.5) // step) + 1, 0), side - 1)
            for position, side in zip(corner, territories.shape, strict=True)
        ]
        for corner in corners
    )
    part = territories[top : bottom + 1, left : right + 1]
    foreign = (part > 0) & (part != box.piece)
    if not foreign.any():
        return np.zeros((box.height, box.width), bool)
    rows, columns = (
        np.clip(np.floor((start + np.arange(length) + 0.5) / step).astype(int) + 1 - first, 0, side - 1)
        for start, length, first, side in zip(
            (box.y, box.x), (box.height, box.width), (top, left), part.shape, strict=True
        )
    )
    return foreign[rows][:, columns]
