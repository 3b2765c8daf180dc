"""The training loop, and the checkpoint from which a killed training continues to the same bytes."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor

from lowpower import draws
from lowpower.files import replacing
from lowpower.log import Progress, say
from lowpower.models.resnet import ResNet

# Given the network and a step, the passes of that step: each one's share of the batch and its weighted losses.
StepLosses = Callable[[ResNet, int], Iterable[tuple[float, dict[str, Tensor]]]]

HISTORY = ["step", "phase", "loss", "kl", "map", "cross_entropy", "val_log_loss", "val_accuracy", "chosen"]


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
    phase: str,
    steps: int,
    step_losses: StepLosses,
    validate: Callable[[ResNet], tuple[float, float]],
    recipe: dict,
    checkpoint: Path,
    belongs_to: str,
) -> list[dict]:
    """Train for ``steps`` optimizer steps and leave the weights with the lowest validation log loss in ``network``.

    recipe: the config's ``training`` section. validate: network -> (log loss, accuracy), asked every
    ``evaluate_every`` steps. checkpoint: written at the same steps; continued from when its fingerprint is
    ``belongs_to``. Returns the rows of history.csv.
    """
    optimizer = torch.optim.Adam(
        network.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"], foreach=True
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
            say(f"{phase}: continuing after step {state['step']} of {steps}")
        else:
            say(f"{phase}: {checkpoint.name} is of another config, data or code; starting afresh")
    progress = Progress(phase, steps, state["step"])
    sums: dict[str, float] = {}
    since = state["step"]
    for step in range(state["step"], steps):
        network.train()
        optimizer.zero_grad()
        for share, losses in step_losses(network, step):
            loss = torch.stack(list(losses.values())).sum() * share
            loss.backward()
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value.item() * share
        if not math.isfinite(sum(sums.values())):
            raise ValueError(
                f"{phase}: the loss is not finite at step {step + 1} ({sums}); lower training.learning_rate"
            )
        optimizer.step()
        done = step + 1
        if done % recipe["evaluate_every"] == 0 or done == steps:
            log_loss, accuracy = validate(network)
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
        progress.at(done, f"validation log loss {state['best']['log_loss']:.3f} at step {state['best']['step']}")
    network.load_state_dict(state["best"]["weights"])
    return [history_row(row, row["step"] == state["best"]["step"]) for row in state["history"]]


def history_row(row: dict, chosen: bool) -> dict:
    """A row of history.csv: numbers to six decimals, blank where a loss is not part of the method."""
    numbers = {name: f"{row[name]:.6f}" if name in row else "" for name in HISTORY[2:-1]}
    return {"step": row["step"], "phase": row["phase"], **numbers, "chosen": int(chosen)}
