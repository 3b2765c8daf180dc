"""Paths in the project, for tests."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SCRIPTS = ROOT / "workflow_scripts"
HELPERS = ROOT / "tests/helpers"
BENCH = ROOT / "bench"
CONFIG_SCHEMA = ROOT / "schemas/config.schema.yaml"
SHEET_SCHEMA = ROOT / "schemas/sheet.schema.yaml"
