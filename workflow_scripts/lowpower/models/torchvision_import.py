"""Import of torchvision on first use, so that a job can report a broken installation."""

import sys
from functools import cache
from importlib import import_module, metadata
from types import ModuleType

import torch

from lowpower.errors import InputError


@cache
def torchvision_part(name: str) -> ModuleType:
    """Import a module of torchvision, such as ``transforms.v2.functional``.

    A CPU-only torch cannot load the compiled operators of torchvision's ordinary wheel, and the import fails at two
    operators that lowpower never calls. Declaring them lets it pass. Raises InputError if it still fails.
    """
    module_name = f"torchvision.{name}"
    try:
        try:
            return import_module(module_name)
        except RuntimeError:
            for loaded in [module for module in sys.modules if module.split(".")[0] == "torchvision"]:
                del sys.modules[loaded]
            _declare_operators()
            return import_module(module_name)
    except Exception as error:
        raise InputError(
            f"torch {torch.__version__} and torchvision {_version('torchvision')} are incompatible ({error}); "
            "install the versions of requirements.txt (`make .venv` again, or envs/distillation.yaml)"
        ) from error


@cache  # torch drops the declarations with the library object
def _declare_operators() -> torch.library.Library:
    operators = torch.library.Library("torchvision", "FRAGMENT")
    operators.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    operators.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return operators


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"
