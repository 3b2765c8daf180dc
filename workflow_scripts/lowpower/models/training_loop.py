"""The training loop: steps and validations, from the checkpoint on where there is one, until it ends or has to stop."""

import math
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lowpower import rng
from lowpower.errors import InputError
from lowpower.log import Progress, say
from lowpower.models import parallel
from lowpower.models.checkpoint import load_checkpoint, on_stop, save_checkpoint
from lowpower.models.stopwatch import Stopwatch
from lowpower.text import abbreviate

HISTORY = ["step", "phase", "loss", "kl", "feature", "cross_entropy", "val_log_loss", "val_accuracy", "chosen"]
# A training ends below where it began, or above it by chance; one that diverges ends thousands of times above. Over the
# last quarter, because good ones pass through 10 times the first loss early on, at a learning rate of 0.1.
DIVERGED, LAST = 10, 0.25


class Pass(NamedTuple):
    """One pass of a step through the network: images of one size, at most as many as fit into memory together."""

    share: float  # of the batch
    losses: dict[str, Tensor]  # weighted; their sum is the loss of the pass
    regions: list[str]


StepPasses = Callable[[nn.Module, int], Iterable[Pass]]


class Order:
    """Which items each step takes: pass after pass over all of them, each in its own order.

    A pure function of (seed, items, step), of which each process takes its share. A batch may reach over the end of a
    pass into the next; with drop_last the end of a pass that fills no batch is left out, as in the released code.
    """

    def __init__(self, seed: int, items: int, batch: int, drop_last: bool = False) -> None:
        self.seed, self.items, self.batch = seed, items, batch
        self.length = items - items % batch if drop_last and items > batch else items
        self.orders: dict[int, list[int]] = {}

    def at(self, step: int) -> list[tuple[int, int]]:
        """(item, number of the pass) for each place of this step's batch that is this process's to do."""
        places = parallel.share(range(step * self.batch, (step + 1) * self.batch))
        return [(self._order(p // self.length)[p % self.length], p // self.length) for p in places]

    def _order(self, number: int) -> list[int]:
        if number not in self.orders:
            self.orders = {k: v for k, v in self.orders.items() if k >= number - 1}
            self.orders[number] = rng.generator(self.seed, "order", number).permutation(self.items).tolist()
        return self.orders[number]


def fit(
    network: nn.Module,
    title: str,
    phase: str,
    steps: int,
    step_passes: StepPasses,
    validate: Callable[[nn.Module], tuple[float, float]] | None,
    recipe: dict,
    checkpoint: Path,
    belongs_to: str,
    ema_decay: float = 0.0,
    guess: float = 0.0,
) -> tuple[list[dict], dict]:
    """Train for ``steps`` optimizer steps and leave the weights with the lowest validation log loss in ``network``.

    recipe: the config's ``training`` section. validate: network -> (log loss, accuracy), asked every ``evaluate_every``
    steps; without it the last weights are left. checkpoint: written then, every minute, and when a signal asks to stop;
    continued from when its fingerprint is ``belongs_to``. ema_decay: decay of a moving average of the weights over
    steps, which is validated and kept in their place; 0 for none. guess: the loss of a network that guesses. Returns
    the rows of history.csv, and the time it took. Raises InputError where a loss is not finite: before the step is
    taken, and before a checkpoint is written of weights that give no finite validation loss; and where the last losses
    are far above the first and above guessing. Raises SystemExit, with 128 + the signal's number, when it was asked to
    stop.
    """
    what = f"{title}: {phase}"
    optimizer = torch.optim.Adam(
        network.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"], fused=True
    )
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(ema_decay)) if ema_decay else None
    result = averaged.module if averaged else network
    state = {
        "belongs_to": belongs_to,
        "step": 0,  # optimizer steps taken
        "validated": 0,  # of them when last validated
        "sums": {},  # of the losses since then
        "history": [],
        "best": {"log_loss": math.inf, "step": 0, "weights": {}},
    }
    if saved := load_checkpoint(checkpoint, belongs_to, what):
        network.load_state_dict(saved.pop("network"))
        optimizer.load_state_dict(saved.pop("optimizer"))
        if averaged:
            averaged.load_state_dict(saved.pop("averaged"))
        state = saved
        say(f"{what}: continuing after step {state['step']} of {steps}")
    kept = state["step"]  # the step of the checkpoint, 0 for none
    watch = Stopwatch(state.get("time"))
    progress = Progress(what, steps, kept)
    asked: list[int] = []
    with on_stop(asked.append):
        while state["validated"] < steps:  # a turn is a step or a validation, and after each the training can stop
            step = state["step"]
            due = step > state["validated"] and (step % recipe["evaluate_every"] == 0 or step == steps)
            where = f"{what}, step {step if due else step + 1} of {steps}"
            if due:
                judged = {}
                if validate:
                    judged["val_log_loss"], judged["val_accuracy"] = validate(result)
                    found = {"validation log loss": judged["val_log_loss"]}
                    _stop_unless_finite(found, where, "the validation regions", kept)
                _enter(state, phase, judged, result)
            else:
                losses = _take_step(network, optimizer, step_passes(network, step), where, kept)
                state["sums"] = {name: state["sums"].get(name, 0.0) + value for name, value in losses.items()}
                state.setdefault("first", sum(losses.values()))
                state["step"] += 1
                if averaged:
                    averaged.update_parameters(network)
            stop, minute_over = parallel.largest([max(asked, default=parallel.orphaned()), watch.minute_over()])
            if stop or minute_over or due:
                kept, state["time"] = state["step"], watch.read()
                if parallel.is_first():
                    weights = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
                    weights |= {"averaged": averaged.state_dict()} if averaged else {}
                    save_checkpoint(checkpoint, state | weights)
            best = state["best"]
            if due or state["step"] < steps:
                note = f"validation log loss {best['log_loss']:.3f} at step {best['step']}" if best["step"] else ""
                progress.at(state["step"], note if validate else "")
            if stop and state["validated"] < steps:
                say(
                    f"{what}: stopped by {signal.Signals(int(stop)).name}; step {kept} of {steps} is saved, and the "
                    "same command continues from there"
                )
                raise SystemExit(128 + int(stop))
    _stop_if_diverged(state, what, steps, guess)
    network.load_state_dict(state["best"]["weights"])
    rows = [history_row(row, row["step"] == state["best"]["step"]) for row in state["history"]]
    return rows, watch.read() | {"steps": steps}


def _take_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, passes: Iterable[Pass], where: str, kept: int
) -> dict[str, float]:
    """Take one optimizer step, on the passes of all processes; returns the weighted losses of the batch."""
    network.train()
    optimizer.zero_grad()
    sums: dict[str, float] = {}
    shown: list[str] = []
    for share, losses, regions in passes:
        shown += regions
        values = {name: value.item() for name, value in losses.items()}
        _stop_unless_finite(values, where, _named(regions), kept)
        loss = torch.stack(list(losses.values())).sum() * share
        loss.backward()
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value * share
    slopes = [weights.grad for group in optimizer.param_groups for weights in group["params"]]
    slope = torch.nn.utils.get_total_norm(slopes).item()
    _stop_unless_finite({"gradient": slope}, where, _named(shown), kept)
    parallel.add_gradients(network)
    optimizer.step()
    return dict(zip(sums, parallel.total(sums.values()), strict=True))


def _enter(state: dict, phase: str, judged: dict[str, float], network: nn.Module) -> None:
    """Enter a validation into the history, and its weights as the best where they are; the last where none judges."""
    step = state["step"]
    means = {name: value / (step - state["validated"]) for name, value in state["sums"].items()}
    row = {"step": step, "phase": phase, "loss": sum(means.values()), **means}
    state["history"].append(row | judged)
    log_loss = judged.get("val_log_loss", -step)
    if log_loss < state["best"]["log_loss"]:
        weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
        state["best"] = {"log_loss": log_loss, "step": step, "weights": weights}
    state |= {"validated": step, "sums": {}}


def _stop_unless_finite(losses: dict[str, float], where: str, regions: str, kept: int) -> None:
    """Raise InputError when a loss is infinite or no number; kept: the step of the checkpoint, 0 for none."""
    if all(math.isfinite(value) for value in losses.values()):
        return
    values = ", ".join(f"{name} {value:g}" for name, value in losses.items())
    left = f"The last good checkpoint, of step {kept}, is kept" if kept else "There is no checkpoint yet"
    raise InputError(
        f"{where}: the loss is not finite ({values}) on {regions}. {left}. Lower training.learning_rate, or look at "
        "these regions and exclude what is broken"
    )


def _stop_if_diverged(state: dict, what: str, steps: int, guess: float) -> None:
    """Raise InputError when the losses of the last steps are far above that of the first, and above guessing."""
    rows = [row for row in state["history"] if row["step"] > (1 - LAST) * steps]
    late, least = sum(row["loss"] for row in rows) / len(rows), max(state["first"], guess)
    if late > DIVERGED * least:
        after = state["history"][-len(rows) - 1]["step"] if len(rows) < len(state["history"]) else 0
        raise InputError(
            f"{what}: the loss diverges: {late:.3g} on average from step {after + 1} to {steps}, where the first step "
            f"had {state['first']:.3g} and guessing has {guess:.3g}. Lower training.learning_rate, or the "
            "row's `lr_multiplier`"
        )


def _named(regions: list[str]) -> str:
    return f"regions {abbreviate(sorted(set(regions)))}"


def history_row(row: dict, chosen: bool) -> dict:
    """A row of history.csv: numbers to six decimals, blank where a loss is not part of the method."""
    numbers = {name: f"{row[name]:.6f}" if name in row else "" for name in HISTORY[2:-1]}
    return {"step": row["step"], "phase": row["phase"], **numbers, "chosen": int(chosen)}
