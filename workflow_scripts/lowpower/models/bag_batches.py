"""Training batches of slides: regions drawn from each, and the loss of the slides' answers."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import torch
from torch import Tensor, nn

from lowpower.models import parallel
from lowpower.models.bags import Bag, BagDraws, answers, with_scores
from lowpower.models.balance import label_loss, label_order
from lowpower.models.pixels import Pixels
from lowpower.models.training import MicroBatch, MicroBatches
from lowpower.models.training_inputs import Training

Pass = tuple[list[Tensor], list[int]]  # images of one size, and their positions in the batch


def draw_bags(training: Training, bags: list[Bag], pixels: Pixels, batch_size: int) -> MicroBatches:
    """Build a function that draws the slides of a step and regions of each, and computes the slides' cross-entropy.

    batch_size: number of slides.
    """
    megapixels = training.job.training.megapixels_per_pass
    labels = [bag.label for bag in bags]
    cross_entropy, order = label_loss(training, labels), label_order(training, labels, batch_size)
    draws = BagDraws(training.job.seed, bags, training.job.training.bag_regions)

    def micro_batches(network: nn.Module, step: int) -> Iterator[MicroBatch]:
        drawn = parallel.share(order.at(step))
        of_bags = [draws.at(item, number) for item, number in drawn]
        views, sizes, share = list(chain(*of_bags)), [len(views) for views in of_bags], len(drawn) / batch_size
        names = [region.region for region, _ in views]

        def compute(images: list[Tensor]) -> Tensor:
            return with_scores(network, *training.forward(network, images))

        def loss_of(outputs: Tensor) -> Tensor:
            return cross_entropy(answers(outputs, sizes), [labels[item] for item, _ in drawn])

        passes = pixels.passes(views, megapixels)
        images, positions = next(passes)
        if len(positions) == len(views):  # all fit into memory together
            yield MicroBatch(share, {"cross_entropy": loss_of(compute(images))}, names)
            return
        loss, gradient = _gradient(compute, loss_of, chain([(images, positions)], passes))
        for images, positions in pixels.passes(views, megapixels):
            part = len(positions) / len(views)
            pulled = (compute(images) * gradient[positions]).sum() / part
            terms = {"cross_entropy": loss, "pull": pulled - pulled.detach()}
            yield MicroBatch(share * part, terms, [names[position] for position in positions])

    return micro_batches


def _gradient(
    compute: Callable[[list[Tensor]], Tensor], loss_of: Callable[[Tensor], Tensor], passes: Iterable[Pass]
) -> tuple[Tensor, Tensor]:
    """Loss of a batch, and its gradient by the outputs of its regions, (regions, classes + 1).

    The weights within a bag depend on all its regions, which may not fit into memory together. So, as in pretraining,
    this gradient is computed first; then each pass propagates its part to the weights.
    """
    with torch.no_grad():
        outputs, positions = zip(*((compute(images), positions) for images, positions in passes), strict=True)
    inverse = torch.tensor(list(chain(*positions))).argsort().to(outputs[0].device)
    of_batch = torch.cat(outputs)[inverse].requires_grad_()
    loss = loss_of(of_batch)
    return loss.detach(), torch.autograd.grad(loss, of_batch)[0]
