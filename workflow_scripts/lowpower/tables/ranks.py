"""Metrics of ranks, AUROC and average precision, of many draws at once: each ranking is walked down once."""

import numpy as np
from numpy.typing import NDArray

from lowpower.tables.metrics import mean_of, ratio


def ranked(truth: NDArray, scores: NDArray, group: NDArray, weights: NDArray) -> dict[str, NDArray]:
    """One-vs-rest AUROC and average precision, means over the classes that have positives and negatives in a draw.

    truth: (n,) class numbers. scores: (n, classes). group: (n,) columns of weights. weights: (draws, groups), how often
    each group is drawn, whole numbers. Each value is (draws,), exact for every draw, as if units had been repeated; NaN
    where no class has both.
    """
    drawn = np.ascontiguousarray(weights.T, float)  # a unit's weights in all draws lie side by side
    pairs = [_of_class(scores[:, c], truth == c, group, drawn) for c in range(scores.shape[1])]
    found = {}
    for name, of_classes in zip(("auroc", "average_precision"), zip(*pairs, strict=True), strict=True):
        values = np.stack(of_classes, -1)
        found[name] = mean_of(values, ~np.isnan(values))
    return found


def _of_class(score: NDArray, positive: NDArray, group: NDArray, drawn: NDArray) -> tuple[NDArray, NDArray]:
    """AUROC and average precision of one class, (draws,), from the highest score down; equal scores count together.

    The Mann-Whitney statistic, and the sum over thresholds of precision times what recall gains there.
    """
    order = np.argsort(-score, kind="stable")
    last = np.diff(score[order], append=-np.inf) != 0  # of units with one and the same score
    hits, misses, tied_hits, tied_misses, lost, area = np.zeros((6, drawn.shape[1]))
    tie = False  # whether a positive is among the tied
    for owner, right, closes in zip(group[order].tolist(), positive[order].tolist(), last.tolist(), strict=True):
        if right:
            tied_hits += drawn[owner]
            tie = True
        else:
            tied_misses += drawn[owner]
        if not closes:
            continue
        if tie:
            hits += tied_hits
            lost += tied_hits * (misses + tied_misses / 2)
            misses += tied_misses
            area += tied_hits * hits / np.maximum(hits + misses, 1)  # where it is below 1, nothing was drawn yet
            tied_hits[:], tie = 0, False
        else:
            misses += tied_misses
        tied_misses[:] = 0
    both = (hits > 0) & (misses > 0)
    return 1 - ratio(lost, np.where(both, hits * misses, 0)), ratio(area, np.where(both, hits, 0))
