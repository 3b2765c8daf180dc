"""Three metrics called accuracy. Compare only ``accuracy_released`` with a number of the paper."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lowpower.evaluation.metrics import confusion
from lowpower.evaluation.units import Units

ACCURACIES = ("accuracy", "accuracy_one_vs_rest", "accuracy_released")


def accuracies(matrix: NDArray) -> dict[str, float]:
    """Compute the three accuracies of a confusion matrix (classes, classes) whose rows are the truth.

    accuracy: the share of right answers. accuracy_one_vs_rest: (TP + TN) / N of each class against the rest, averaged
    over the classes. accuracy_released: N / (N + FP + FN) of each class, averaged, which the released code calls
    accuracy: a share of .749 right is .857 there with 3 classes, .909 with 5. NaN for no units.
    """
    n, hits = matrix.sum(), np.diagonal(matrix)
    if not n:
        return dict.fromkeys(ACCURACIES, np.nan)
    wrong = matrix.sum(0) + matrix.sum(1) - 2 * hits  # FP + FN of each class
    values = hits.sum() / n, (1 - wrong / n).mean(), (n / (n + wrong)).mean()
    return dict(zip(ACCURACIES, map(float, values), strict=True))


def contrast_of_accuracies(seeds: Sequence[Sequence[Units]], weights: Sequence[float]) -> dict[str, float]:
    """Weighted sum over models of each of the three accuracies, mean over seeds. seeds: units of each model."""
    contrasts = []
    for models in seeds:
        of_models = [
            accuracies(confusion(u.truth, u.probabilities.argmax(1), u.probabilities.shape[1])) for u in models
        ]
        contrasts.append([np.dot(weights, [one[name] for one in of_models]) for name in ACCURACIES])
    return dict(zip(ACCURACIES, map(float, np.mean(contrasts, 0)), strict=True))
