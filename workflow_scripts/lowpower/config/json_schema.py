"""JSON Schema of the settings classes: their types, ranges, defaults and descriptions as one file for a validator."""

from copy import deepcopy
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import yaml

from lowpower.config.settings import ABSENT, Settings, section_of, types_of
from lowpower.config.sheet_row import SheetRow
from lowpower.files import replacing

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
_HEADER = "# Written from the dataclasses in workflow_scripts/lowpower/{}/ by `make docs`; change those.\n"


def schema_of(settings: type[Settings], title: str, description: str) -> dict:
    """Complete schema of a file that a settings class describes."""
    return {"$schema": _DRAFT, "title": title, "description": description} | _section(settings)


def sheet_schema() -> dict:
    """Schema of a row of the sheet. Every cell is text; other columns are allowed."""
    columns = {column.name: column.metadata for column in fields(SheetRow) if column.metadata}
    return {
        "$schema": _DRAFT,
        "title": "lowpower sheet of slides",
        "description": "One row per slide. Blank cells are empty text. Other columns are kept and ignored.",
        "type": "object",
        "required": [name for name, metadata in columns.items() if metadata["default"] is MISSING],
        "properties": {
            name: {"description": metadata["description"], "type": "string"} | metadata["rules"]
            for name, metadata in columns.items()
        },
    }


def write_schema(path: str | Path, schema: dict, room: str = "config") -> None:
    """Write a schema as YAML. room: folder of its classes."""
    with replacing(path) as part:
        text = yaml.safe_dump(schema, sort_keys=False, allow_unicode=True, width=120)
        part.write_text(_HEADER.format(room) + text, encoding="utf-8")


def _section(settings: type[Settings]) -> dict:
    """Rule of a section: the rules of its keys; other keys are not allowed."""
    required = [field.name for field in fields(settings) if field.metadata["default"] is MISSING]
    rule = {"type": "object", "additionalProperties": False} | ({"required": required} if required else {})
    types = types_of(settings)  # type: ignore[arg-type]  # mypy takes a dataclass itself for unhashable
    return rule | {"properties": {field.name: _rule(field, types[field.name]) for field in fields(settings)}}


def _rule(field: Any, kind: Any) -> dict:
    """Rule of one key."""
    default, rules = field.metadata["default"], deepcopy(field.metadata["rules"])  # copied: else YAML has aliases
    rule = {"description": field.metadata["description"]} | _type(kind, default)
    if "items" in rule:
        rule["items"] = rule["items"] | rules.pop("items", {})
    rule |= rules
    if default is not MISSING and default is not ABSENT:
        rule["default"] = {} if isinstance(default, Settings) else default
    return rule


def _type(kind: Any, default: Any = MISSING) -> dict:
    """Rule that follows from a type alone. default: the field's default; None allows null."""
    if section := section_of(kind):
        rule = _section(section)
        others = [{"type": "null"}] if default is None else [{"type": "string"}] if str in get_args(kind) else []
        return {"oneOf": [*others, rule]} if others else rule
    if get_origin(kind) in (Union, UnionType):
        branches = [_type(branch) for branch in get_args(kind) if branch is not NoneType]
        return branches[0] if len(branches) == 1 else {"oneOf": branches}
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is list:
        return {"type": "array", "items": _type(get_args(kind)[0])}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _type(get_args(kind)[1])}
    return {"type": _TYPES[kind]}
