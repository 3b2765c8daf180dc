"""Curves behind figures: ROC and reliability curves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.calibration import BINS, bin_of
from lowpower.evaluation.units import Judged, Units
from lowpower.files import CsvRow, write_rows
from lowpower.tables.layout import number
from lowpower.tables.study_rows import groups_of
from lowpower.tables.units_file import read_judged

_ROW = ("method", "magnification", "labeled", "unlabeled", "per", "split", "pixels")
ROC = [*_ROW, "false_positive_rate", "true_positive_rate"]
RELIABILITY = [*_ROW, "confidence_from", "confidence_to", "n", "confidence", "accuracy"]
_RATES = np.linspace(0, 1, 101)


def trace_curves(
    units: str | Path,
    models: Sequence[ResultModel],
    reported: Sequence[str],
    roc: str | Path,
    reliability: str | Path,
) -> None:
    """Write roc.csv and reliability.csv, of patients and regions; arguments as in ``results_table.evaluate``."""
    judged = read_judged(units, [model.folder for model in models], reported)
    rows = [(identity, _defined(one, members)) for one, identity, members in _rows(judged, models)]
    write_rows(roc, ROC, (identity | point for identity, seeds in rows for point in roc_points(seeds)))
    write_rows(
        reliability, RELIABILITY, (identity | cells for identity, seeds in rows for cells in reliability_bins(seeds))
    )


def _rows(judged: Sequence[Judged], models: Sequence[ResultModel]) -> list[tuple[Judged, CsvRow, list[int]]]:
    """Rows of results.csv except those of slides: judged units, identity of the row, positions of its seeds."""
    return [
        (one, {key: (identity | one.kind)[key] for key in _ROW}, members)
        for one in judged
        if one.kind["per"] != "slide"
        for identity, members in groups_of(models)
    ]


def _defined(judged: Judged, members: Sequence[int]) -> list[Units]:
    """Units of each seed; empty where the row has no predictions on such pixels."""
    units = [judged.of_models[i] for i in members]
    return [one for one in units if one and one.ids]


def roc_points(seeds: Sequence[Units]) -> list[CsvRow]:
    """ROC curve of a row at fixed false positive rates: mean over classes, each against the rest, and over seeds.

    A class with no unit, or with all units, in a seed does not count there, as in AUROC.
    """
    curves = []
    for units in seeds:
        for c in range(units.probabilities.shape[1]):
            positive = units.truth == c
            if positive.any() and not positive.all():
                false, true, _ = roc_curve(positive, units.probabilities[:, c], drop_intermediate=False)
                curves.append(np.interp(_RATES, false, true))  # at equal rates numpy takes the last, highest value
    if not curves:
        return []
    return [
        {"false_positive_rate": number(rate, 2), "true_positive_rate": number(value, 4)}
        for rate, value in zip(_RATES, np.mean(curves, 0), strict=True)
    ]


def reliability_bins(seeds: Sequence[Units]) -> list[CsvRow]:
    """Reliability curve of a row: number of units and accuracy by probability of the predicted class, over all seeds.

    The bins are those of the expected calibration error; empty bins are left out.
    """
    confidence = _joined([units.probabilities.max(1) for units in seeds])
    right = _joined([units.probabilities.argmax(1) == units.truth for units in seeds])
    bins = bin_of(confidence)
    return [
        {
            "confidence_from": number(k / BINS, 4),
            "confidence_to": number((k + 1) / BINS, 4),
            "n": str(int((bins == k).sum())),
            "confidence": number(float(confidence[bins == k].mean()), 4),
            "accuracy": number(float(right[bins == k].mean()), 4),
        }
        for k in np.unique(bins)
    ]


def _joined(parts: Sequence[NDArray]) -> NDArray:
    return np.concatenate([np.zeros(0), *parts])
