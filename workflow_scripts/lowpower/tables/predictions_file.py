"""Read predictions, and check them before use."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from lowpower.config.split_row import SplitRow
from lowpower.config.trained_model import Model
from lowpower.errors import InputError
from lowpower.evaluation.aggregation import ATTENTION
from lowpower.files import read_rows
from lowpower.text import abbreviate, count_of
from lowpower.typed_values import typed_rows

_OFF = 1e-6  # tolerance of a sum of probabilities; that of a float64 softmax is off by 1e-15
_AGAIN = (
    "delete the file and run snakemake again with the --configfile you use: rule predict writes it again from the "
    "model beside it"
)


def read_predictions(paths: Sequence[str | Path], classes: Sequence[str]) -> list[pd.DataFrame]:
    """Read the predictions in ``paths``, one file per model; models with the same regions share their columns.

    Unshared, 100 models of 172,800 regions took 4.8 GB, most of it ids. Raises InputError for classes other than the
    config's and for invalid probabilities.
    """
    frames, asked = [], {}
    for path in paths:
        frame = pd.read_parquet(path)
        check_probabilities(path, frame, classes)
        _check_scores(path, frame)
        scores = [f"p_{name}" for name in classes]
        scores += [ATTENTION] if ATTENTION in frame else []
        about = frame.drop(columns=scores)
        same = asked.setdefault(pd.util.hash_pandas_object(about, index=False).to_numpy().tobytes(), about)
        frames.append(pd.concat([same, frame[scores]], axis=1))
    return frames


def _check_scores(path: str | Path, frame: pd.DataFrame) -> None:
    """Raise InputError unless the attention scores, if any, are finite."""
    if ATTENTION in frame and not np.isfinite(frame[ATTENTION].to_numpy(float)).all():
        region = frame["region"][~np.isfinite(frame[ATTENTION].to_numpy(float))].iloc[0]
        raise InputError(f"{path}: the column {ATTENTION} is not finite for region {region}; {_AGAIN}")


def check_attention(paths: Sequence[str | Path], frames: Sequence[pd.DataFrame]) -> None:
    """Raise InputError for predictions without attention scores: ``aggregation: attention`` needs them."""
    without = [str(path) for path, frame in zip(paths, frames, strict=True) if ATTENTION not in frame]
    if without:
        raise InputError(
            f"{without[0]} has no column {ATTENTION} ({count_of(len(without), 'model')} without): `aggregation: "
            "attention` is for models trained on bags; write `aggregation: validation`, or train these rows on bags "
            "(`training.bags`)"
        )


def check_apart(
    paths: Sequence[str | Path],
    frames: Sequence[pd.DataFrame],
    models: Sequence[Model],
    divisions: Sequence[str | Path],
) -> None:
    """Raise InputError where a judged patient is in the training set of the model's seed.

    frames: predictions, parallel to their paths and to models. divisions: the splits files of all seeds.
    """
    trained: dict[int, set[str]] = {}
    for path in divisions:
        for row in typed_rows(SplitRow, read_rows(path)):
            if row.split == "train":
                trained.setdefault(row.seed, set()).add(row.patient)
    for path, frame, model in zip(paths, frames, models, strict=True):
        leaked = sorted(set(frame["patient"].unique()) & trained.get(model.seed, set()))
        if leaked:
            split = frame["split"][frame["patient"] == leaked[0]].iloc[0]
            raise InputError(
                f"{path}: patient {leaked[0]!r} is evaluated ({split}) but is in train of seed {model.seed} "
                f"({len(leaked):,} in all: {abbreviate(leaked)}); a patient in two splits is a leak. Correct the "
                f"sheet's splits; if they are right, {_AGAIN}"
            )


def check_probabilities(path: str | Path, frame: pd.DataFrame, classes: Sequence[str]) -> None:
    """Raise InputError unless every class has a finite probability and those of each region add to 1."""
    named = [f"p_{name}" for name in classes]
    columns = [name for name in frame.columns if name.startswith("p_")]
    if sorted(columns) != sorted(named):
        raise InputError(
            f"{path} has probabilities of the classes {', '.join(name[2:] for name in columns) or '(none)'}, "
            f"the config's `classes` are {', '.join(classes)}; {_AGAIN}"
        )
    values = frame[named].to_numpy(float)
    bad = ~np.isfinite(values).all(1) | (values < 0).any(1) | (np.abs(values.sum(1) - 1) > _OFF)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        listed = ", ".join(f"{name[2:]} {value:g}" for name, value in zip(named, values[row], strict=True))
        alike = f"{bad.sum():,} of {count_of(len(bad), 'region')} {'is' if bad.sum() == 1 else 'are'} so"
        raise InputError(
            f"{path}: the probabilities of region {frame['region'].iloc[row]} are {listed}, which add to "
            f"{values[row].sum():g} ({alike}); they must be finite and add to 1; {_AGAIN}"
        )
