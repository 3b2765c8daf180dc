"""Predictions of every model, read and checked once, and made into the units that all tables judge."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.config.trained_model import Model
from lowpower.evaluation.aggregation import Aggregation
from lowpower.evaluation.units import PER, judge
from lowpower.log import say
from lowpower.tables.predictions_file import check_apart, read_predictions
from lowpower.tables.units_file import write_judged
from lowpower.text import count_of


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
    """Write units.parquet, of validation and the reported splits.

    predictions: one predictions.parquet per model, parallel to models. splits: the splits files of all seeds.
    reported: the splits to report. Raises InputError for other classes, values that are not probabilities, and judged
    patients who trained.
    """
    frames = read_predictions(predictions, classes)
    check_apart(predictions, frames, models, splits)
    judged = judge(frames, classes, regions_have_labels, list(dict.fromkeys(["val", *reported])), aggregation)
    write_judged(units, judged, [model.folder for model in models], frames, classes)
    counts = {per: set() for per in PER}
    for one in judged:
        counts[one.kind["per"]].update(unit for own in one.of_models if own for unit in own.ids)
    told = ", ".join(count_of(len(found), per) for per, found in counts.items())
    say(f"units: {told} of a known class, judged by {count_of(len(models), 'model')}")
