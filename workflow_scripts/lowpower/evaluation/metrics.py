"""Metrics as pure functions of sums over units, so that thousands of bootstrap draws are one array operation.

The ``features`` of units are summed per patient; a draw of patients weights these sums; ``measured`` turns the weighted
sums into metrics. Metrics of ranks are not such sums: see ``ranking_metrics``.

All averages over classes are over the classes present in the truth: an absent class cannot be missed. A present class
that is never predicted has precision 0, as in scikit-learn with ``zero_division=0``.
"""

import numpy as np
from numpy.typing import NDArray

from lowpower.evaluation.calibration import BINS, UNCHOSEN, Chosen, bin_of, losses, tempered

COUNTED = ("accuracy", "macro_f1", "precision", "recall")  # macro recall is the balanced accuracy
RANKED = ("auroc", "average_precision")
SCORED = ("log_loss", "brier", "ece")
CALIBRATED = tuple(f"{name}_calibrated" for name in SCORED)
CALLED = ("sensitivity", "specificity", "ppv", "npv")  # of the positive class, at a threshold
METRICS = (*COUNTED, *RANKED, "kappa", "agreement", *SCORED, *CALIBRATED, *CALLED)
COMPARED = (*COUNTED, *RANKED, "kappa", *SCORED)  # metrics with a reported difference to the teacher's
UNBOUNDED = ("kappa", *(f"{name}{ending}" for name in ("log_loss", "brier") for ending in ("", "_calibrated")))
OF_CLASS = ("f1", "precision", "recall")


def confusion(truth: NDArray, predicted: NDArray, classes: int) -> NDArray:
    """Confusion matrix (classes, classes): rows are the truth, columns the prediction."""
    return np.bincount(truth * classes + predicted, minlength=classes**2).reshape(classes, classes).astype(float)


def counted(matrix: NDArray) -> dict[str, NDArray]:
    """Accuracy, macro F1, precision and recall, and Cohen's kappa of confusion matrices (..., classes, classes).

    Each value has shape (...); NaN where a matrix is empty, and for kappa also where chance agreement is 1.
    """
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    truth, predicted, n = matrix.sum(-1), matrix.sum(-2), matrix.sum((-1, -2))
    by_chance = ratio((truth * predicted).sum(-1), n**2)
    of_class, present = of_classes(matrix), truth > 0
    accuracy = ratio(hits.sum(-1), n)
    return {
        "accuracy": accuracy,
        "macro_f1": mean_of(of_class["f1"], present),
        "precision": mean_of(np.nan_to_num(of_class["precision"]), present),
        "recall": mean_of(of_class["recall"], present),
        "kappa": ratio(accuracy - by_chance, np.where(np.isclose(by_chance, 1), np.nan, 1 - by_chance)),
    }


def of_classes(matrix: NDArray) -> dict[str, NDArray]:
    """F1, precision and recall of each class from confusion matrices (..., classes, classes): each (..., classes).

    NaN where the divisor is 0: recall and F1 of a class absent from the truth, precision of a class never predicted.
    """
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    truth, predicted = matrix.sum(-1), matrix.sum(-2)
    return {
        "f1": np.where(truth > 0, ratio(2 * hits, truth + predicted), np.nan),
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, truth),
    }


def features(
    truth: NDArray, probabilities: NDArray, teachers_call: NDArray | None, chosen: Chosen = UNCHOSEN
) -> dict[str, NDArray]:
    """Contributions of each unit to the sums: arrays (n, k) by name.

    truth: (n,) class numbers. probabilities: (n, classes). teachers_call: (n,) classes that the teacher predicts, -1
    for units without a prediction, or None. chosen: on validation data; features of missing values are left out.
    """
    n, classes = probabilities.shape
    call = probabilities.argmax(1) if n else truth
    found = {"confusion": np.eye(classes**2)[truth * classes + call]}
    found |= _scores(truth, probabilities, call, "")
    if teachers_call is not None:
        known = teachers_call >= 0
        found["agreement"] = np.stack([known & (teachers_call == call), known], 1)
    if chosen.temperature is not None:
        found |= _scores(truth, tempered(probabilities, chosen.temperature), call, "_calibrated")
    if chosen.threshold is not None:
        positive = truth == chosen.positive
        called = probabilities[:, chosen.positive] >= chosen.threshold
        found["called"] = np.stack([positive & called, positive & ~called, ~positive & called, ~positive & ~called], 1)
    return found


def _scores(truth: NDArray, probabilities: NDArray, call: NDArray, ending: str) -> dict[str, NDArray]:
    """Log loss, Brier score and, per bin of the top probability, its excess over right answers."""
    n = len(truth)
    brier = ((probabilities - np.eye(probabilities.shape[1])[truth]) ** 2).sum(1)
    top = probabilities.max(1) if n else np.zeros(0)
    bins = np.zeros((n, BINS))
    bins[np.arange(n), bin_of(top)] = top - (call == truth)
    return {f"loss{ending}": np.stack([losses(truth, probabilities), brier], 1), f"bins{ending}": bins}


def measured(totals: dict[str, NDArray], classes: int) -> dict[str, NDArray]:
    """Metrics from weighted sums of ``features``, by name, each (draws,); metrics without features are left out.

    totals: arrays (draws, k).
    """
    matrix = totals["confusion"].reshape(-1, classes, classes)
    found, n = counted(matrix), totals["confusion"].sum(1)
    for ending in ("", "_calibrated"):
        if f"loss{ending}" in totals:
            found[f"log_loss{ending}"], found[f"brier{ending}"] = ratio(totals[f"loss{ending}"], n[:, None]).T
            found[f"ece{ending}"] = ratio(np.abs(totals[f"bins{ending}"]).sum(1), n)
    if "agreement" in totals:
        found["agreement"] = ratio(*totals["agreement"].T)
    if "called" in totals:
        hit, missed, false, cleared = totals["called"].T
        pairs = ((hit, missed), (cleared, false), (hit, false), (cleared, missed))
        found |= {name: ratio(right, right + wrong) for name, (right, wrong) in zip(CALLED, pairs, strict=True)}
    return found


def ratio(above: NDArray, below: NDArray) -> NDArray:
    """``above / below``; NaN where ``below`` is 0."""
    below = np.broadcast_to(below, np.shape(above))
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


def mean_of(values: NDArray, counting: NDArray) -> NDArray:
    """Mean over the last axis of the values that count; NaN where none does."""
    return ratio(np.where(counting, values, 0).sum(-1), counting.sum(-1))
