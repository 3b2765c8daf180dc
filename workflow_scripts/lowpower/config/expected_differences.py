"""Whether expected figures apply to a study: what differs between its config and that of their file."""

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from lowpower.config.config_file import read_config
from lowpower.config.expected_file import WRITE_AGAIN, read_expected
from lowpower.config.study import Study
from lowpower.errors import InputError
from lowpower.hashes import hash_of

# Keys that do not decide a row's figures. The sheet is compared by content, methods one by one; processes and gpu
# change the last digits of a training, as another processor does.
NEUTRAL = (
    *("cohort", "slides", "note", "ids", "on_excluded", "min_usable_slides", "report_split", "expected", "claims"),
    *("seeds", "labeled", "unlabeled", "pixels", "recording_parts", "statistics", "positive_class", "cost", "plan"),
    *("gpu", "training.processes", "training.memory_mb"),
)


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
            f"config: `expected`: {study.expected} has a config of another release ({error}); {WRITE_AGAIN}"
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
