"""Rows of a study, each with the models of its seeds, in the order of every table of results."""

from collections.abc import Sequence

from lowpower import magnification
from lowpower.config.trained_model import ResultModel
from lowpower.files import CsvRow

IDENTITY = ("method", "network", "magnification", "labeled", "unlabeled", "steps")


def groups_of(models: Sequence[ResultModel]) -> list[tuple[CsvRow, list[int]]]:
    """Rows of the models in reading order: the identity of each, and the positions of its seeds."""
    methods = list(dict.fromkeys(model.method for model in models))
    groups: dict[tuple, list[int]] = {}
    for i in sorted(range(len(models)), key=lambda i: _place(models[i], methods)):
        groups.setdefault(tuple(_text(models[i], key) for key in IDENTITY), []).append(i)
    return [(dict(zip(IDENTITY, key, strict=True)), members) for key, members in groups.items()]


def _text(model: ResultModel, key: str) -> str:
    """A cell of the columns that identify a row; blank for the steps of a network that is fitted."""
    value = getattr(model, key)
    return magnification.name_of(value) if key == "magnification" else "" if value is None else str(value)


def _place(model: ResultModel, methods: list[str]) -> tuple:
    first = model.method != "teacher"
    shares = (model.labeled, model.unlabeled, model.seed)
    return first, -model.magnification, methods.index(model.method), *shares
