"""Confusion counts of true and predicted classes, summed over the seeds of a row."""

from collections.abc import Sequence

from lowpower.evaluation.metrics import confusion
from lowpower.evaluation.units import Judged
from lowpower.files import CsvRow

_ROW = ("method", "magnification", "labeled", "unlabeled", "per", "split", "pixels")
COUNTS = [*_ROW, "truth", "predicted", "n"]


def confusion_rows(
    judged: Sequence[Judged], groups: Sequence[tuple[CsvRow, list[int]]], classes: Sequence[str]
) -> list[CsvRow]:
    """The rows of confusion.csv as text: every pair of classes for every row of results.csv.

    groups: the identity of each row of results.csv, and the positions of its models in ``Judged.of_models``.
    """
    rows = []
    for one in judged:
        for identity, members in groups:
            units = [one.of_models[i] for i in members]
            if None in units:
                continue
            counts = sum(confusion(u.truth, u.probabilities.argmax(1), len(classes)) for u in units)
            row = {key: (identity | one.kind)[key] for key in _ROW}
            for truth, line in zip(classes, counts, strict=True):
                for predicted, n in zip(classes, line, strict=True):
                    rows.append(row | {"truth": truth, "predicted": predicted, "n": str(int(n))})
    return rows
