"""The demo's config as a dict, with changes."""

import yaml
from project_paths import ROOT


def demo(**changes):
    return yaml.safe_load((ROOT / "config.yaml").read_text()) | changes


LABELS = {"finetune": {"images": "labeled"}}
