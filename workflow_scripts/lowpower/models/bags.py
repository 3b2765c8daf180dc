"""Bags: the regions of a slide as one example of the slide's class (``training.bags``)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lowpower import rng
from lowpower.models import parallel
from lowpower.models.attention import bag_logits, scores_of
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import Order, Region
from lowpower.models.stored_images import same_size
from lowpower.models.training_inputs import Training


@dataclass(frozen=True)
class Bag:
    """A slide with its class and its regions."""

    slide: str
    label: str
    regions: list[Region]


def group_bags(regions: Iterable[Region]) -> list[Bag]:
    """Bags of all slides, sorted by slide. A withheld label is used if a slide has no other."""
    ordered = sorted(regions, key=lambda region: (region.slide, region.region))
    return [
        Bag(slide, members[0].label or members[0].true_label, members)
        for slide, members in ((slide, list(group)) for slide, group in groupby(ordered, lambda r: r.slide))
    ]


class BagDraws:
    """Regions drawn from each bag: all regions of a slide equally often, and none twice at once.

    A pure function of (seed, slide, number of the draw). largest: regions in a draw; smaller bags are drawn whole.
    """

    def __init__(self, seed: int, bags: list[Bag], largest: int) -> None:
        self.bags = bags
        sizes = [len(bag.regions) for bag in bags]
        seeds = [rng.integer(seed, "bag", bag.slide) for bag in bags]
        self.orders = [Order(*pair, min(largest, pair[1]), drop_last=True) for pair in zip(seeds, sizes, strict=True)]

    def at(self, bag: int, number: int) -> list[tuple[Region, int]]:
        """Regions of a draw, each with the number of its view, which is new in each draw."""
        return [(self.bags[bag].regions[item], number) for item, _ in self.orders[bag].at(number)]


def with_scores(network: nn.Module, logits: Tensor, feature_map: Tensor) -> Tensor:
    """Logits and attention score of each region, (B, classes + 1)."""
    return torch.cat([logits, scores_of(network, feature_map)[:, None]], 1)


def answers(outputs: Tensor, sizes: list[int]) -> Tensor:
    """Logits of bags (bags, classes) from the outputs of their regions (regions, classes + 1), bag after bag."""
    return bag_logits(outputs[:, :-1], outputs[:, -1], sizes)


@torch.no_grad()
def measure_bags(training: Training, regions: list[Region], pixels: Pixels, network: nn.Module) -> tuple[float, float]:
    """Mean log loss and accuracy of the network over the validation slides, each with all its regions as they are."""
    network.eval()
    bags = group_bags(regions)
    log_loss = correct = 0.0
    for bag in parallel.share(bags):
        outputs = torch.cat(list(_outputs_of(training, bag, pixels, network)))
        logits, classes = answers(outputs, [len(outputs)]), training.class_numbers([bag.label])
        log_loss += F.cross_entropy(logits, classes).item()
        correct += (logits.argmax(1) == classes).sum().item()
    log_loss, correct = parallel.total([log_loss, correct])
    return log_loss / len(bags), correct / len(bags)


def _outputs_of(training: Training, bag: Bag, pixels: Pixels, network: nn.Module) -> Iterator[Tensor]:
    """Outputs of a bag's regions without augmentation, group by group of one size."""
    images = ((pixels.image(region),) for region in bag.regions)
    for group in same_size(images, training.job.training.megapixels_per_pass):
        yield with_scores(network, *network(training.normalize([image for (image,) in group])))
