"""Networks of other libraries, which start from weights trained elsewhere (``weights_file``)."""

from torch import Tensor, nn

from lowpower.models.timm_import import timm_model
from lowpower.models.torchvision_import import torchvision_part

# ImageNet's statistics belong to torchvision's weights, which were trained with them. The frozen statistics of batch
# normalization were collected on images normalized by them; others would shift the input of every filter.
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


class Backbone(nn.Module):
    """A network of another library: images (B, 3, H, W), normalized -> logits (B, classes), map (B, C, H/32, W/32).

    library: whose names its weights have. last: name of its last layer, which is linear. mean, std: of the channels (in
    0-1), by which images were normalized when its weights were trained.

    The statistics of batch normalization stay those of the start weights, in training too. A pass may hold a single
    region, too few for statistics of its own; and a batch is cut into passes by size and memory, on which statistics
    of a pass would make the model depend. Its scales and shifts are trained.
    """

    def __init__(
        self, name: str, body: nn.Module, library: str, last: str, mean: list[float], std: list[float]
    ) -> None:
        super().__init__()
        self.name, self.body = name, body
        self.library, self.last, self.mean, self.std = library, last, mean, std

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
        return self.body.get_submodule(self.last)

    def feature_map(self, images: Tensor) -> Tensor:
        """Last map of the body."""
        raise NotImplementedError

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        feature_map = self.feature_map(images)
        return self.head(feature_map.mean((2, 3))), feature_map


class TorchvisionResNet(Backbone):
    """torchvision's ResNet; the map has 512 or 2048 channels. name: resnet18, resnet34 or resnet50."""

    def __init__(self, name: str, classes: int) -> None:
        body = getattr(torchvision_part("models"), name)(weights=None, num_classes=classes)
        super().__init__(name, body, "torchvision", "fc", MEAN, STD)

    def feature_map(self, images: Tensor) -> Tensor:
        body = self.body
        stem = body.maxpool(body.relu(body.bn1(body.conv1(images))))
        return body.layer4(body.layer3(body.layer2(body.layer1(stem))))


class TimmNetwork(Backbone):
    """timm's convolutional network of this name, with a linear head over the mean of its last map.

    tf_efficientnet_lite0 (arXiv 1905.11946, without squeeze-and-excitation, with ReLU6, stem and head not scaled; "tf":
    padded as TensorFlow does): map of 1280 channels.
    """

    def __init__(self, name: str, classes: int) -> None:
        body = timm_model(name, classes)
        about = body.pretrained_cfg
        super().__init__(name, body, "timm", about["classifier"], list(about["mean"]), list(about["std"]))

    def feature_map(self, images: Tensor) -> Tensor:
        return self.body.forward_features(images)
