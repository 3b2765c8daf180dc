"""Read and check the predictions of every model once, and make the units of all tables from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lowpower.config.trained_model import Model
from lowpower.evaluation.aggregation import ATTENTION, MEAN, WAYS, Aggregation, aggregate
from lowpower.evaluation.calibration import log_loss
from lowpower.evaluation.units import PER, Judged, Units
from lowpower.log import say
from lowpower.tables.predictions_file import check_apart, check_attention, read_predictions
from lowpower.tables.units_file import write_judged
from lowpower.text import count_of

_ABOUT = [*PER, "site", "split", "label", "true_label", "label_source", "area_mm2", "pixels"]


@dataclass(frozen=True)
class _Group:
    """Assignment of the rows of a predictions table to units, shared by all models with the same regions."""

    rows: NDArray  # (n,) positions of the regions that count, by unit
    unit: NDArray  # (n,) number of the unit
    area: NDArray  # (n,)
    agreed: NDArray  # (units,) True where all regions have the same truth
    without_scores: Units  # units that agree, with their truth; no probabilities yet


@dataclass(frozen=True)
class _Outputs:
    """Outputs of one model for the regions of its predictions table."""

    probabilities: NDArray  # (n, classes)
    scores: NDArray | None  # (n,) of attention; None for a model not trained on bags

    @classmethod
    def of(cls, frame: pd.DataFrame, classes: Sequence[str]) -> "_Outputs":
        """Outputs in a predictions table."""
        scores = frame[ATTENTION].to_numpy(float) if ATTENTION in frame else None
        return cls(frame[[f"p_{name}" for name in classes]].to_numpy(float), scores)

    def ways(self, aggregation: Aggregation) -> tuple[str, ...]:
        """Aggregations to choose from."""
        if aggregation.way != "validation":
            return (aggregation.way,)
        return WAYS if self.scores is None else (*WAYS, ATTENTION)


def judge_units(
    predictions: Sequence[str | Path],
    models: Sequence[Model],
    splits: Sequence[str | Path],
    classes: Sequence[str],
    regions_have_labels: bool,
    aggregation: Aggregation,
    reported: Sequence[str],
    units: str | Path,
) -> None:
    """Write units.parquet, with the units of validation and the reported splits.

    predictions: one predictions.parquet per model, parallel to models. splits: the splits files of all seeds.
    reported: the splits to report. Raises InputError for other classes, values that are not probabilities, and judged
    patients in the training set.
    """
    frames = read_predictions(predictions, classes)
    check_apart(predictions, frames, models, splits)
    if aggregation.way == ATTENTION:
        check_attention(predictions, frames)
    judged = judge(frames, classes, regions_have_labels, list(dict.fromkeys(["val", *reported])), aggregation)
    write_judged(units, judged, [model.folder for model in models], frames, classes)
    counts = {per: set() for per in PER}
    for one in judged:
        counts[one.kind["per"]].update(unit for own in one.of_models if own for unit in own.ids)
    numbers = ", ".join(count_of(len(ids), per) for per, ids in counts.items())
    say(f"units: {numbers} of a known class, judged by {count_of(len(models), 'model')}")


def judge(
    frames: Sequence[pd.DataFrame],
    classes: Sequence[str],
    regions_have_labels: bool,
    splits: Sequence[str],
    aggregation: Aggregation = MEAN,
) -> list[Judged]:
    """Make the units of all models' predictions, the headline first; a kind without any unit is left out.

    frames: each model's predictions.parquet. Units are sorted by split of ``splits``, external ones last, then by
    pixels, averaged ones first, then by PER.
    """
    kinds = {kind for frame in frames for kind in _kinds(frame) if kind[0] in splits}
    asked = [pd.util.hash_pandas_object(frame[_ABOUT], index=False).to_numpy().tobytes() for frame in frames]
    groups: dict[tuple, _Group] = {}  # work that models share
    own = [_Outputs.of(frame, classes) for frame in frames]

    def units_of(i: int, split: str, pixels: str, per: str, way: str) -> Units | None:
        if pixels != "averaged" and pixels not in read[i]:
            return None
        key = (asked[i], split, pixels, per)
        if key not in groups:
            counting = ((frames[i]["split"] == split) & (frames[i]["pixels"] == pixels)).to_numpy()
            groups[key] = _group(frames[i], counting, per, classes, regions_have_labels)
        return _scored(groups[key], own[i], way, aggregation.k)

    read = [{pixels for _, pixels in _kinds(frame)} for frame in frames]
    judged = []
    for split, pixels in sorted(kinds, key=lambda kind: (kind[0] == "external", kind)):
        patients = sorted({p for frame in frames for p in frame["patient"][frame["split"] == split].unique()})
        for per in PER:
            of_models, validation = [], []
            for i in range(len(frames)):
                ways = ("",) if per == "region" else own[i].ways(aggregation)
                held = [units_of(i, "val", pixels, per, way) for way in ways]
                asked_here = [one for one in held if one]  # all of them or none
                best = min(asked_here, key=lambda one: log_loss(one.truth, one.probabilities), default=None)
                validation.append(best)
                of_models.append(best and units_of(i, split, pixels, per, best.way))
            if any(one and one.ids for one in of_models):
                judged.append(Judged({"per": per, "split": split, "pixels": pixels}, patients, of_models, validation))
    return judged


def units(
    predictions: pd.DataFrame,
    per: str,
    classes: Sequence[str],
    regions_have_labels: bool,
    aggregation: Aggregation = MEAN,
) -> Units:
    """The region, slide or patient units of one model's predictions of one split.

    predictions: the columns of predictions.parquet. The truth is ``true_label`` where given, else ``label``; for an
    annotated region it is the annotation's class. Regions count only where labels belong to regions: annotated ones,
    or all with ``regions_have_labels``. Probabilities of a slide or patient come from its regions' (``aggregate``); it
    is left out where the truths of its regions differ.
    """
    group = _group(predictions, np.ones(len(predictions), bool), per, classes, regions_have_labels)
    outputs = _Outputs.of(predictions, classes)
    return _scored(group, outputs, "" if per == "region" else aggregation.way, aggregation.k)


def _group(
    predictions: pd.DataFrame, counting: NDArray, per: str, classes: Sequence[str], regions_have_labels: bool
) -> _Group:
    annotated = predictions["label_source"] == "annotation"
    truth = predictions["true_label"].where(predictions["true_label"] != "", predictions["label"])
    if per == "region":
        truth = predictions["label"].where(annotated, truth)
    counted = counting & (truth != "") & (annotated | regions_have_labels | (per != "region"))
    frame = predictions.assign(truth=truth, row=np.arange(len(predictions)))[counted].sort_values([per, "region"])
    truths = frame["truth"].map({name: k for k, name in enumerate(classes)}).to_numpy(int)
    unit, ids = pd.factorize(frame[per])
    first = np.unique(unit, return_index=True)[1]
    agreed = np.bincount(unit, truths != truths[first][unit], len(ids)) == 0
    return _Group(
        rows=frame["row"].to_numpy(int),
        unit=unit,
        area=frame["area_mm2"].to_numpy(float),
        agreed=agreed,
        without_scores=Units(
            ids=list(ids[agreed]),
            patients=list(frame["patient"].to_numpy()[first][agreed]),
            truth=truths[first][agreed],
            probabilities=np.zeros((0, len(classes))),
            sites=list(frame["site"].to_numpy()[first][agreed]),
            regions=np.bincount(unit, minlength=len(ids))[agreed].tolist(),
        ),
    )


def _scored(group: _Group, outputs: _Outputs, way: str, k: int) -> Units:
    """Add probabilities to the units, from a model's outputs for regions."""
    of_regions, units = outputs.probabilities[group.rows], len(group.agreed)
    scores = None if outputs.scores is None else outputs.scores[group.rows]
    together = aggregate(of_regions, group.area, group.unit, units, way or "mean", k, scores)
    return replace(group.without_scores, probabilities=together[group.agreed], way=way)


def _kinds(frame: pd.DataFrame) -> set[tuple[str, str]]:
    """The splits and kinds of pixels of a predictions table."""
    return set(frame[["split", "pixels"]].drop_duplicates().itertuples(index=False, name=None))
