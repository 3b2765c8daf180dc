"""Classes of unequal frequency: weights of the loss, or draws (``training.balance``)."""

from collections import Counter
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from lowpower import rng
from lowpower.models.region_sets import Order
from lowpower.models.training_inputs import Training

LabelLoss = Callable[[Tensor, list[str]], Tensor]  # (logits, labels) -> cross-entropy


def class_weights(labels: Sequence[str], classes: Sequence[str]) -> list[float]:
    """Weights of the classes, inverse to their frequency among ``labels``; their mean over the labels is 1.

    0 for a class without a label. The formula is that of scikit-learn's ``compute_class_weight("balanced")``.
    """
    counts = Counter(labels)
    return [len(labels) / (len(counts) * counts[name]) if counts[name] else 0.0 for name in classes]


def label_loss(training: Training, labels: Sequence[str]) -> LabelLoss:
    """Build the cross-entropy with labels; ``balance: loss`` weights it by class. labels: of all training examples.

    A batch is divided by its size and not by the sum of its weights, so that the parts of a batch add up to the whole.
    """
    if training.job.training.balance != "loss":
        return lambda logits, of_batch: F.cross_entropy(logits, training.class_numbers(of_batch))
    weights = torch.tensor(class_weights(labels, training.job.classes), device=training.device)

    def weighted(logits: Tensor, of_batch: list[str]) -> Tensor:
        classes = training.class_numbers(of_batch)
        return (weights[classes] * F.cross_entropy(logits, classes, reduction="none")).mean()

    return weighted


class BalancedOrder:
    """Items of each optimizer step with every class equally often: class after class, each in an ``Order`` of its own.

    A pure function of (seed, labels, step). The items of a rare class come round more often, each time as a new view.
    """

    def __init__(self, seed: int, labels: Sequence[str], batch: int) -> None:
        self.batch = batch
        self.items = [[i for i, label in enumerate(labels) if label == name] for name in sorted(set(labels))]
        self.orders = [Order(rng.integer(seed, "class", k), len(own), 1) for k, own in enumerate(self.items)]

    def at(self, step: int) -> list[tuple[int, int]]:
        """Item, and number of its class's pass, for each position in the batch of a step."""
        drawn = []
        for position in range(step * self.batch, (step + 1) * self.batch):
            turn, k = divmod(position, len(self.items))
            ((item, number),) = self.orders[k].at(turn)
            drawn.append((self.items[k][item], number))
        return drawn


def label_order(training: Training, labels: Sequence[str], batch: int) -> Order | BalancedOrder:
    """The order in which a training on labels draws its examples. labels: of all of them."""
    seed = rng.integer(training.job.seed, "order")
    if training.job.training.balance == "sampling":
        return BalancedOrder(seed, labels, batch)
    return Order(seed, len(labels), batch)
