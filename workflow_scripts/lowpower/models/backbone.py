"""Networks trained elsewhere: torchvision's ResNets, with weights from a local file, never downloaded."""

import hashlib
from pathlib import Path

import safetensors
from safetensors.torch import load
from torch import Tensor, nn

from lowpower.errors import InputError
from lowpower.models.torchvision_import import torchvision_part
from lowpower.text import abbreviate

# ImageNet's statistics belong to torchvision's weights, which were trained with them. The frozen statistics of batch
# normalization were collected on images normalized by them; others would shift the input of every filter.
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Backbone(nn.Module):
    """torchvision's ResNet: images (B, 3, H, W), normalized -> logits (B, classes), map (B, 512 or 2048, H/32, W/32).

    name: resnet18, resnet34 or resnet50. The statistics of batch normalization are frozen: a pass may hold a single
    region, which is too few for statistics of its own.
    """

    def __init__(self, name: str, classes: int) -> None:
        super().__init__()
        self.name = name
        self.body = getattr(torchvision_part("models"), name)(weights=None, num_classes=classes)
        self.channels = self.body.fc.in_features  # of the feature map

    def train(self, mode: bool = True) -> "Backbone":
        """Set the mode of all layers but batch normalization, which keeps its statistics."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    @property
    def head(self) -> nn.Module:
        """The last layer: mean of the map (B, C) -> logits."""
        return self.body.fc

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        body = self.body
        stem = body.maxpool(body.relu(body.bn1(body.conv1(images))))
        feature_map = body.layer4(body.layer3(body.layer2(body.layer1(stem))))
        return body.fc(feature_map.mean((2, 3))), feature_map


def take_weights(network: Backbone, path: str | Path) -> str:
    """Fill all layers but the last with the weights of a safetensors file; return a hash of the file.

    The names are torchvision's, with or without ``fc``. Raises InputError that names missing and unknown weights.
    """
    try:
        content = Path(path).read_bytes()
        weights = load(content)
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(
            f"{path} is not a file of weights ({error}); write another path into the row's `init`"
        ) from None
    expected = {key: value for key, value in network.body.state_dict().items() if not key.startswith("fc.")}
    needed = {key for key in expected if not key.endswith("num_batches_tracked")}  # unused while statistics are frozen
    given = {key: value for key, value in weights.items() if not key.startswith("fc.")}
    mismatches = {
        "missing": needed - given.keys(),
        "unexpected": given.keys() - expected.keys(),
        "of another shape": {key for key in expected.keys() & given.keys() if expected[key].shape != given[key].shape},
    }
    if any(mismatches.values()):
        listed = "; ".join(
            f"{len(keys)} {kind} ({abbreviate(sorted(keys), 3)})" for kind, keys in mismatches.items() if keys
        )
        raise InputError(
            f"{path} does not hold torchvision's weights of {network.name}: {listed}. Write the row's `network` that "
            "it was made from, or rename its weights as torchvision names them"
        )
    network.body.load_state_dict(given, strict=False)
    return hashlib.sha256(content).hexdigest()[:16]
