"""Figures to expect: those that an earlier run of the same study gave with each of several seeds, in a small JSON file.

The command `lowpower ranges` writes the file, the config names it (`expected`), and tables show it beside their own.
"""

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowpower.config.config_file import read_config
from lowpower.config.study import Study
from lowpower.errors import InputError
from lowpower.hashes import hash_of
from lowpower.typed_values import as_type

# Keys that do not decide a row's figures. The sheet is compared by content, methods one by one; processes and gpu
# change the last digits of a training, as another processor does.
NEUTRAL = (
    *("cohort", "slides", "note", "ids", "on_excluded", "min_usable_slides", "report_split", "expected", "claims"),
    *("seeds", "labeled", "unlabeled", "pixels", "recording_parts", "statistics", "positive_class", "cost", "plan"),
    *("gpu", "training.processes", "training.memory_mb"),
)
_AGAIN = "write it again from a finished study, or remove the key"


@dataclass(frozen=True)
class ExpectedRow:
    """A row of results.csv. figures: by metric, the figure of each seed, in order, separated by spaces."""

    method: str
    magnification: str
    labeled: str
    unlabeled: str
    per: str
    split: str
    pixels: str
    figures: dict[str, str]


@dataclass(frozen=True)
class Expected:
    """Content of the file."""

    command: str  # which wrote it
    lowpower: str  # version that trained the models
    processor: str
    sheet: str  # SHA-256 of the sheet of slides
    config: dict[str, Any]  # the complete configuration
    rows: list[ExpectedRow]


def read_expected(path: str | Path) -> Expected:
    """Read the file. Raises InputError for a file that is missing or not as `lowpower ranges` writes it."""
    try:
        expected = as_type(Expected, json.loads(Path(path).read_text(encoding="utf-8")))
        seeds = len(expected.config["seeds"])
        for row in expected.rows:
            for metric, figures in row.figures.items():
                if len([float(figure) for figure in figures.split()]) != seeds:
                    raise ValueError(f"{metric} of {row.method} has {len(figures.split())} figures for {seeds} seeds")
    except OSError as error:
        raise InputError(
            f"config: `expected`: {path} cannot be read ({error.strerror}); write the path of a file that `lowpower "
            "ranges` wrote, or remove the key"
        ) from None
    except (InputError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"config: `expected`: {path} is not a file that `lowpower ranges` wrote ({error}); {_AGAIN}"
        ) from None
    return expected


def expected_differences(study: Study, schema: str | Path) -> list[str]:
    """What decides figures and differs between a study and that of its expected figures, as text; empty for nothing.

    Methods of only one of the two are not compared. schema: of a config. Keys that the file lacks, as an earlier
    release wrote it, have their defaults. Raises InputError for a file that cannot be used.
    """
    if not study.expected:
        return []
    expected = read_expected(study.expected)
    try:
        there = read_config(expected.config, schema)
    except InputError as error:
        raise InputError(
            f"config: `expected`: {study.expected} has a config of another release ({error}); {_AGAIN}"
        ) from None
    shared = study.methods.keys() & there.methods.keys()
    own, other = (_deciding(one, shared) for one in (study, there))
    differing = [
        f"`{key}` ({_text(other.get(key))} there, {_text(own.get(key))} here)"
        for key in dict.fromkeys([*own, *other])
        if own.get(key) != other.get(key)
    ]
    return differing + (["the sheet of slides"] if hash_of(study.slides) != expected.sheet else [])


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "none" if value is None else str(value)


def _deciding(study: Study, methods: Set[str]) -> dict[str, Any]:
    """Settings that decide the figures of these methods, by their full name."""
    settings = study.as_dict()
    return _flat(settings | {"methods": {name: settings["methods"][name] for name in sorted(methods)}})


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Settings by their full name, such as training.steps, without neutral ones."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        name = above + key
        if name not in NEUTRAL:
            flat |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat
