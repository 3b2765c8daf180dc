"""The shape of a mask: its gaps closed, its small holes filled and its small pieces dropped, in few bytes per pixel."""

import numpy as np
from scipy import ndimage

ROWS = 64  # that are worked on at once: of a whole picture, numbers of 4 or 8 bytes would take most of the memory
EIGHT = np.ones((3, 3), int)


def strips(picture: np.ndarray) -> list[slice]:
    """The rows of a picture (H, ...), ``ROWS`` at a time."""
    return [slice(top, top + ROWS) for top in range(0, len(picture), ROWS)]


def close_gaps(mask: np.ndarray, width: int) -> np.ndarray:
    """Close the gaps in a mask (H, W) that are up to ``width`` pixels wide, with a disk (morphological closing)."""
    radius, edge = width / 2, width + 1
    if width < 1 or not mask.any():
        return mask
    closed, padded = np.zeros_like(mask), np.pad(mask, edge)  # beyond the edge of the slide there is no tissue
    rows = max(ROWS, 8 * edge)  # so that the edges, beyond which nothing counts, are at most a quarter more to do
    for top in range(0, len(mask), rows):
        near = padded[top : top + rows + 2 * edge]
        if near.any():
            # distances cost the same for every radius, but 41 bytes a pixel
            grown = ndimage.distance_transform_edt(~near) <= radius
            closed[top : top + rows] = (ndimage.distance_transform_edt(grown) > radius)[edge:-edge, edge:-edge]
    return closed


def fill_small(mask: np.ndarray, smallest: float) -> np.ndarray:
    """Fill holes of fewer than ``smallest`` pixels; what touches the edge is no hole."""
    labels, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    small = _areas(labels, count) < smallest
    small[[0, labels[0, 0]]] = False
    filled = _look_up(small, labels)[1:-1, 1:-1]
    filled |= mask
    return filled


def drop_small(mask: np.ndarray, smallest: float) -> np.ndarray:
    """Drop pieces (pixels that touch, also at corners) of fewer than ``smallest`` pixels."""
    labels, count = ndimage.label(mask, EIGHT)
    large = _areas(labels, count) >= smallest
    large[0] = False
    return _look_up(large, labels)


def keep_pieces(mask: np.ndarray, good: np.ndarray, least: float) -> np.ndarray:
    """The pieces of a mask (H, W) of whose pixels at least a share is good (H, W)."""
    labels, count = ndimage.label(mask, EIGHT)
    wanted = _areas(labels, count, good) >= least * _areas(labels, count)
    wanted[0] = False
    return _look_up(wanted, labels)


def crowded(mask: np.ndarray, window: int, share: float) -> np.ndarray:
    """Where more than a share of a square of side ``window`` belongs to a mask (H, W)."""
    dense, rows = np.empty_like(mask), max(ROWS, 4 * window)  # in strips: the shares take 4 bytes a pixel
    for top in range(0, len(mask), rows):
        edge = min(window, top)
        near = mask[top - edge : top + rows + window]
        shares = ndimage.uniform_filter(near, window, np.float32, mode="nearest")
        dense[top : top + rows] = shares[edge : edge + rows] > share
    return dense


def _areas(labels: np.ndarray, count: int, counted: np.ndarray | None = None) -> np.ndarray:
    """Pixels of each label from 0 to ``count``, all or those that are counted (H, W).

    In strips: numpy counts, and looks up, by copies of 8 bytes a pixel.
    """
    strips_of = ((labels[rows] if counted is None else labels[rows][counted[rows]]).ravel() for rows in strips(labels))
    return sum(np.bincount(strip, minlength=count + 1) for strip in strips_of)


def _look_up(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The bool value of each pixel's label, as large as labels (H, W)."""
    found = np.empty(labels.shape, bool)
    for rows in strips(labels):
        found[rows] = values[labels[rows]]
    return found
