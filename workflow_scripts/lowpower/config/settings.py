"""Typed settings: frozen dataclasses whose fields carry their default, description and range.

A field's type, its default and the keywords of JSON Schema given to ``setting`` become the field's rule in
schemas/*.schema.yaml (``json_schema``), so each of them is written once.
"""

import types
from dataclasses import MISSING, Field, asdict, field, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

REQUIRED = MISSING  # the config must have the key
ABSENT = object()  # None where the config lacks the key, which then stays out of the complete config too

_Settings = TypeVar("_Settings")


def setting(default: Any, description: str, **rules: Any) -> Any:
    """A field of a settings class.

    default: REQUIRED for none. rules: keywords of JSON Schema beyond the field's type, such as minimum=1; and form,
    the values in words for messages, formerly, the key's name in the release before, and renamed, its values' names.
    """
    about = {"default": default, "description": description, "rules": rules}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=about)
    return field(default=None if default is ABSENT else default, metadata=about)


@cache
def types_of(settings: type) -> dict[str, Any]:
    """The type of each field of a settings class."""
    return get_type_hints(settings)


def section_of(kind: Any) -> type | None:
    """The settings class in a field's type, alone or ``| None``; None for another type."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return next((kind for kind in kinds if is_dataclass(kind)), None)


def build(settings: type[_Settings], values: dict[str, Any]) -> _Settings:
    """An object of a settings class from plain values that its schema accepts."""
    return settings(**{key: _typed(types_of(settings)[key], value) for key, value in values.items()})


def _typed(kind: Any, value: Any) -> Any:
    if value is not None and (section := section_of(kind)):
        return build(section, value)
    if get_origin(kind) is dict and section_of(get_args(kind)[1]):
        return {key: _typed(get_args(kind)[1], item) for key, item in value.items()}
    return value


def plain(settings: Any) -> dict[str, Any]:
    """The values of a settings object as dicts and lists, in the order of its fields; absent sections left out."""
    absent = {f.name for f in fields(settings) if is_absent(f) and getattr(settings, f.name) is None}
    return {key: value for key, value in asdict(settings).items() if key not in absent}


def is_absent(a_field: Field) -> bool:
    """Whether a complete config may lack this field's key."""
    return a_field.metadata["default"] is ABSENT
