"""Color only: fit the logistic regression of ``color`` to convergence instead of training it by steps.

The optimum is found far more precisely than the grid on which it is stored. So processors that differ in the last bits
of exp and of sums reach the same grid point (unless the optimum is within some 1e-13 of the middle between two).
"""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from lowpower.files import CsvRow
from lowpower.log import Progress, say
from lowpower.models.balance import class_weights
from lowpower.models.color_network import AS_STORED, WEIGHT_GRID, ColorNetwork, color_features, round_to_grid
from lowpower.models.pixels import read_image
from lowpower.models.region_sets import Region
from lowpower.models.training_inputs import Training, set_fingerprint
from lowpower.models.training_outputs import history_row

PENALTIES = (1.0, 0.1, 1e-2, 1e-3, 1e-4)  # weights of the squared coefficients, relative to the mean log loss
_BIAS_PENALTY = 1e-9  # just enough that a class without regions has an optimum too
_MOST_ITERATIONS = 100  # a fit takes about ten
_CONVERGED = 1e-18  # largest decrease left at the last step; the error left is far smaller


def fit_color(training: Training, regions: list[Region], labeled_regions: list[Region]) -> list[CsvRow]:
    """Fit the network on the labeled regions without augmentation (color jitter would destroy its features).

    One fit for each penalty, in float64; the network keeps the one with the lowest validation log loss. Returns the
    rows of history.csv, one for each penalty; their step is its number: iterations would depend on the processor.
    """
    network: ColorNetwork = training.network.cpu()
    training.header = replace(training.header, **AS_STORED)
    validation = set_fingerprint(training, regions, labeled_regions)
    say(f"{training.title}: fitting colors of {len(labeled_regions)} regions, {len(PENALTIES)} penalties")
    features, val_features = (_features(training, group) for group in (labeled_regions, validation))
    labels = [region.label or region.true_label for region in labeled_regions]
    classes, weights = training.class_numbers(labels).cpu(), _weights(training, labels)
    val_classes = training.class_numbers([region.label for region in validation]).cpu()
    _standardize_by(network, features)
    features, val_features = network.standardized(features), network.standardized(val_features)
    head = network.head
    with torch.no_grad():
        head.weight.zero_()  # the problem is convex: no random start; each fit starts from the previous one
        head.bias.zero_()
    rows, best, best_state = [], float("inf"), None
    for number, penalty in enumerate(PENALTIES, 1):
        minimize(head, features, classes, penalty, weights)
        with torch.no_grad():
            loss = _mean_loss(head(features), classes, weights).item()
            logits = head(val_features)
            log_loss = F.cross_entropy(logits, val_classes).item()
            accuracy = (logits.argmax(1) == val_classes).double().mean().item()
            row = {"step": number, "phase": training.phase, "cross_entropy": loss}
            row |= {"loss": loss + penalty * head.weight.square().sum().item()}
        rows.append(row | {"val_log_loss": log_loss, "val_accuracy": accuracy})
        if log_loss < best:
            best, best_state = log_loss, (number, {name: x.clone() for name, x in head.state_dict().items()})
    head.load_state_dict(best_state[1])
    return [history_row(row, row["step"] == best_state[0]) for row in rows]


def _standardize_by(network: ColorNetwork, features: Tensor) -> None:
    """Set center and spread to those of features (n, 6), with sums that are rounded once, so order does not matter."""
    count = len(features)
    columns = features.T.tolist()
    center = [math.fsum(column) / count for column in columns]
    squares = [math.fsum((x - c) * (x - c) for x in column) for column, c in zip(columns, center, strict=True)]
    network.center.copy_(torch.tensor(center, dtype=torch.float64))
    network.spread.copy_(torch.tensor([max(math.sqrt(s / count), 1e-9) for s in squares], dtype=torch.float64))


def _weights(training: Training, labels: list[str]) -> Tensor:
    """Weights of the regions, (n,): 1, or with ``training.balance`` those of their classes (a fit draws no batches)."""
    if training.job.training.balance == "none":
        return torch.ones(len(labels), dtype=torch.float64)
    of_class = dict(zip(training.job.classes, class_weights(labels, training.job.classes), strict=True))
    return torch.tensor([of_class[label] for label in labels], dtype=torch.float64)


def _mean_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy of regions with these weights (n,)."""
    return (weights * F.cross_entropy(logits, targets, reduction="none")).mean()


def minimize(
    head: torch.nn.Linear, features: Tensor, targets: Tensor, penalty: float, weights: Tensor | None = None
) -> int:
    """Minimize mean cross-entropy + penalty * (sum of squared weights), on the grid; return the iterations taken.

    features: (n, inputs), targets: (n,), class numbers, weights: (n,), of the regions; None for equal ones.
    Newton's method, with steps halved until they achieve a tenth of the predicted decrease.
    """
    classes, inputs = head.weight.shape
    weights = features.new_ones(len(features)) if weights is None else weights
    cost = torch.full((classes, inputs + 1), penalty, dtype=torch.float64)
    cost[:, -1] = _BIAS_PENALTY
    extended = torch.cat([features, features.new_ones(len(features), 1)], 1)
    one_hot = F.one_hot(targets, classes)

    def loss(head_weights: Tensor) -> float:
        mean = _mean_loss(extended @ head_weights.T, targets, weights)
        return (mean + (cost * head_weights.square()).sum()).item()

    current = torch.cat([head.weight, head.bias[:, None]], 1).detach()
    for iteration in range(1, _MOST_ITERATIONS + 1):  # noqa: B007 - returned
        predicted = (extended @ current.T).softmax(1)
        errors = weights[:, None] * (predicted - one_hot)
        gradient = (errors.T @ extended / len(extended) + 2 * cost * current).flatten()
        curvature = torch.diag_embed(predicted) - predicted[:, :, None] * predicted[:, None, :]  # (n, classes, classes)
        curvature = weights[:, None, None] * curvature
        hessian = torch.einsum("ncd,ni,nj->cidj", curvature, extended, extended)
        hessian = hessian.reshape(len(gradient), -1) / len(extended)
        hessian += torch.diag(2 * cost.flatten())
        step = torch.linalg.solve(hessian, gradient)
        decrease, size, step = (gradient @ step).item(), 1.0, step.view_as(current)  # to first order
        while (
            decrease > _CONVERGED
            and loss(current - size * step) > loss(current) - 0.1 * size * decrease
            and size > 1e-3
        ):
            size /= 2
        current = current - size * step
        if decrease <= _CONVERGED:
            break
    with torch.no_grad():
        head.weight.copy_(round_to_grid(current[:, :-1], WEIGHT_GRID))
        biases = current[:, -1] - current[:, -1].mean()  # any constant may be added
        head.bias.copy_(round_to_grid(biases, WEIGHT_GRID))
    return iteration


def _features(training: Training, regions: list[Region]) -> Tensor:
    """Color features of regions, (n, 6)."""
    progress = Progress(f"{training.title}: reading colors", len(regions))
    features = []
    for number, region in enumerate(regions, start=1):
        features.append(color_features(read_image(region).unsqueeze(0)))
        progress.at(number)
    return torch.cat(features)
