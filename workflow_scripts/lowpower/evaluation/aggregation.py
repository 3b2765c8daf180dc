"""Probabilities of slides and patients from those of their regions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WAYS = ("mean", "max", "top_k")
ATTENTION = "attention"  # only of models that were trained on bags, whose predictions have scores
_LEAST = np.finfo(float).tiny  # probabilities below count as this, as in every log loss


@dataclass(frozen=True)
class Aggregation:
    """The config's ``aggregation`` (one of ``WAYS``, attention, or validation: each model's best) and ``top_k``."""

    way: str = "mean"
    k: int = 3


MEAN = Aggregation()


def aggregate_by_attention(probabilities: NDArray, scores: NDArray, unit: NDArray, units: int) -> NDArray:
    """Compute what a model trained on bags answers for units (units, classes): one bag each.

    probabilities: (n, classes) of regions. scores: (n,), whose softmax within a unit weights its regions. unit: as in
    ``aggregate``. The model's answer is the softmax of the weighted mean of logits; log probabilities differ from
    logits by a constant in each region, which the softmax drops.
    """
    weights = _softmax(scores[:, None], unit, units)
    means = np.zeros((units, probabilities.shape[1]))
    np.add.at(means, unit, weights * np.log(np.maximum(probabilities, _LEAST)))
    answers = np.exp(means - means.max(1, keepdims=True))
    return answers / answers.sum(1, keepdims=True)


def _softmax(scores: NDArray, unit: NDArray, units: int) -> NDArray:
    """Softmax of scores (n, 1) within each unit."""
    highest = np.full((units, 1), -np.inf)
    np.maximum.at(highest, unit, scores)
    powers = np.exp(scores - highest[unit])
    totals = np.zeros((units, 1))
    np.add.at(totals, unit, powers)
    return powers / totals[unit]


def aggregate(
    probabilities: NDArray,
    area: NDArray,
    unit: NDArray,
    units: int,
    way: str,
    k: int,
    scores: NDArray | None = None,
) -> NDArray:
    """Compute probabilities of units (units, classes) from those of their regions (n, classes).

    area: (n,) of tissue. unit: (n,) the unit of each region; every unit in 0..units-1 has one. mean: weighted by
    area. max: each class's highest, renormalized. top_k: the mean of each class's k highest, renormalized. attention:
    ``aggregate_by_attention`` with these scores (n,), equal ones if None.
    """
    if way == ATTENTION:
        return aggregate_by_attention(probabilities, np.zeros(len(unit)) if scores is None else scores, unit, units)
    found = np.zeros((units, probabilities.shape[1]))
    if way == "mean":
        area = np.where(np.bincount(unit, area, units)[unit] > 0, area, 1.0)  # without tissue, regions count equally
        share = area / np.bincount(unit, area, units)[unit]  # exactly 1 for the only region, so that ties stay ties
        np.add.at(found, unit, probabilities * share[:, None])
        return found
    counts = np.bincount(unit, minlength=units)
    starts = np.cumsum(counts) - counts
    taken = np.minimum(counts, 1 if way == "max" else k)
    for c in range(probabilities.shape[1]):
        order = np.lexsort((-probabilities[:, c], unit))
        top = np.arange(len(unit)) - starts[unit[order]] < taken[unit[order]]
        found[:, c] = np.bincount(unit[order][top], probabilities[order, c][top], units) / taken
    return found / found.sum(1, keepdims=True)
