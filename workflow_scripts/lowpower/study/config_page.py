"""The page docs/configuration.md, written from the schema so that the two never differ.

python -m lowpower.study.config_page schemas/config.schema.yaml docs/configuration.md
"""

import json
import sys
from pathlib import Path

import yaml

from lowpower.files import replacing


def configuration_page(rules: dict) -> str:
    """The schema as Markdown: every key with its type, range, default and what it does."""
    lines = [
        "# Configuration",
        "",
        "Every key of a configuration, written from `schemas/config.schema.yaml` by `make docs`. Unknown keys are",
        "errors. Copy `config.yaml` or a file of `configs/` and name it:",
        "`snakemake --cores all --configfile my.yaml`. Such a file is complete: `config.yaml` is then not read.",
        "",
        "| key | values | default | what it does |",
        "|---|---|---|---|",
        *_rows(rules, ""),
    ]
    return "\n".join(lines) + "\n"


def _rows(rules: dict, prefix: str) -> list[str]:
    rows = []
    for key, rule in rules.get("properties", {}).items():
        inner = next((r for r in rule.get("oneOf", []) if r.get("type") == "object"), rule)
        default = (
            "required" if key in rules.get("required", []) else json.dumps(rule.get("default"), ensure_ascii=False)
        )
        if inner.get("properties") and default != "required":
            default = "" if rule.get("default", {}) == {} else default
        rows.append(f"| `{prefix}{key}` | {_values(rule)} | {default} | {rule['description']} |")
        rows += _rows(inner, f"{prefix}{key}.")
        others = inner.get("additionalProperties")
        if isinstance(others, dict):
            rows += _rows(others, f"{prefix}{key}.NAME.")
    return rows


def _values(rule: dict) -> str:
    """Type and range in a few words."""
    if "oneOf" in rule:
        return " or ".join(_values(branch) for branch in rule["oneOf"])
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    if "const" in rule:
        return f"`{rule['const']}`"
    if rule.get("type") == "array":
        return f"list of {_values(rule['items'])}"
    words = {"object": "section"}.get(rule.get("type"), rule.get("type", ""))
    least, most = rule.get("minimum", rule.get("exclusiveMinimum")), rule.get("maximum", rule.get("exclusiveMaximum"))
    if least is not None and most is not None:
        return f"{words}, {least} to {most}"
    if least is not None:
        return f"{words}, {'above' if 'exclusiveMinimum' in rule else 'at least'} {least}"
    return words


if __name__ == "__main__":
    schema, page = map(Path, sys.argv[1:])
    with replacing(page) as part:
        part.write_text(configuration_page(yaml.safe_load(schema.read_text(encoding="utf-8"))), encoding="utf-8")
