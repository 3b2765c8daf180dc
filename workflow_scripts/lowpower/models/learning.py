"""Learning from labels: what teaching and fine-tuning have in common."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import nn

from lowpower import draws
from lowpower.models.cohort import Region
from lowpower.models.pixels import Pixels, same_size
from lowpower.models.stages import Stage, nothing_left, train
from lowpower.models.training import Order, Pass


def learn_labels(stage: Stage, regions: list[Region], known: list[Region], steps: int, model: str) -> list[dict]:
    """Cross-entropy on ever new views of the known regions. A withheld label counts where a region has no other.

    Returns the rows of history.csv.
    """
    job, recipe = stage.job, stage.job["training"]
    if not known:
        raise nothing_left(job, "region with a label")
    pixels = Pixels(recipe["memory_mb"], job["seed"], job["augmentation"])
    normalize = stage.normalizer()
    order = Order(draws.integer(job["seed"], "order"), len(known), recipe["batch"])

    def step_passes(network: nn.Module, step: int) -> Iterator[Pass]:
        items = ((pixels.view(known[i], number), known[i]) for i, number in order.at(step))
        for group in same_size(items, recipe["megapixels_per_pass"]):
            images, shown = zip(*group, strict=True)
            logits, _ = network(normalize(list(images)))
            answers = stage.answers([region.label or region.true_label for region in shown])
            losses = {"cross_entropy": F.cross_entropy(logits, answers)}
            yield Pass(len(group) / recipe["batch"], losses, [region.region for region in shown])

    return train(stage, regions, known, steps, step_passes, model)
