"""What a schema allows: checking against it, filling in its defaults, and saying it in words."""

import json
from pathlib import Path

import jsonschema
import yaml

from lowpower.errors import InputError
from lowpower.wording import nearest


def checked(raw: object, schema: str | Path, place: str) -> dict:
    """``raw`` with the schema's defaults; InputError names the place and the first key that breaks the schema."""
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(rules).iter_errors(raw)
    error = min(errors, key=lambda e: ([str(k) for k in e.absolute_path], e.message), default=None)
    if error is not None:
        raise InputError(f"{place}: {_explain(error, rules)}")
    return _filled(raw, rules)


def _explain(error: jsonschema.ValidationError, rules: dict) -> str:
    """One sentence for a schema error: the key, what was found, what to write."""
    while error.context:  # of the branches of a oneOf, the one that was meant
        meant = [e for e in error.context if e.validator not in ("type", "const")]
        if not meant:
            break
        error = meant[0]
    key = ".".join(str(k) for k in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known))[0]
        near = nearest(str(unknown), known, 0.5)
        hint = f"did you mean `{near}`?" if near else f"known keys here: {', '.join(known)}"
        return f"unknown key `{f'{key}.' if key else ''}{unknown}`; {hint}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        about = error.schema["properties"][missing].get("description", "")
        return f"the key `{f'{key}.' if key else ''}{missing}` is missing; write it. {about}".rstrip()
    if "propertyNames" in error.absolute_schema_path:
        return f"`{key}.{error.instance}` is no name that can stand there; write {error.schema['description']}"
    found = json.dumps(error.instance, ensure_ascii=False, default=str)
    found = found if len(found) <= 60 else f"{found[:57]}..."
    return f"`{key}` is {found}; write {values_of(error.schema)}. {_description(error, rules)}".rstrip()


def _description(error: jsonschema.ValidationError, rules: dict) -> str:
    """What the key is for: the innermost description on the way to the rule that was broken."""
    about = ""
    for step in error.absolute_schema_path:
        rules = rules[step]
        if isinstance(rules, dict) and isinstance(rules.get("description"), str):
            about = rules["description"]
    return about


def _filled(value: object, rules: dict) -> object:
    """``value`` with the defaults of the schema, at every depth; nothing of the caller's is changed.

    Keys come in the schema's order, not in the file's: rules run again when their params are written otherwise.
    """
    if isinstance(value, list):
        return [_filled(item, rules.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    rules = next((r for r in rules.get("oneOf", []) if r.get("type") == "object"), rules)
    known = rules.get("properties", {})
    others = rules.get("additionalProperties")
    filled = {
        key: _filled(value.get(key, rule.get("default")), rule)
        for key, rule in known.items()
        if key in value or "default" in rule
    }
    rest = {key: item for key, item in value.items() if key not in known}
    return filled | {key: _filled(item, others if isinstance(others, dict) else {}) for key, item in rest.items()}


def values_of(rule: dict) -> str:
    """What a rule of the schema allows, in a few words: type and range, or the names that may stand there."""
    if "oneOf" in rule:
        return " or ".join(values_of(branch) for branch in rule["oneOf"])
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    if "examples" in rule:  # names, or a path
        return ", ".join(f"`{value}`" for value in rule["examples"])
    if "const" in rule:
        return f"`{rule['const']}`"
    if rule.get("type") == "array":
        return f"list of {values_of(rule['items'])}"
    kind = rule.get("type", "")
    words = {"object": "section", "integer": "whole number", "boolean": "true or false", "string": "text"}.get(
        kind, kind
    )
    least, most = rule.get("minimum", rule.get("exclusiveMinimum")), rule.get("maximum", rule.get("exclusiveMaximum"))
    if least is not None and most is not None:
        return f"{words}, {least} to {most}"
    if least is not None:
        return f"{words}, {'above' if 'exclusiveMinimum' in rule else 'at least'} {least}"
    return words
