"""Color alone: the logistic regression of ``color``, fitted to convergence instead of trained by steps."""

import torch
import torch.nn.functional as F
from torch import Tensor

from lowpower.log import Progress, say
from lowpower.models.cohort import Region
from lowpower.models.color import ColorNetwork, color_features
from lowpower.models.pixels import read_image
from lowpower.models.stages import Stage, sign
from lowpower.models.training import history_row

PENALTIES = (1.0, 0.1, 1e-2, 1e-3, 1e-4)  # weights of the squared coefficients, against the mean log loss
_MOST = 500  # iterations; standardized features take some tens


def fit_color(stage: Stage, regions: list[Region], known: list[Region]) -> list[dict]:
    """Fit the network on the known regions as they are (color jitter would destroy what it looks at).

    One fit for each penalty, by L-BFGS in float64; the one with the lowest validation log loss is left in the network.
    Returns the rows of history.csv, one for each penalty, whose step counts the iterations so far.
    """
    network: ColorNetwork = stage.network
    validation = sign(stage, regions, known)
    say(f"{stage.title}: fitting colors of {len(known)} regions, {len(PENALTIES)} penalties")
    features, judged = (_features(stage, group) for group in (known, validation))
    answers = stage.answers([region.label or region.true_label for region in known])
    truth = stage.answers([region.label for region in validation])
    network.center.copy_(features.mean(0))
    network.spread.copy_(features.std(0, unbiased=False).clamp_min(1e-9))
    features, judged = ((x - network.center) / network.spread for x in (features, judged))
    head = network.head
    with torch.no_grad():
        head.weight.zero_()  # the problem is convex: no random start, and each fit starts from the one before
        head.bias.zero_()
    rows, steps, best, kept = [], 0, float("inf"), None
    for penalty in PENALTIES:
        steps += minimize(head, features, answers, penalty)
        with torch.no_grad():
            loss = F.cross_entropy(head(features), answers).item()
            logits = head(judged)
            log_loss = F.cross_entropy(logits, truth).item()
            accuracy = (logits.argmax(1) == truth).double().mean().item()
            row = {"step": steps, "phase": stage.phase, "cross_entropy": loss}
            row |= {"loss": loss + penalty * head.weight.square().sum().item()}
        rows.append(row | {"val_log_loss": log_loss, "val_accuracy": accuracy})
        if log_loss < best:
            best, kept = log_loss, (steps, {name: x.clone() for name, x in head.state_dict().items()})
    head.load_state_dict(kept[1])
    return [history_row(row, row["step"] == kept[0]) for row in rows]


def minimize(head: torch.nn.Linear, features: Tensor, answers: Tensor, penalty: float) -> int:
    """Bring mean cross-entropy + penalty * (sum of squared weights, without the bias) to its minimum; iterations taken.

    features: (n, inputs), answers: (n,).
    """
    optimizer = torch.optim.LBFGS(
        head.parameters(), max_iter=_MOST, tolerance_grad=1e-9, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = F.cross_entropy(head(features), answers) + penalty * head.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return optimizer.state[head.weight]["n_iter"]


def _features(stage: Stage, regions: list[Region]) -> Tensor:
    """The color features of regions, (n, 6)."""
    normalize, progress = stage.normalize, Progress(f"{stage.title}: reading colors", len(regions))
    found = []
    for done, region in enumerate(regions, start=1):
        found.append(color_features(normalize([read_image(region)])))
        progress.at(done)
    return torch.cat(found)
