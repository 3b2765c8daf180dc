"""Metrics as pure functions of counts, so that thousands of bootstrap draws are one array operation.

All averages over classes are over the classes present in the truth: a class that nobody has cannot be missed. A
present class that is never predicted has precision 0, as in scikit-learn with ``zero_division=0``.
"""

import numpy as np
from numpy.typing import NDArray

COUNTED = ("accuracy", "macro_f1", "precision", "recall")
METRICS = (*COUNTED, "auroc")


def confusion(truth: NDArray, predicted: NDArray, classes: int) -> NDArray:
    """Confusion matrix (classes, classes): rows are the truth, columns the prediction."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes).astype(float)


def counted(matrix: NDArray) -> dict[str, NDArray]:
    """Accuracy, macro F1, macro precision and macro recall of confusion matrices (..., classes, classes).

    Each value has shape (...); NaN where a matrix is empty.
    """
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    truth, predicted = matrix.sum(-1), matrix.sum(-2)
    present = truth > 0
    return {
        "accuracy": _ratio(hits.sum(-1), truth.sum(-1)),
        "macro_f1": _mean(np.nan_to_num(_ratio(2 * hits, truth + predicted)), present),
        "precision": _mean(np.nan_to_num(_ratio(hits, predicted)), present),
        "recall": _mean(np.nan_to_num(_ratio(hits, truth)), present),
    }


def wins(score: NDArray, positive: NDArray, group: NDArray, groups: int) -> NDArray:
    """Pairs (groups, groups): how often a positive of the row's group scores above a negative of the column's.

    score, positive, group: (n,), group in 0..groups-1; a tie counts half. With weights w of the groups, the weighted
    AUROC is ``w @ wins @ w / (w @ positives * w @ negatives)``: the Mann-Whitney statistic, exact for any draw.
    """
    won = np.zeros((groups, groups))
    order = np.argsort(score[positive], kind="stable")
    scores, owners = score[positive][order], group[positive][order]
    for rival in np.unique(group[~positive]):
        rivals = np.sort(score[~positive & (group == rival)])
        above = np.searchsorted(rivals, scores, "left") + np.searchsorted(rivals, scores, "right")
        won[:, rival] = np.bincount(owners, above / 2, groups)
    return won


def auroc(won: NDArray, positives: NDArray, negatives: NDArray, weights: NDArray) -> NDArray:
    """One-vs-rest AUROC, averaged over the classes that have positives and negatives in a draw.

    won: (classes, groups, groups) from ``wins``; positives, negatives: (classes, groups), counts; weights: (draws,
    groups). Returns (draws,); NaN where no class has both.
    """
    of_class = []
    for c in range(len(won)):
        pairs = (weights @ positives[c]) * (weights @ negatives[c])
        of_class.append(_ratio(((weights @ won[c]) * weights).sum(1), pairs))
    values = np.stack(of_class, -1)
    return _mean(np.nan_to_num(values), ~np.isnan(values))


def _ratio(above: NDArray, below: NDArray) -> NDArray:
    """``above / below``; NaN where there is nothing to divide by."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below > 0)


def _mean(values: NDArray, counting: NDArray) -> NDArray:
    """Mean over the last axis of the values that count; NaN where none does."""
    return _ratio(np.where(counting, values, 0).sum(-1), counting.sum(-1))
