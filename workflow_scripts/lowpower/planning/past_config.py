"""Reader of a past run's config.json, also of release 0.1.0, as a study."""

from dataclasses import fields
from typing import Any, get_args, get_origin

from lowpower.config.settings import Settings, section_of, types_of
from lowpower.config.study import Study
from lowpower.text import abbreviate
from lowpower.typed_values import as_type

_NEEDED = ("slides", "teacher_magnification", "unit", "grid", "views", "training", "report_split", "cost", "gpu")


def past_study(values: Any) -> Study:
    """Build the study of a config.json: keys of 0.1.0 get today's names, missing keys their defaults.

    Raises KeyError or TypeError for a file that is not a config, or lacks a key that a plan needs.
    """
    if missing := [key for key in _NEEDED if key not in values]:
        raise KeyError(f"config.json lacks {abbreviate(missing)}")
    return as_type(Study, _renamed(Study, "config.json", values))


def _renamed(section: type[Settings], name: str, values: Any) -> dict[str, Any]:
    """Values of a section under today's keys.

    Keys that no longer exist are dropped, and words where today's config has a number (``views: recorded`` of 0.1.0).
    """
    if not isinstance(values, dict):
        raise TypeError(f"{name} is {values!r}, not a section")
    types, rules = types_of(section), {field.name: field.metadata["rules"] for field in fields(section)}
    names = {key: key for key in rules} | {rule["formerly"]: key for key, rule in rules.items() if "formerly" in rule}
    renamed = {}
    for former, value in values.items():
        key = names.get(former)
        if key and isinstance(value, str) and value in rules[key].get("renamed", {}):
            key, value = rules[key]["renamed"][value].split(": ")
        if key and not (types[key] is int and isinstance(value, str)):
            renamed[key] = _renamed_in(types[key], key, value)
    return renamed


def _renamed_in(kind: Any, name: str, value: Any) -> Any:
    text = isinstance(value, str) and str in get_args(kind)
    if value is not None and not text and (section := section_of(kind)):
        return _renamed(section, name, value)
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _renamed_in(get_args(kind)[1], key, item) for key, item in value.items()}
    return value
