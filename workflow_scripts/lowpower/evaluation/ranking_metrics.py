"""Metrics of ranks, AUROC and average precision, for many draws in one pass over each ranking."""

import numpy as np
from numpy.typing import NDArray

from lowpower.evaluation.metrics import mean_of, ratio


def ranked(truth: NDArray, scores: NDArray, group: NDArray, weights: NDArray) -> dict[str, NDArray]:
    """One-vs-rest AUROC and average precision, means over the classes that have positives and negatives in a draw.

    truth: (n,) class numbers. scores: (n, classes). group: (n,) columns of weights. weights: (draws, groups), counts of
    each group, whole numbers. Each value is (draws,), exact for every draw, as if units had been repeated; NaN where no
    class has both.
    """
    drawn = np.ascontiguousarray(weights.T, float)  # a unit's weights in all draws are contiguous
    pairs = [_of_class(scores[:, c], truth == c, group, drawn) for c in range(scores.shape[1])]
    found = {}
    for name, of_classes in zip(("auroc", "average_precision"), zip(*pairs, strict=True), strict=True):
        values = np.stack(of_classes, -1)
        found[name] = mean_of(values, ~np.isnan(values))
    return found


def _of_class(score: NDArray, positive: NDArray, group: NDArray, drawn: NDArray) -> tuple[NDArray, NDArray]:
    """AUROC and average precision of one class, (draws,), from the highest score down; equal scores count together.

    The Mann-Whitney statistic, and the sum over thresholds of precision times the gain of recall.
    """
    order = np.argsort(-score, kind="stable")
    owners, right = group[order], positive[order]
    ends = np.flatnonzero(np.diff(score[order], append=-np.inf)) + 1
    hits, misses, lost, area = np.zeros((4, drawn.shape[1]))
    start, owner, is_right = 0, owners.tolist(), right.tolist()
    for end in ends.tolist():
        if end - start == 1:  # the usual case; without it the pass takes 1.8 times as long
            of_one = drawn[owner[start]]
            yes, no = (of_one, None) if is_right[start] else (None, of_one)
        else:
            yes, no = (_weights(drawn, owners[start:end][kept]) for kept in (right[start:end], ~right[start:end]))
        if yes is not None:
            hits += yes
            lost += yes * (misses if no is None else misses + no / 2)
        if no is not None:
            misses += no
        if yes is not None:
            area += yes * hits / np.maximum(hits + misses, 1)  # below 1, nothing was drawn yet
        start = end
    both = (hits > 0) & (misses > 0)
    return 1 - ratio(lost, np.where(both, hits * misses, 0)), ratio(area, np.where(both, hits, 0))


def _weights(drawn: NDArray, owners: NDArray) -> NDArray | None:
    """The weights of units in all draws, (draws,); None without units."""
    return drawn[owners].sum(0) if len(owners) else None
