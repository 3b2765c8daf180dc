"""Plain values, as in JSON and YAML, made into dataclasses: the one place that does so."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from lowpower.errors import InputError

LISTS = (list, tuple, Sequence, Iterable)


def as_type(hint: Any, value: Any) -> Any:
    """Convert a plain value (JSON) to an annotated type: a dict to its dataclass, at any depth; a list to a tuple."""
    for kind in alternatives(hint):
        origin, inner = get_origin(kind) or kind, get_args(kind)
        if isinstance(value, Mapping) and isinstance(origin, type) and is_dataclass(origin):
            hints = get_type_hints(origin)
            if unknown := value.keys() - {field.name for field in fields(origin)}:
                raise InputError(f"{origin.__name__} has no field {min(unknown)!r}; it has {', '.join(hints)}")
            return origin(**{name: as_type(hints[name], part) for name, part in value.items()})
        if isinstance(value, Mapping) and origin in (dict, Mapping) and inner:
            return {inner[0](name): as_type(inner[1], part) for name, part in value.items()}
        if isinstance(value, list | tuple) and origin in LISTS:
            return (tuple if origin is tuple else list)(as_type(inner[0] if inner else Any, part) for part in value)
    return value


def alternatives(hint: Any) -> tuple:
    """Types of a union, or the single type."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
