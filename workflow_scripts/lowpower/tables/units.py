"""What is judged: predictions of regions, slides or patients, with their truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PER = ("patient", "slide", "region")  # patients are the headline


@dataclass(frozen=True)
class Units:
    """The units of one kind that a model was asked about and whose truth is known, sorted by id."""

    ids: list[str]
    patients: list[str]
    truth: NDArray  # (n,) number of the class
    probabilities: NDArray  # (n, classes)


@dataclass(frozen=True)
class Judged:
    """The units of one kind, of one split and kind of pixels, that the models were asked about."""

    kind: dict[str, str]  # per, split, pixels
    patients: list[str]  # of the split, sorted; the same for every kind of pixels, so that draws are paired
    of_models: list[Units | None]  # parallel to the models; None for one that never read such pixels


def judge(
    frames: Sequence[pd.DataFrame], classes: Sequence[str], regions_have_labels: bool, splits: Sequence[str]
) -> list[Judged]:
    """What is judged of the models' predictions, the headline first; a kind without any unit is left out.

    frames: each model's predictions.parquet. By split of ``splits``, external ones last, and kind of pixels,
    averaged ones first; of each, by PER.
    """
    kinds = {
        kind for frame in frames for kind in zip(frame["split"], frame["pixels"], strict=True) if kind[0] in splits
    }
    judged = []
    for split, pixels in sorted(kinds, key=lambda kind: (kind[0] == "external", kind)):
        of_split = [frame[frame["split"] == split] for frame in frames]
        patients = sorted({patient for part in of_split for patient in part["patient"]})
        parts = [
            part[part["pixels"] == pixels] if pixels == "averaged" or pixels in set(frame["pixels"]) else None
            for frame, part in zip(frames, of_split, strict=True)
        ]
        for per in PER:
            of_models = [None if part is None else units(part, per, classes, regions_have_labels) for part in parts]
            if any(one and one.ids for one in of_models):
                judged.append(Judged({"per": per, "split": split, "pixels": pixels}, patients, of_models))
    return judged


def units(predictions: pd.DataFrame, per: str, classes: Sequence[str], regions_have_labels: bool) -> Units:
    """The region, slide or patient units of one model's predictions of one split.

    predictions: the columns of predictions.parquet. The truth is ``true_label`` where given, else ``label``; of an
    annotated region it is the annotation's class. Regions count only where labels belong to regions: annotated ones,
    or all with ``regions_have_labels``. Probabilities of a slide or patient are the mean of its regions', weighted by
    tissue area; it is left out where its regions' truths differ, because then it has none.
    """
    annotated = predictions["label_source"] == "annotation"
    truth = predictions["true_label"].where(predictions["true_label"] != "", predictions["label"])
    if per == "region":
        truth = predictions["label"].where(annotated, truth)
    known = (truth != "") & (annotated | regions_have_labels | (per != "region"))
    frame = predictions.assign(truth=truth)[known].sort_values([per, "region"])
    number = {name: k for k, name in enumerate(classes)}
    truths = frame["truth"].map(number).to_numpy(int)
    unit, ids = pd.factorize(frame[per])
    area = frame["area_mm2"].to_numpy(float)
    area = np.where(np.bincount(unit, area)[unit] > 0, area, 1.0)  # a unit without tissue: its regions count alike
    share = area / np.bincount(unit, area)[unit]  # exactly 1 for a unit of one region, so that ties stay ties
    probabilities = np.zeros((len(ids), len(classes)))
    np.add.at(probabilities, unit, frame[[f"p_{name}" for name in classes]].to_numpy(float) * share[:, None])
    first = np.unique(unit, return_index=True)[1]
    agreed = np.bincount(unit, truths != truths[first][unit], len(ids)) == 0
    return Units(
        ids=list(ids[agreed]),
        patients=list(frame["patient"].to_numpy()[first][agreed]),
        truth=truths[first][agreed],
        probabilities=probabilities[agreed],
    )
