"""Three metrics called accuracy. Compare only ``accuracy_released`` with a number of the paper."""

import numpy as np
from numpy.typing import NDArray

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
