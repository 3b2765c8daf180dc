"""Morphology of masks in few bytes per pixel: close gaps, fill small holes, drop small pieces."""

import numpy as np
from scipy import ndimage

ROWS = 64  # processed at once: for a whole picture, numbers of 4 or 8 bytes would take most of the memory
EIGHT = np.ones((3, 3), int)


def strips(picture: np.ndarray) -> list[slice]:
    """Slices of a picture's rows (H, ...), ``ROWS`` at a time."""
    return [slice(top, top + ROWS) for top in range(0, len(picture), ROWS)]


def close_gaps(mask: np.ndarray, width: int) -> np.ndarray:
    """Close the gaps in a mask (H, W) that are up to ``width`` pixels wide, with a disk (morphological closing)."""
    radius, edge = width / 2, width + 1
    if width < 1 or not mask.any():
        return mask
    closed, padded = np.zeros_like(mask), np.pad(mask, edge)  # no tissue beyond the edge of the slide
    rows = max(ROWS, 8 * edge)  # so that the overlapping edges add at most a quarter to the work
    for top in range(0, len(mask), rows):
        band = padded[top : top + rows + 2 * edge]
        if band.any():
            # the distance transform costs the same for every radius, but 41 bytes per pixel
            grown = ndimage.distance_transform_edt(~band) <= radius
            closed[top : top + rows] = (ndimage.distance_transform_edt(grown) > radius)[edge:-edge, edge:-edge]
    return closed


def fill_small(mask: np.ndarray, smallest: float) -> np.ndarray:
    """Fill holes of fewer than ``smallest`` pixels; background that touches the edge is not a hole."""
    labels, count = ndimage.label(np.pad(~mask, 1, constant_values=True))
    small = _areas(labels, count) < smallest
    small[[0, labels[0, 0]]] = False
    filled = _look_up(small, labels)[1:-1, 1:-1]
    filled |= mask
    return filled


def drop_small(mask: np.ndarray, smallest: float) -> np.ndarray:
    """Drop pieces (8-connected) of fewer than ``smallest`` pixels."""
    labels, count = ndimage.label(mask, EIGHT)
    large = _areas(labels, count) >= smallest
    large[0] = False
    return _look_up(large, labels)


def keep_pieces(mask: np.ndarray, is_good: np.ndarray, least: float) -> np.ndarray:
    """Keep the pieces of a mask (H, W) in which at least the share ``least`` of the pixels ``is_good`` (H, W)."""
    labels, count = ndimage.label(mask, EIGHT)
    is_kept = _areas(labels, count, is_good) >= least * _areas(labels, count)
    is_kept[0] = False
    return _look_up(is_kept, labels)


def crowded(mask: np.ndarray, window: int, share: float) -> np.ndarray:
    """True (H, W) where a mask fills more than a share of the square of side ``window`` around a pixel."""
    dense, rows = np.empty_like(mask), max(ROWS, 4 * window)  # in strips: the shares take 4 bytes per pixel
    for top in range(0, len(mask), rows):
        edge = min(window, top)
        band = mask[top - edge : top + rows + window]
        shares = ndimage.uniform_filter(band, window, np.float32, mode="nearest")
        dense[top : top + rows] = shares[edge : edge + rows] > share
    return dense


def _areas(labels: np.ndarray, count: int, selected: np.ndarray | None = None) -> np.ndarray:
    """Number of pixels of each label from 0 to ``count``: all, or the selected ones (H, W).

    In strips: numpy counts, and looks up, with copies of 8 bytes per pixel.
    """
    areas = np.zeros(count + 1, np.int64)
    for rows in strips(labels):
        strip = labels[rows] if selected is None else labels[rows][selected[rows]]
        areas += np.bincount(strip.ravel(), minlength=count + 1)
    return areas


def _look_up(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Look up the bool value of each pixel's label, (H, W)."""
    looked_up = np.empty(labels.shape, bool)
    for rows in strips(labels):
        looked_up[rows] = values[labels[rows]]
    return looked_up
