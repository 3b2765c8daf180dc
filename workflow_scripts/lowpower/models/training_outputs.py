"""Outputs of a training: the history of its losses, its best weights, its time, and their files."""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn

from lowpower.errors import InputError
from lowpower.files import CsvRow, write_json, write_rows
from lowpower.log import say
from lowpower.model_header import ModelHeader
from lowpower.models import parallel
from lowpower.models.checkpoint import SAVE_EVERY
from lowpower.models.model_file import save_model
from lowpower.text import abbreviate
from lowpower.training_time import NO_TIME, TrainingTime

HISTORY = ["step", "phase", "loss", "kl", "feature", "cross_entropy", "val_log_loss", "val_accuracy", "chosen"]
# A good training ends below its first loss, or a little above by chance; a diverging one ends thousands of times above.
# Measured over the last quarter, because good ones reach 10 times the first loss early on, at a learning rate of 0.1.
DIVERGED, LAST = 10, 0.25


@dataclass
class History:
    """Losses up to a step, and the best weights so far: plain values and tensors, stored in the checkpoint."""

    phase: str
    step: int = 0  # optimizer steps taken
    looks: int = 0  # in these steps
    validated: int = 0  # the step of the last validation
    sums: dict[str, float] = field(default_factory=dict)  # of the losses since the last validation
    rows: list[dict] = field(default_factory=list)  # one for each validation
    first_loss: float | None = None
    best: dict = field(default_factory=lambda: {"log_loss": math.inf, "step": 0, "weights": {}})

    def add_step(self, losses: dict[str, float], looks: int) -> None:
        """Enter the weighted losses and the looks of one optimizer step."""
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in losses.items()}
        if self.first_loss is None:
            self.first_loss = sum(losses.values())
        self.step += 1
        self.looks += looks

    def add_validation(self, network: nn.Module, log_loss: float | None, accuracy: float | None) -> None:
        """Enter a validation, and the weights if they are the best so far; without a log loss the last are the best."""
        means = {name: value / (self.step - self.validated) for name, value in self.sums.items()}
        row = {"step": self.step, "phase": self.phase, "loss": sum(means.values()), **means}
        self.rows.append(row if log_loss is None else row | {"val_log_loss": log_loss, "val_accuracy": accuracy})
        score = -self.step if log_loss is None else log_loss
        if score < self.best["log_loss"]:
            weights = {name: value.detach().clone() for name, value in network.state_dict().items()}
            self.best = {"log_loss": score, "step": self.step, "weights": weights}
        self.validated, self.sums = self.step, {}

    def best_so_far(self) -> str:
        """The best validation so far, for messages; blank if there is none."""
        if not any("val_log_loss" in row for row in self.rows):
            return ""
        return f"validation log loss {self.best['log_loss']:.3f} at step {self.best['step']}"

    def table(self) -> list[CsvRow]:
        """Rows of history.csv."""
        return [history_row(row, row["step"] == self.best["step"]) for row in self.rows]


def history_row(row: dict, chosen: bool) -> CsvRow:
    """Row of history.csv: numbers to six decimals, blank where a loss is not part of the method."""
    numbers = {name: f"{row[name]:.6f}" if name in row else "" for name in HISTORY[2:-1]}
    return {"step": str(row["step"]), "phase": row["phase"], **numbers, "chosen": str(int(chosen))}


def name_regions(regions: list[str]) -> str:
    """Regions of a batch, for messages."""
    return f"regions {abbreviate(sorted(set(regions)))}"


def require_finite(losses: dict[str, float], where: str, regions: str, saved_step: int) -> None:
    """Raise InputError if a loss is infinite or not a number.

    where: the training and its step. saved_step: step of the checkpoint, 0 for none.
    """
    if all(math.isfinite(value) for value in losses.values()):
        return
    values = ", ".join(f"{name} {value:g}" for name, value in losses.items())
    left = f"The last good checkpoint, of step {saved_step}, is kept" if saved_step else "There is no checkpoint yet"
    raise InputError(
        f"{where}: the loss is not finite ({values}) on {regions}. {left}. Lower training.learning_rate, or look at "
        "these regions and exclude the broken ones"
    )


def require_convergence(history: History, what: str, steps: int, guessing_loss: float) -> None:
    """Raise InputError if the losses of the last steps are far above the first loss and above the loss of guessing."""
    rows = [row for row in history.rows if row["step"] > (1 - LAST) * steps]
    late = sum(row["loss"] for row in rows) / len(rows)
    if late <= DIVERGED * max(history.first_loss, guessing_loss):
        return
    after = history.rows[-len(rows) - 1]["step"] if len(rows) < len(history.rows) else 0
    raise InputError(
        f"{what}: the loss diverges: {late:.3g} on average from step {after + 1} to {steps}, against "
        f"{history.first_loss:.3g} at the first step and {guessing_loss:.3g} for guessing. Lower "
        "training.learning_rate, or the row's `lr_multiplier`"
    )


class Stopwatch:
    """Time of a training over all its attempts, including this one; never stored in models or results.

    before: time of earlier attempts, from the checkpoint.
    """

    def __init__(self, before: TrainingTime, network: nn.Module) -> None:
        self.before = before
        self.device = next(network.parameters()).device.type
        self.start = self.saved = time.monotonic()
        self.cpu_start = time.process_time()

    def checkpoint_due(self) -> bool:
        """True if the last checkpoint is too old."""
        return time.monotonic() - self.saved > SAVE_EVERY

    def read(self, history: History) -> TrainingTime:
        """Time up to the last step of the history; called at every checkpoint."""
        self.saved = time.monotonic()
        (cpu_seconds,) = parallel.total([time.process_time() - self.cpu_start])
        return TrainingTime(
            seconds=round(self.before.seconds + self.saved - self.start, 3),
            cpu_seconds=round(self.before.cpu_seconds + cpu_seconds, 3),
            attempts=self.before.attempts + 1,
            steps=history.step,
            device=self.device,
            processes=parallel.size(),
            threads=torch.get_num_threads(),
            looks=history.looks,
        )


def finish_training(
    title: str,
    network: nn.Module,
    header: ModelHeader,
    rows: Sequence[CsvRow],
    model: str,
    history: str,
    time_path: str | None,
    time: TrainingTime = NO_TIME,
) -> None:
    """Write model, history and time, then delete the checkpoint. The first of several processes does this for all."""
    if not parallel.is_first():
        return
    save_model(model, network, header)
    write_rows(history, HISTORY, rows)
    if time_path:
        write_json(time_path, asdict(time))
    for checkpoint in Path(model).parent.glob("last-*.pt"):
        checkpoint.unlink()
    kept = [row for row in rows if int(row["chosen"])][-1]
    validation = ""
    if kept["val_log_loss"]:
        log_loss, accuracy = float(kept["val_log_loss"]), float(kept["val_accuracy"])
        validation = f", validation log loss {log_loss:.3f}, accuracy {100 * accuracy:.1f} %"
    say(f"{title}: kept step {kept['step']} of {kept['phase']}{validation}")
