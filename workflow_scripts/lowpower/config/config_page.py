"""Write the schemas of config, sheet and package, and docs/configuration.md, from the settings classes.

python -m lowpower.config.config_page schemas/config.schema.yaml docs/configuration.md
"""

import json
import sys
from pathlib import Path

from lowpower.config.json_schema import schema_of, sheet_schema, write_schema
from lowpower.config.package import Package
from lowpower.config.study import Study
from lowpower.config.validation_messages import values_of
from lowpower.files import replacing


def config_schema() -> dict:
    """The JSON Schema of a config, as in schemas/config.schema.yaml."""
    description = "Every key of a lowpower configuration. Unknown keys are errors."
    return schema_of(Study, "lowpower configuration", description)


def package_schema() -> dict:
    """The JSON Schema of a package's model.json, as in schemas/package.schema.yaml."""
    description = "The file model.json of a package (docs/reading.md). Unknown keys are errors."
    return schema_of(Package, "lowpower package", description)


def configuration_page(rules: dict) -> str:
    """The schema as Markdown: every key with its type, range, default and description."""
    lines = [
        "# Configuration",
        "",
        "Every key of a configuration, written by `make docs` from the dataclasses that hold them",
        "(`workflow_scripts/lowpower/config/study.py`). Unknown keys are errors. Copy `configs/own.yaml` and name it:",
        "`snakemake --configfile my.yaml`. Such a file is complete: `config.yaml` is then not read.",
        "",
        "| key | values | default | what it does |",
        "|---|---|---|---|",
        *_rows(rules, ""),
    ]
    return "\n".join(lines) + "\n"


def _rows(rules: dict, prefix: str) -> list[str]:
    rows = []
    for key, rule in rules.get("properties", {}).items():
        section = next((r for r in rule.get("oneOf", []) if r.get("type") == "object"), rule)
        default = (
            "required" if key in rules.get("required", []) else json.dumps(rule.get("default"), ensure_ascii=False)
        )
        if section.get("properties") and default != "required":
            default = "" if rule.get("default", {}) == {} else default
        rows.append(f"| `{prefix}{key}` | {values_of(rule)} | {default} | {rule['description']} |")
        rows += _rows(section, f"{prefix}{key}.")
        entries = section.get("additionalProperties")
        if isinstance(entries, dict):
            rows += _rows(entries, f"{prefix}{key}.NAME.")
    return rows


if __name__ == "__main__":
    schema, page = map(Path, sys.argv[1:])
    write_schema(schema, config_schema())
    write_schema(schema.with_name("sheet.schema.yaml"), sheet_schema())
    write_schema(schema.with_name("package.schema.yaml"), package_schema())
    with replacing(page) as part:
        part.write_text(configuration_page(config_schema()), encoding="utf-8")
