"""Dataclasses from plain values: of JSON and YAML, and of the cells of CSV tables with fixed columns.

A field of such a row has the name of its column; ``class_`` means the column ``class``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
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


def columns_of(row: type) -> list[str]:
    """Columns of a table whose rows are of this dataclass."""
    return [field.name.rstrip("_") for field in fields(row)]


def typed_rows(row: type, table: Iterable[Mapping[str, str]]) -> list:
    """Convert rows of text to rows of a dataclass; other columns are left out, and a missing one has its default."""
    hints = get_type_hints(row)
    columns = dict(zip(columns_of(row), (field.name for field in fields(row)), strict=True))
    return [
        row(**{name: _value(hints[name], cells[column]) for column, name in columns.items() if column in cells})
        for cells in table
    ]


def as_cells(row: Any) -> dict[str, str]:
    """Convert a row to text, blank for None: the cells that ``typed_rows`` reads."""
    values = (getattr(row, field.name) for field in fields(row))
    return {column: "" if value is None else str(value) for column, value in zip(columns_of(row), values, strict=True)}


def _value(hint: Any, cell: str) -> Any:
    kinds = alternatives(hint)
    if str in kinds:
        return cell
    if not cell and NoneType in kinds:
        return None
    whole = float not in kinds or cell.lstrip("-").isdecimal()  # 0 stays 0 and not 0.0, so a copied table is the same
    return int(cell) if whole else float(cell)
