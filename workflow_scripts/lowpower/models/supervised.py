"""Learning from labels: what teaching and fine-tuning have in common."""

from collections.abc import Iterator

import torch.nn.functional as F
from torch import nn

from lowpower import rng
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import Region
from lowpower.models.training_loop import Order, Pass
from lowpower.models.training_stage import Stage, nothing_left, train


def learn_labels(stage: Stage, regions: list[Region], known: list[Region], steps: int, model: str) -> list[dict]:
    """Cross-entropy on ever new views of the known regions. A withheld label counts where a region has no other.

    Returns the rows of history.csv.
    """
    job, recipe = stage.job, stage.job["training"]
    if not known:
        raise nothing_left(job, "region with a label")
    pixels = Pixels(recipe["memory_mb"], job["seed"], job["augmentation"])
    order = Order(rng.integer(job["seed"], "order"), len(known), recipe["batch"])

    def step_passes(network: nn.Module, step: int) -> Iterator[Pass]:
        wanted = [(known[i], number) for i, number in order.at(step)]
        for images, places in pixels.passes(wanted, recipe["megapixels_per_pass"]):
            shown = [wanted[place][0] for place in places]
            logits, _ = stage.read(network, images)
            answers = stage.answers([region.label or region.true_label for region in shown])
            losses = {"cross_entropy": F.cross_entropy(logits, answers)}
            yield Pass(len(places) / recipe["batch"], losses, [region.region for region in shown])

    return train(stage, regions, known, steps, step_passes, model)
