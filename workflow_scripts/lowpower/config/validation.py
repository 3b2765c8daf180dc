"""Check values against a schema, and fill in its defaults."""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from lowpower.config.validation_messages import explain
from lowpower.config.yaml_file import Unquoted
from lowpower.errors import InputError

NOTHING = ("", "~", "null")  # text that --config passes for a blank or null value inside braces
_DECIMAL = re.compile(r"[-+]?(0|[1-9]\d*)(\.\d*)?([eE][-+]?\d+)?")


def checked(raw: object, schema: str | Path, location: str, unquoted: Mapping[tuple, Unquoted] | None = None) -> dict:
    """Return ``raw`` with the schema's defaults. Raises InputError for the first key that breaks the schema.

    unquoted: values without quotes in the file of ``raw``, for messages (``yaml_file.parse``).
    """
    rules = _read(str(schema))
    filled: Any = _fill_defaults(raw, rules)
    errors = _Validator(rules).iter_errors(filled)
    error = min(errors, key=lambda e: ([str(k) for k in e.absolute_path], e.message), default=None)
    if error is not None:
        raise InputError(f"{location}: {explain(error, rules, unquoted or {})}")
    return filled


@cache
def _read(schema: str) -> dict:
    return yaml.safe_load(Path(schema).read_text(encoding="utf-8"))


def _is_number(checker: object, value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _is_text(checker: object, value: object) -> bool:
    """True for text without control characters: a path cannot hold a zero byte. Line ends and tabs are allowed."""
    return isinstance(value, str) and all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") for c in value)


def _pattern(validator: object, pattern: str, value: object, rule: dict) -> Iterator[jsonschema.ValidationError]:
    """Match the whole text: in Python's ``re`` a line end may follow ``$``, in the schema's it may not."""
    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"pattern": _pattern},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "string": _is_text}),
)


def _fill_defaults(value: object, rules: dict) -> object:
    """Fill in the schema's defaults and convert text to its type, at every depth; given values are kept.

    Keys follow the schema's order, not the file's: params in another order would rerun rules.
    """
    if isinstance(value, list):
        return [_fill_defaults(item, rules.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return _convert(value, rules)
    rules = next((r for r in rules.get("oneOf", []) if r.get("type") == "object"), rules)
    properties = rules.get("properties", {})
    extra_rules = rules.get("additionalProperties")
    filled = {
        key: _fill_defaults(value.get(key, rule.get("default")), rule)
        for key, rule in properties.items()
        if key in value or "default" in rule
    }
    extra = {key: item for key, item in value.items() if key not in properties}
    return filled | {
        key: _fill_defaults(item, extra_rules if isinstance(extra_rules, dict) else {}) for key, item in extra.items()
    }


def _convert(value: Any, rules: dict) -> Any:
    """Convert a single value to the type of the schema where the type is unambiguous.

    1.0 becomes 1 for a whole number; "1e-3", which YAML 1.1 reads as text, becomes 0.001; numbers, true, false and
    null of --config, which passes all values inside braces as text, get their type.
    """
    branches = [rules, *rules.get("oneOf", [])]
    kinds = {branch.get("type") for branch in branches}
    kinds |= {"integer" for branch in branches for option in branch.get("enum", []) if type(option) is int}
    if isinstance(value, str) and "string" not in kinds and not any(value in b.get("enum", []) for b in branches):
        if "boolean" in kinds and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if "null" in kinds and value in NOTHING:
            return None
        if kinds & {"integer", "number"} and _DECIMAL.fullmatch(value):
            value = float(value) if re.search("[.eE]", value) else int(value)
    if isinstance(value, float) and "integer" in kinds and value.is_integer():
        return int(value)
    return value
