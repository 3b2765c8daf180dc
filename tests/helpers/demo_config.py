"""The demo's config as a dict, with changes."""

from copy import deepcopy
from functools import cache

import yaml
from project_paths import ROOT


def demo(**changes):
    """The demo's config with changes. The file is parsed once, as over 200 tests take it."""
    return deepcopy(_read()) | changes


@cache
def _read():
    return yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))


LABELS = {"finetune": {"images": "labeled"}}
