"""Typed settings: frozen dataclasses whose fields carry their default, description and range.

A field's type, its default and the keywords of JSON Schema given to ``setting`` become the field's rule in
schemas/*.schema.yaml (``json_schema``), so each of them is written once.
"""

import types
from dataclasses import MISSING, asdict, dataclass, field, fields
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

REQUIRED = MISSING  # the config must have the key
ABSENT = object()  # None; a key that the config lacks is then missing in the complete config too


def setting(default: Any, description: str, **rules: Any) -> Any:
    """Define a field of a settings class.

    default: REQUIRED for none. rules: keywords of JSON Schema beyond the field's type, such as minimum=1; also form
    (allowed values in words), formerly (the key's name in the previous release) and renamed (its values' names there).
    """
    about = {"default": default, "description": description, "rules": rules}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=about)
    return field(default=None if default is ABSENT else default, metadata=about)


@dataclass(frozen=True)
class Settings:
    """Base class of every section of a config, built by ``typed_values.as_type`` from values that its schema accepts.

    Subclasses are frozen dataclasses; their lists are never changed.
    """

    def as_dict(self) -> dict[str, Any]:
        """Return the section as plain values in the order of its keys, for config.json and a rule's params."""
        absent = {f.name for f in fields(self) if f.metadata["default"] is ABSENT and getattr(self, f.name) is None}
        return {key: value for key, value in asdict(self).items() if key not in absent}


@cache
def types_of(settings: type[Settings]) -> dict[str, Any]:
    """The type of each field of a settings class."""
    return get_type_hints(settings)


def section_of(kind: Any) -> type[Settings] | None:
    """The settings class in a field's type, alone or ``| None``; None for another type."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Settings)), None)
