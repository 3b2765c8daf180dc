"""Temperature and threshold, chosen on a model's validation data before its other data are judged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

# Where no validation unit is wrong, the optimum is unbounded, so temperatures are clipped.
TEMPERATURES = (0.25, 4.0)
# Least probability, so that its logarithm is finite: the smallest normal float64, with a log loss of 708. Below 708 the
# log loss equals that of training, which computes logarithms without probabilities.
_LEAST = np.finfo(float).tiny
BINS = 15  # of equal width, for the expected calibration error and reliability diagrams, as in Guo et al. 2017


@dataclass(frozen=True)
class Chosen:
    """Values chosen on validation data for one model and kind of unit; None where not possible or not requested."""

    temperature: float | None = None
    positive: int | None = None  # number of the positive class
    threshold: float | None = None  # a unit is called positive if its probability of the positive class reaches it


UNCHOSEN = Chosen()


def choose(truth: NDArray, probabilities: NDArray, positive: int | None) -> Chosen:
    """Choose temperature and threshold on validation units: (n,) class numbers, (n, classes) probabilities."""
    if not len(truth):
        return UNCHOSEN
    threshold = None if positive is None else threshold_of(truth == positive, probabilities[:, positive])
    return Chosen(temperature_of(truth, probabilities), positive, threshold)


def losses(truth: NDArray, probabilities: NDArray) -> NDArray:
    """The log loss of each unit, (n,): the negative logarithm of the probability of the true class.

    All tables use it. Except at the least probability, it equals the loss by which training chooses weights
    (cross-entropy of logits).
    """
    return -np.log(np.clip(probabilities[np.arange(len(truth)), truth], _LEAST, 1))


def log_loss(truth: NDArray, probabilities: NDArray) -> float:
    """The mean of ``losses``; infinite without a unit."""
    return float(losses(truth, probabilities).mean()) if len(truth) else np.inf


def tempered(probabilities: NDArray, temperature: float) -> NDArray:
    """Probabilities (n, classes) with their logarithms divided by the temperature; their order does not change."""
    return softmax(np.log(np.maximum(probabilities, _LEAST)) / temperature, axis=1)


def temperature_of(truth: NDArray, probabilities: NDArray) -> float:
    """The temperature within ``TEMPERATURES`` with the lowest log loss (Guo et al., ICML 2017)."""
    logs, rows = np.log(np.maximum(probabilities, _LEAST)), np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        return -log_softmax(logs / np.exp(log_temperature), axis=1)[rows, truth].mean()

    bounds = tuple(np.log(TEMPERATURES))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    best = min((*bounds, float(found.x)), key=loss)  # the search never tries the bounds themselves
    return float(np.exp(best))


def threshold_of(positive: NDArray, score: NDArray) -> float | None:
    """The threshold that maximizes Youden's J, sensitivity + specificity - 1; None without both kinds of units.

    Candidates are the middles between neighboring scores; of several with the same J the lowest is taken, which misses
    the fewest positives.
    """
    if positive.all() or not positive.any():
        return None
    levels = np.unique(score)
    tried = np.append(levels[0], (levels[1:] + levels[:-1]) / 2)
    yes, no = np.sort(score[positive]), np.sort(score[~positive])
    sensitivity = 1 - np.searchsorted(yes, tried) / len(yes)
    specificity = np.searchsorted(no, tried) / len(no)
    j = np.round(sensitivity + specificity, 12)  # so that equal values do not differ by rounding
    return float(tried[np.argmax(j)])


def bin_of(top: NDArray) -> NDArray:
    """Bin, 0 to ``BINS`` - 1, of each top probability; a bin includes its upper end, as in scikit-learn."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], top)
