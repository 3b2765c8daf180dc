"""Warnings about annotations: outside the tissue, in another unit, duplicated, or of overlapping classes."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from lowpower.magnification import WHOLE
from lowpower.slides.outlines import Part, inside
from lowpower.slides.regions import Box
from lowpower.text import abbreviate, count_of

BARE = 0.05  # an annotation with a smaller share of tissue is on glass, or on undetected tissue
MOST = 0.5  # least share of tissue in annotations whose coordinates are read correctly
BETTER = 2  # another unit is assumed if it multiplies the share of tissue by at least this
FAR = 1 / 8  # of the slide's sides: annotations confined to this corner may be in a coarser unit, whatever their tissue
CLASSES = 64  # bits of the widest integer type

Found = Sequence[tuple[str, Sequence[Part]]]  # class and outline, in pixels of level 0


def doubt_annotations(
    found: Found, tissue: np.ndarray, reduction: float, mpp: float, downsamples: Sequence[float], corner: Sequence[int]
) -> list[str]:
    """Warnings about annotations, each with the numbers measured.

    tissue: mask (H, W) bool. reduction: pixels of level 0 per pixel of the mask. mpp: µm per pixel of level 0.
    downsamples: of the slide's levels. corner: of the scanned area.
    """
    counts = count_tissue(found, tissue, reduction)
    readings = other_readings(mpp, downsamples, corner)
    doubts = _doubt_unit(found, counts, tissue, reduction, readings, corner) or _doubt_place(found, counts)
    return doubts + _doubt_copies(found) + _doubt_classes(found, tissue.shape, reduction)


def count_tissue(found: Found, tissue: np.ndarray, reduction: float) -> np.ndarray:
    """Count the mask pixels, and the tissue pixels, inside each annotation: (annotations, 2) int."""
    counts = np.zeros((len(found), 2), int)
    for k, (_, parts) in enumerate(found):
        area, own = _raster(parts, reduction, tissue.shape)
        own |= not own.any()  # a small annotation counts all pixels of its window
        counts[k] = np.count_nonzero(own), np.count_nonzero(own & tissue[area])
    return counts


def _raster(parts: Sequence[Part], reduction: float, shape: Sequence[int]) -> tuple[tuple[slice, slice], np.ndarray]:
    """Window of a mask around an outline, and its pixels inside: none if the outline encloses no pixel center."""
    points = np.concatenate([ring for part in parts for ring in part]) / reduction
    low = np.clip(np.floor(points.min(axis=0)).astype(int), 0, (shape[1] - 1, shape[0] - 1))
    high = np.clip(np.ceil(points.max(axis=0)).astype(int), low + 1, (shape[1], shape[0]))
    (left, top), (width, height) = low.tolist(), (high - low).tolist()
    own = inside(parts, reduction, Box(left, top, width, height))
    return np.s_[top : top + height, left : left + width], own


def other_readings(
    mpp: float, downsamples: Sequence[float], corner: Sequence[int]
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Other interpretations of the coordinates, each with its conversion of a ring (n, 2) to pixels of level 0."""
    start = np.array(corner)
    factors = {"µm": 1 / mpp} | {f"pixels of level {level}": down for level, down in enumerate(downsamples)}
    readings = {
        what: lambda ring, factor=factor: (ring - start) * factor + start
        for what, factor in factors.items()
        if abs(factor - 1) > WHOLE
    }
    readings["y and x, swapped"] = lambda ring: (ring - start)[:, ::-1] + start
    if start.any():
        readings["counted from the corner of the whole slide"] = lambda ring: ring - start
        readings["counted from the corner of the scanned area"] = lambda ring: ring + start
    return readings


def _doubt_unit(
    found: Found, counts: np.ndarray, tissue: np.ndarray, reduction: float, readings: dict, corner: Sequence[int]
) -> list[str]:
    """Warn if annotations would hold far more tissue under another interpretation of their coordinates."""
    size = np.array(tissue.shape[::-1]) * reduction
    points = np.concatenate([ring for _, parts in found for part in parts for ring in part])
    share, huddled = _share(counts), _is_huddled(points - corner, size)
    if share >= MOST and not huddled:
        return []
    better = {}
    for what, move in readings.items():
        places = move(points)
        if (places >= -WHOLE * size).all() and (places <= (1 + WHOLE) * size).all():
            moved = [(name, [[move(ring) for ring in part] for part in parts]) for name, parts in found]
            would = _share(count_tissue(moved, tissue, reduction))
            least = share if huddled and not _is_huddled(places - corner, size) else BETTER * share
            if would >= max(MOST, least):
                better[what] = would
    if not better:
        return []
    best = max(better.values())
    words = " or ".join(what for what, would in better.items() if would > best - BARE)
    return [
        f"its annotations look like {words}: read as pixels of level 0, {share:.0%} of their area is tissue; read like "
        f"that, {best:.0%}; export them again in pixels of level 0, unless the overview shows them in the right place"
    ]


def _is_huddled(points: np.ndarray, size: np.ndarray) -> bool:
    return bool((points <= FAR * size).all())


def _share(counts: np.ndarray) -> float:
    return counts[:, 1].sum() / counts[:, 0].sum()


def _doubt_place(found: Found, counts: np.ndarray) -> list[str]:
    """Warn of annotations on glass."""
    bare = np.flatnonzero(counts[:, 1] < BARE * counts[:, 0])
    if not bare.size:
        return []
    name, parts = found[bare[0]]
    x, y = parts[0][0].mean(axis=0)
    return [
        f"{bare.size} of {count_of(len(found), 'annotation')} {'holds' if bare.size == 1 else 'hold'} less than "
        f"{BARE:.0%} of tissue, the first {_of_class(name)} around {x:.0f}, {y:.0f} px: drawn outside the tissue, or "
        "on tissue that was not detected; look at the overview, and correct the annotations or the mask"
    ]


def _doubt_copies(found: Found) -> list[str]:
    """Warn of duplicate annotations."""
    outlines = {(name, *(ring.tobytes() for part in parts for ring in part)) for name, parts in found}
    copies = len(found) - len(outlines)
    if not copies:
        return []
    return [
        f"{copies} of {count_of(len(found), 'annotation')} {'is a copy' if copies == 1 else 'are copies'} of another, "
        "and its tissue counts twice; delete the copies"
    ]


def _doubt_classes(found: Found, shape: Sequence[int], reduction: float) -> list[str]:
    """Warn of classes that overlap. No study has more than ``CLASSES`` classes; such files are not checked."""
    names = list(dict.fromkeys(name for name, _ in found))
    if not 1 < len(names) <= CLASSES:
        return []
    bits = {name: np.min_scalar_type(2 ** len(names) - 1).type(2**k) for k, name in enumerate(names)}
    drawn = np.zeros(shape, next(iter(bits.values())).dtype)  # classes that cover each pixel, one bit each
    for name, parts in found:
        area, own = _raster(parts, reduction, shape)
        drawn[area][own] |= bits[name]
    over = Counter()
    for name, parts in found:
        area, own = _raster(parts, reduction, shape)
        here = drawn[area][own]
        others = (other for other in names if other != name and here.size)
        over.update((name, other) for other in others if (here & bits[other] > 0).mean() > MOST)
    if not over:
        return []
    pairs = [f"{count} {_of_class(name)} in {other or 'those without'}" for (name, other), count in over.most_common()]
    return [
        f"annotations have more than half of their area inside those of another class ({abbreviate(pairs)}), so models "
        "learn both classes from the same pixels; cut one out of the other, or delete it"
    ]


def _of_class(name: str) -> str:
    return f"of class {name}" if name else "without a class"
