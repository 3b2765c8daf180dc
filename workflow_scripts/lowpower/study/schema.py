"""What a schema allows, in words: for the configuration page and for messages."""


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
