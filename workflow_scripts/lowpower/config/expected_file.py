"""Figures to expect: those that an earlier run of the same study gave with each of several seeds, in a small JSON file.

The command `lowpower ranges` writes the file, the config names it (`expected`), and tables show it beside their own.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowpower.errors import InputError
from lowpower.typed_values import as_type

WRITE_AGAIN = "write it again from a finished study, or remove the key"


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
            f"config: `expected`: {path} is not a file that `lowpower ranges` wrote ({error}); {WRITE_AGAIN}"
        ) from None
    return expected
