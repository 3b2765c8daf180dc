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

Annotations = Sequence[tuple[str, Sequence[Part]]]  # class and outline, in pixels of level 0
Conversion = Callable[[np.ndarray], np.ndarray]  # of a ring (n, 2), to pixels of level 0


def warn_of_annotations(
    annotations: Annotations,
    tissue: np.ndarray,
    reduction: float,
    mpp: float,
    downsamples: Sequence[float],
    corner: Sequence[int],
) -> list[str]:
    """Warnings about annotations, each with the numbers measured.

    tissue: mask (H, W) bool. reduction: pixels of level 0 per pixel of the mask. mpp: µm per pixel of level 0.
    downsamples: of the slide's levels. corner: of the scanned area.
    """
    counts = count_tissue(annotations, tissue, reduction)
    readings = other_readings(mpp, downsamples, corner)
    warnings = _warn_of_unit(annotations, counts, tissue, reduction, readings, corner)
    warnings = warnings or _warn_of_glass(annotations, counts)
    return warnings + _warn_of_copies(annotations) + _warn_of_overlaps(annotations, tissue.shape, reduction)


def count_tissue(annotations: Annotations, tissue: np.ndarray, reduction: float) -> np.ndarray:
    """Count the mask pixels, and the tissue pixels, inside each annotation: (annotations, 2) int."""
    counts = np.zeros((len(annotations), 2), int)
    for k, (_, parts) in enumerate(annotations):
        window, is_inside = _rasterize(parts, reduction, tissue.shape)
        is_inside |= not is_inside.any()  # a small annotation counts all pixels of its window
        counts[k] = np.count_nonzero(is_inside), np.count_nonzero(is_inside & tissue[window])
    return counts


def _rasterize(parts: Sequence[Part], reduction: float, shape: Sequence[int]) -> tuple[tuple[slice, slice], np.ndarray]:
    """Window of a mask around an outline, and its pixels inside: none if the outline encloses no pixel center."""
    points = np.concatenate([ring for part in parts for ring in part]) / reduction
    low = np.clip(np.floor(points.min(axis=0)).astype(int), 0, (shape[1] - 1, shape[0] - 1))
    high = np.clip(np.ceil(points.max(axis=0)).astype(int), low + 1, (shape[1], shape[0]))
    (left, top), (width, height) = low.tolist(), (high - low).tolist()
    is_inside = inside(parts, reduction, Box(left, top, width, height))
    return np.s_[top : top + height, left : left + width], is_inside


def other_readings(mpp: float, downsamples: Sequence[float], corner: Sequence[int]) -> dict[str, Conversion]:
    """Other interpretations of the coordinates, each with its conversion of a ring (n, 2) to pixels of level 0."""
    origin = np.array(corner)
    factors = {"µm": 1 / mpp} | {f"pixels of level {level}": down for level, down in enumerate(downsamples)}

    def scaled_by(factor: float) -> Conversion:
        return lambda ring: (ring - origin) * factor + origin

    readings = {reading: scaled_by(factor) for reading, factor in factors.items() if abs(factor - 1) > WHOLE}
    readings["y and x, swapped"] = lambda ring: (ring - origin)[:, ::-1] + origin
    if origin.any():
        readings["counted from the corner of the whole slide"] = lambda ring: ring - origin
        readings["counted from the corner of the scanned area"] = lambda ring: ring + origin
    return readings


def _warn_of_unit(
    annotations: Annotations,
    counts: np.ndarray,
    tissue: np.ndarray,
    reduction: float,
    readings: dict[str, Conversion],
    corner: Sequence[int],
) -> list[str]:
    """Warn if annotations would hold far more tissue under another interpretation of their coordinates."""
    size = np.array(tissue.shape[::-1]) * reduction
    points = np.concatenate([ring for _, parts in annotations for part in parts for ring in part])
    share, in_corner = _share(counts), _is_in_corner(points - corner, size)
    if share >= MOST and not in_corner:
        return []
    better_shares = {}
    for reading, convert in readings.items():
        moved = convert(points)
        if (moved >= -WHOLE * size).all() and (moved <= (1 + WHOLE) * size).all():
            converted = [(name, [[convert(ring) for ring in part] for part in parts]) for name, parts in annotations]
            new_share = _share(count_tissue(converted, tissue, reduction))
            least_share = share if in_corner and not _is_in_corner(moved - corner, size) else BETTER * share
            if new_share >= max(MOST, least_share):
                better_shares[reading] = new_share
    if not better_shares:
        return []
    best = max(better_shares.values())
    likely = " or ".join(reading for reading, new_share in better_shares.items() if new_share > best - BARE)
    return [
        f"its annotations look like {likely}: read as pixels of level 0, {share:.0%} of their area is tissue; read "
        f"like that, {best:.0%}; export them again in pixels of level 0, unless the overview shows them in the right "
        "place"
    ]


def _is_in_corner(points: np.ndarray, size: np.ndarray) -> bool:
    return bool((points <= FAR * size).all())


def _share(counts: np.ndarray) -> float:
    return float(counts[:, 1].sum() / counts[:, 0].sum())


def _warn_of_glass(annotations: Annotations, counts: np.ndarray) -> list[str]:
    """Warn of annotations on glass."""
    bare = np.flatnonzero(counts[:, 1] < BARE * counts[:, 0])
    if not bare.size:
        return []
    name, parts = annotations[bare[0]]
    x, y = parts[0][0].mean(axis=0)
    return [
        f"{bare.size} of {count_of(len(annotations), 'annotation')} {'holds' if bare.size == 1 else 'hold'} less than "
        f"{BARE:.0%} of tissue, the first {_of_class(name)} around {x:.0f}, {y:.0f} px: drawn outside the tissue, or "
        "on tissue that was not detected; look at the overview, and correct the annotations or the mask"
    ]


def _warn_of_copies(annotations: Annotations) -> list[str]:
    """Warn of duplicate annotations."""
    outlines = {(name, *(ring.tobytes() for part in parts for ring in part)) for name, parts in annotations}
    copies = len(annotations) - len(outlines)
    if not copies:
        return []
    return [
        f"{copies} of {count_of(len(annotations), 'annotation')} {'is a copy' if copies == 1 else 'are copies'} of "
        "another, and its tissue counts twice; delete the copies"
    ]


def _warn_of_overlaps(annotations: Annotations, shape: Sequence[int], reduction: float) -> list[str]:
    """Warn of classes that overlap. No study has more than ``CLASSES`` classes; such files are not checked."""
    names = list(dict.fromkeys(name for name, _ in annotations))
    if not 1 < len(names) <= CLASSES:
        return []
    bits = {name: np.min_scalar_type(2 ** len(names) - 1).type(2**k) for k, name in enumerate(names)}
    class_bits = np.zeros(shape, next(iter(bits.values())).dtype)  # classes that cover each pixel, one bit each
    for name, parts in annotations:
        window, is_inside = _rasterize(parts, reduction, shape)
        class_bits[window][is_inside] |= bits[name]
    overlaps: Counter[tuple[str, str]] = Counter()
    for name, parts in annotations:
        window, is_inside = _rasterize(parts, reduction, shape)
        bits_inside = class_bits[window][is_inside]
        overlapped = (other for other in names if other != name and bits_inside.size)
        overlaps.update((name, other) for other in overlapped if (bits_inside & bits[other] > 0).mean() > MOST)
    if not overlaps:
        return []
    pairs = [
        f"{count} {_of_class(name)} in {other or 'those without'}" for (name, other), count in overlaps.most_common()
    ]
    return [
        f"annotations have more than half of their area inside those of another class ({abbreviate(pairs)}), so models "
        "learn both classes from the same pixels; cut one out of the other, or delete it"
    ]


def _of_class(name: str) -> str:
    return f"of class {name}" if name else "without a class"
