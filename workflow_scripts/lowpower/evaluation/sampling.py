"""Metrics on the data and on samples of its patients: the patient-cluster bootstrap, vectorized.

Patients are drawn with replacement, because regions and slides of one patient are correlated. All models, seeds and
differences share the same draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lowpower import rng
from lowpower.evaluation import metrics
from lowpower.evaluation.calibration import UNCHOSEN, Chosen
from lowpower.evaluation.ranking_metrics import ranked
from lowpower.evaluation.units import Units

_AT_ONCE = 1000  # draws per matrix product: 16 MB of weights at 2,000 patients


@dataclass(frozen=True)
class Sample:
    """One metric on the data (point) and on each bootstrap draw."""

    point: float
    drawn: NDArray


def draw_patients(patients: Sequence[str], count: int) -> NDArray:
    """Counts of each patient in each of ``count`` draws: (count, patients) uint16; each row adds to patients.

    The draws depend on the number of patients alone; sort patients, so that the order of rows does not matter.
    """
    return _drawn(len(patients), count)


@lru_cache(maxsize=4)  # drawing takes as long as judging half a model: 10,000 draws of 500 patients .25 s
def _drawn(n: int, count: int) -> NDArray:
    if n < 2:
        return np.zeros((0, n), np.uint16)
    found = rng.generator(0, "bootstrap", n).multinomial(n, np.full(n, 1 / n), count).astype(np.uint16)
    found.setflags(write=False)
    return found


def sample(
    units: Units,
    patients: Sequence[str],
    weights: NDArray,
    rank_draws: int,
    teacher: Units | None = None,
    chosen: Chosen = UNCHOSEN,
) -> dict[str, Sample]:
    """Compute every metric of one model of one seed, on the data and on each draw; NaN if undefined or not requested.

    patients: sorted, the columns of ``weights`` (draws, patients); those without a unit here do not count.
    rank_draws: number of draws, the first ones, for metrics of ranks. teacher: for agreement. chosen: on validation
    data.
    """
    group = _columns(units, patients)
    classes = units.probabilities.shape[1]
    calls = None if teacher is None else _calls(teacher, units)
    parts = metrics.features(units.truth, units.probabilities, calls, chosen)
    ends = np.cumsum([part.shape[1] for part in parts.values()])
    sums = _per_patient(np.concatenate(list(parts.values()), 1), group, len(patients))

    def of(weights: NDArray) -> dict[str, NDArray]:
        totals = np.split(weights @ sums, ends[:-1], axis=1)
        return metrics.measured(dict(zip(parts, totals, strict=True)), classes)

    def ranks_of(weights: NDArray) -> dict[str, NDArray]:
        return ranked(units.truth, units.probabilities, group, weights)

    everyone = np.ones((1, len(patients)))
    points = of(everyone) | ranks_of(everyone)
    drawn = over_draws(of, weights) | over_draws(ranks_of, weights[:rank_draws])
    nothing = Sample(np.nan, np.full(len(weights), np.nan))
    return {
        name: Sample(float(points[name][0]), drawn[name]) if name in points else nothing for name in metrics.METRICS
    }


def sample_classes(units: Units, patients: Sequence[str], weights: NDArray) -> dict[str, list[Sample]]:
    """Compute F1, precision and recall of every class, on the data and on each draw, as ``sample`` does."""
    classes = units.probabilities.shape[1]
    parts = metrics.features(units.truth, units.probabilities, None)
    sums = _per_patient(parts["confusion"], _columns(units, patients), len(patients))

    def of(weights: NDArray) -> dict[str, NDArray]:
        return metrics.of_classes((weights @ sums).reshape(-1, classes, classes))

    points, drawn = of(np.ones((1, len(patients)))), over_draws(of, weights)
    return {
        name: [Sample(float(points[name][0, c]), drawn[name][:, c]) for c in range(classes)]
        for name in metrics.OF_CLASS
    }


def _columns(units: Units, patients: Sequence[str]) -> NDArray:
    position = {patient: k for k, patient in enumerate(patients)}
    return np.array([position[patient] for patient in units.patients], int)


def _per_patient(features: NDArray, group: NDArray, patients: int) -> NDArray:
    """Sums per patient (patients, k) of the features of units (n, k)."""
    return np.stack([np.bincount(group, column, patients) for column in features.T], 1)


def _calls(teacher: Units, units: Units) -> NDArray:
    """The teacher's predicted class of each unit, (n,); -1 where it has no prediction."""
    calls = teacher.probabilities.argmax(1) if teacher.ids else np.zeros(0, int)
    if teacher.ids == units.ids:
        return calls
    known = dict(zip(teacher.ids, calls, strict=True))
    return np.array([known.get(unit, -1) for unit in units.ids], int)


def over_draws(measure: Callable[[NDArray], dict[str, NDArray]], weights: NDArray) -> dict[str, NDArray]:
    """Apply ``measure`` to all draws, one block at a time to save memory."""
    blocks = [weights[k : k + _AT_ONCE].astype(float) for k in range(0, max(1, len(weights)), _AT_ONCE)]
    parts = [measure(block) for block in blocks]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def mean(samples: Sequence[Sample]) -> Sample:
    """Mean over seeds, on the data and on each draw; a seed in which a metric is not defined does not count."""
    drawn = np.stack([s.drawn for s in samples])
    return Sample(_nanmean(np.array([[s.point] for s in samples]))[0], _nanmean(drawn))


def difference(one: Sample, other: Sample) -> Sample:
    """``one`` minus ``other``, draw by draw."""
    return Sample(one.point - other.point, one.drawn - other.drawn)


def _nanmean(values: NDArray) -> NDArray:
    return metrics.ratio(np.nan_to_num(values).sum(0), (~np.isnan(values)).sum(0))
