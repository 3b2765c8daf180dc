"""Import of timm on first use: other jobs neither wait for it nor need it."""

from importlib import import_module

from torch import nn

from lowpower.errors import InputError
from lowpower.models.torchvision_import import torchvision_part


def timm_model(name: str, classes: int) -> nn.Module:
    """Build timm's network of this name, with a linear last layer for so many classes, without any weights' download.

    Raises InputError if timm is missing or lacks the network.
    """
    torchvision_part("models")  # timm imports torchvision, which some installations must be helped to do
    try:
        timm = import_module("timm")
        return timm.create_model(name, pretrained=False, num_classes=classes)
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"the network {name} needs the package timm, which cannot be used here ({error}); install the version of "
            "requirements.txt (`make .venv` again, or envs/teacher.yaml)"
        ) from None
