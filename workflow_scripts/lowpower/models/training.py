"""The training loop, and the checkpoint from which a killed training continues to the same bytes."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lowpower import draws
from lowpower.errors import InputError
from lowpower.files import replacing
from lowpower.log import Progress, say
from lowpower.models.resnet import ResNet
from lowpower.wording import some

HISTORY = ["step", "phase", "loss", "kl", "map", "cross_entropy", "val_log_loss", "val_accuracy", "chosen"]


class Pass(NamedTuple):
    """One pass of a step through the network: images of one size, at most as many as fit into memory together."""

    share: float  # of the batch
    losses: dict[str, Tensor]  # weighted; their sum is the loss of the pass
    regions: list[str]


StepPasses = Callable[[ResNet, int], Iterable[Pass]]


class Order:
    """Which items each step takes: pass after pass over all of them, each in its own order.

    A pure function of (seed, items, step). A batch may reach over the end of a pass into the next; with drop_last the
    end of a pass that fills no batch is left out, as in the released code.
    """

    def __init__(self, seed: int, items: int, batch: int, drop_last: bool = False) -> None:
        self.seed, self.items, self.batch = seed, items, batch
        self.length = items - items % batch if drop_last and items > batch else items
        self.orders: dict[int, list[int]] = {}

    def at(self, step: int) -> list[tuple[int, int]]:
        """(item, number of the pass) for each place of this step's batch."""
        places = range(step * self.batch, (step + 1) * self.batch)
        return [(self._order(p // self.length)[p % self.length], p // self.length) for p in places]

    def _order(self, number: int) -> list[int]:
        if number not in self.orders:
            self.orders = {k: v for k, v in self.orders.items() if k >= number - 1}
            self.orders[number] = draws.generator(self.seed, "order", number).permutation(self.items).tolist()
        return self.orders[number]


def fingerprint(*content: object) -> str:
    """16 hex digits of plain values: what a checkpoint belongs to."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def fit(
    network: ResNet,
    title: str,
    phase: str,
    steps: int,
    step_passes: StepPasses,
    validate: Callable[[ResNet], tuple[float, float]],
    recipe: dict,
    checkpoint: Path,
    belongs_to: str,
) -> list[dict]:
    """Train for ``steps`` optimizer steps and leave the weights with the lowest validation log loss in ``network``.

    recipe: the config's ``training`` section. validate: network -> (log loss, accuracy), asked every
    ``evaluate_every`` steps. checkpoint: written at the same steps; continued from when its fingerprint is
    ``belongs_to``. Returns the rows of history.csv. Raises InputError where a loss is not finite: before the step is
    taken, and before a checkpoint is written of weights that give no finite validation loss.
    """
    what = f"{title}: {phase}"
    optimizer = torch.optim.Adam(
        network.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"], fused=True
    )
    state = {
        "belongs_to": belongs_to,
        "step": 0,
        "history": [],
        "best": {"log_loss": math.inf, "step": 0, "weights": {}},
    }
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
        if saved["belongs_to"] == belongs_to:
            state = saved
            network.load_state_dict(state["network"])
            optimizer.load_state_dict(state["optimizer"])
            say(f"{what}: continuing after step {state['step']} of {steps}")
        else:
            say(f"{what}: {checkpoint.name} is of another config, data or code; starting afresh")
    progress = Progress(what, steps, state["step"])
    sums: dict[str, float] = {}
    since = state["step"]
    for step in range(state["step"], steps):
        network.train()
        optimizer.zero_grad()
        where, shown = f"{what}, step {step + 1} of {steps}", []
        for share, losses, regions in step_passes(network, step):
            shown += regions
            values = {name: value.item() for name, value in losses.items()}
            _stop_unless_finite(values, where, regions, state["step"])
            loss = torch.stack(list(losses.values())).sum() * share
            loss.backward()
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value * share
        slope = torch.nn.utils.get_total_norm([weights.grad for weights in network.parameters()]).item()
        _stop_unless_finite({"gradient": slope}, where, shown, state["step"])
        optimizer.step()
        done = step + 1
        if done % recipe["evaluate_every"] == 0 or done == steps:
            log_loss, accuracy = validate(network)
            _stop_unless_finite({"validation log loss": log_loss}, where, shown, state["step"])
            means = {name: value / (done - since) for name, value in sums.items()}
            row = {"step": done, "phase": phase, "loss": sum(means.values()), **means}
            state["history"].append(row | {"val_log_loss": log_loss, "val_accuracy": accuracy})
            if log_loss < state["best"]["log_loss"]:
                weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
                state["best"] = {"log_loss": log_loss, "step": done, "weights": weights}
            state |= {"step": done, "network": network.state_dict(), "optimizer": optimizer.state_dict()}
            with replacing(checkpoint) as part:
                torch.save(state, part)
            sums, since = {}, done
        best = state["best"]
        progress.at(done, f"validation log loss {best['log_loss']:.3f} at step {best['step']}" if best["step"] else "")
    network.load_state_dict(state["best"]["weights"])
    return [history_row(row, row["step"] == state["best"]["step"]) for row in state["history"]]


def _stop_unless_finite(losses: dict[str, float], where: str, regions: list[str], saved: int) -> None:
    """Raise InputError when a loss is infinite or no number; saved: the step of the checkpoint, 0 for none."""
    if all(math.isfinite(value) for value in losses.values()):
        return
    values = ", ".join(f"{name} {value:g}" for name, value in losses.items())
    kept = f"The last good checkpoint, of step {saved}, is kept" if saved else "There is no checkpoint yet"
    raise InputError(
        f"{where}: the loss is not finite ({values}) on regions {some(sorted(set(regions)))}. {kept}. Lower "
        "training.learning_rate, or look at these regions and exclude what is broken"
    )


def history_row(row: dict, chosen: bool) -> dict:
    """A row of history.csv: numbers to six decimals, blank where a loss is not part of the method."""
    numbers = {name: f"{row[name]:.6f}" if name in row else "" for name in HISTORY[2:-1]}
    return {"step": row["step"], "phase": row["phase"], **numbers, "chosen": int(chosen)}
