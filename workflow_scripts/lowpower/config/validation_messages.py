"""Messages about values that break a schema: the key, its value, and what to write instead."""

import json
from collections.abc import Mapping

import jsonschema

from lowpower.config.yaml_file import Unquoted
from lowpower.text import nearest


def explain(error: jsonschema.ValidationError, rules: dict, unquoted: Mapping[tuple, Unquoted]) -> str:
    """Explain a schema error in one sentence: the key, its value, and what to write instead."""
    while error.context:  # choose the branch of a oneOf that the user meant
        likely = [e for e in error.context if e.relative_path or e.validator not in ("type", "const")]
        if not likely:
            break
        error = likely[0]
    key = ".".join(str(k) for k in error.absolute_path)
    if error.validator == "additionalProperties":
        known_keys = list(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known_keys), key=str)[0]
        renamed = {rule.get("formerly"): name for name, rule in error.schema.get("properties", {}).items()}
        if unknown in renamed:
            return f"`{f'{key}.' if key else ''}{unknown}` is now called `{renamed[unknown]}`; write that"
        suggestion = nearest(str(unknown), known_keys, 0.5)
        hint = f"did you mean `{suggestion}`?" if suggestion else f"known keys here: {', '.join(known_keys)}"
        return f"unknown key `{f'{key}.' if key else ''}{unknown}`; {hint}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        description = error.schema["properties"][missing].get("description", "")
        return f"the key `{f'{key}.' if key else ''}{missing}` is missing; write it. {description}".rstrip()
    if "propertyNames" in error.absolute_schema_path:
        return f"`{key}.{error.instance}` is not a valid name; write {error.schema['description']}"
    renamed = error.schema.get("renamed", {})
    if isinstance(error.instance, str) and error.instance in renamed:
        return f"`{key}: {error.instance}` is now `{renamed[error.instance]}`; write that"
    value = json.dumps(error.instance, ensure_ascii=False, default=str, skipkeys=True)
    value = value if len(value) <= 60 else f"{value[:57]}..."
    advice, source = values_of(error.schema), unquoted.get(tuple(error.absolute_path))
    if source and (type(source.value), source.value) == (type(error.instance), error.instance):
        if source.text != value:
            value = f"{source.text or 'blank'}, which YAML reads as {value} ({source.location})"
        if error.schema.get("type") == "string" and source.text:
            advice = f'it in quotes, "{source.text}", if it is text'
    if error.instance is None:
        advice += ", or remove the key"
    return f"`{key}` is {value}; write {advice}. {_description(error, rules)}".rstrip()


def _description(error: jsonschema.ValidationError, rules: dict) -> str:
    """Description of the key: the innermost one on the path to the broken rule."""
    description = ""
    for step in error.absolute_schema_path:
        rules = rules[step]
        if isinstance(rules, dict) and isinstance(rules.get("description"), str):
            description = rules["description"]
    return description


def values_of(rule: dict) -> str:
    """Describe the values that a rule of the schema allows: type and range, or the allowed names."""
    if "form" in rule:
        return rule["form"]
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
    noun = {"object": "section", "integer": "whole number", "boolean": "true or false", "string": "text"}.get(
        kind, kind
    )
    least, largest = (
        rule.get("minimum", rule.get("exclusiveMinimum")),
        rule.get("maximum", rule.get("exclusiveMaximum")),
    )
    if least is not None and largest is not None:
        return f"{noun}, {least} to {largest}"
    if least is not None:
        return f"{noun}, {'above' if 'exclusiveMinimum' in rule else 'at least'} {least}"
    return noun
