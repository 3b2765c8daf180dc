"""The training loop, top to bottom: batch, views, teacher, losses, step, moving average, validation, checkpoint.

The stages (``teacher_training``, ``pretraining`` …) choose regions and losses. All models of a study take the same
number of steps, unless their row has its own, and keep the weights with the lowest validation log loss; pretraining
keeps the last weights.
"""

import math
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lowpower import rng
from lowpower.config import training_settings
from lowpower.config.training_params import TrainingJob
from lowpower.log import Progress, say
from lowpower.models import parallel  # with one process, the default, none of these functions does anything
from lowpower.models.bags import measure_bags
from lowpower.models.balance import BalancedOrder
from lowpower.models.checkpoint import fingerprint, load_checkpoint, on_stop, save_checkpoint
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import Order, Region
from lowpower.models.stored_images import same_size
from lowpower.models.training_inputs import Training, set_fingerprint
from lowpower.models.training_outputs import History, Stopwatch, name_regions, require_convergence, require_finite
from lowpower.training_time import NO_TIME, TrainingTime


class MicroBatch(NamedTuple):
    """Part of a batch that is computed at once: images of one size, as many as fit into memory."""

    share: float  # of the batch
    losses: dict[str, Tensor]  # weighted terms, whose sum is the loss
    regions: list[str]
    views: int = 1  # of each region


MicroBatches = Callable[[nn.Module, int], Iterable[MicroBatch]]  # (network, step) -> its micro-batches


def train(
    training: Training,
    regions: list[Region],
    training_regions: list[Region],
    micro_batches: MicroBatches,
    model: str,
    stage: training_settings.Stage,
    validated: bool = True,
    examples: int = 0,
) -> list[dict]:
    """Train for the steps or epochs of the job; return the rows of history.csv. regions: include those for validation.

    examples: number of a pass over all, if these are not regions.
    Only a training with the same job, regions, code and torch continues from the checkpoint, a file beside the model.
    """
    validation, settings = set_fingerprint(training, regions, training_regions), training.job.training
    steps = training.job.steps or count_steps(training.job, examples or len(training_regions), stage)
    say(f"{training.title}: {training.phase} on {len(training_regions)} regions, {steps} steps")
    settings = replace(settings, learning_rate=stage.lr_multiplier * settings.learning_rate)
    measured = measure if settings.bags == "none" else measure_bags
    validate = partial(measured, training, validation, Pixels(settings.memory_mb)) if validated else None
    rows, time = fit(
        training.network, training.title, training.phase, steps, micro_batches, validate, settings,
        checkpoint=Path(model).with_name(f"last-{training.phase}.pt"),
        belongs_to=fingerprint(training.header.fingerprint, torch.__version__),
        ema_decay=stage.ema_decay, guessing_loss=math.log(len(training.job.classes)),
    )  # fmt: skip
    training.time = replace(time, regions=len(training_regions))
    return rows


def count_steps(job: TrainingJob, examples: int, stage: training_settings.Stage) -> int:
    """Number of optimizer steps in the epochs of a job; the last step may begin another epoch."""
    return math.ceil(job.epochs * examples / (job.training.batch * stage.batches_per_step))


def fit(
    network: nn.Module,
    title: str,
    phase: str,
    steps: int,
    micro_batches: MicroBatches,
    validate: Callable[[nn.Module], tuple[float, float]] | None,
    settings: training_settings.Training,
    checkpoint: Path,
    belongs_to: str,
    ema_decay: float = 0.0,
    guessing_loss: float = 0.0,
) -> tuple[list[dict], TrainingTime]:
    """Run the training loop; leave the best weights in ``network``; return the rows of history.csv and the time.

    checkpoint: written after a validation, every minute and on a signal; continued if it ``belongs_to`` this training.
    ema_decay: decay of the moving average of the weights, which replaces them in validation and model; 0 for none.
    Raises InputError if a loss is not finite or diverges, SystemExit (128 + number) after SIGINT, SIGTERM or SIGUSR1.
    """
    name, rate, decay = f"{title}: {phase}", settings.learning_rate, settings.weight_decay
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, weight_decay=decay, fused=True)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(ema_decay)) if ema_decay else None
    parts = {"network": network, "optimizer": optimizer} | ({"averaged": averaged} if averaged else {})
    history, stopwatch = History(phase), Stopwatch(NO_TIME, network)
    if saved := load_checkpoint(checkpoint, belongs_to, name):
        for key, part in parts.items():
            part.load_state_dict(saved.pop(key))
        history, stopwatch = History(**saved["history"]), Stopwatch(TrainingTime(**saved["time"]), network)
        say(f"{name}: continuing after step {history.step} of {steps}")
    saved_step, signals, progress = history.step, [], Progress(name, steps, history.step)
    with on_stop(signals.append):
        while history.validated < steps:  # a turn is a step or a validation; the training can stop after each
            step = history.step
            due = step > history.validated and (step % settings.evaluate_every == 0 or step == steps)
            moment = f"{name}, step {step if due else step + 1} of {steps}"
            if due:
                evaluated = averaged.module if averaged else network
                log_loss, accuracy = validate(evaluated) if validate else (None, None)
                if validate:
                    require_finite({"validation log loss": log_loss}, moment, "the validation regions", saved_step)
                history.add_validation(evaluated, log_loss, accuracy)
            else:
                history.add_step(*take_step(network, optimizer, micro_batches(network, step), moment, saved_step))
                if averaged:
                    averaged.update_parameters(network)
            stop, save = parallel.largest([max(signals, default=parallel.orphaned()), stopwatch.checkpoint_due()])
            if stop or save or due:
                saved_step, time = history.step, stopwatch.read(history)
                if parallel.is_first():
                    state = {"belongs_to": belongs_to, "history": vars(history), "time": vars(time)}
                    save_checkpoint(checkpoint, state | {key: part.state_dict() for key, part in parts.items()})
            if due or history.step < steps:
                progress.at(history.step, history.best_so_far())
            if stop and history.validated < steps:
                say(
                    f"{name}: stopped by {signal.Signals(int(stop)).name}; step {saved_step} of {steps} is saved, and "
                    "the same command continues from there"
                )
                raise SystemExit(128 + int(stop))
    require_convergence(history, name, steps, guessing_loss)
    network.load_state_dict(history.best["weights"])
    return history.table(), stopwatch.read(history)


def draw_micro_batches(
    training: Training,
    regions: list[Region],
    pixels: Pixels,
    compute_losses: Callable[..., dict[str, Tensor]],
    batch_size: int,
    views: int | None = None,
    drop_last: bool = False,
    order: Order | BalancedOrder | None = None,
    teacher: Callable[[list[tuple[str, int]]], tuple[Tensor, ...]] | None = None,
) -> MicroBatches:
    """Build a function that draws the batch of a step and computes outputs and losses, micro-batch by micro-batch.

    compute_losses: (regions, logits, feature maps[, the teacher's outputs]) -> weighted losses. views: number of
    recurring views of each region; None for always new ones. order: of the regions, if not pass after pass over all.
    teacher: (region, view) -> outputs.
    """
    order = order or Order(rng.integer(training.job.seed, "order"), len(regions), batch_size, drop_last)

    def micro_batches(network: nn.Module, step: int) -> Iterator[MicroBatch]:
        drawn = parallel.share(order.at(step))
        batch_views = [(regions[item], number % views if views else number) for item, number in drawn]
        for images, positions in pixels.passes(batch_views, training.job.training.megapixels_per_pass):
            pass_views = [batch_views[position] for position in positions]
            targets = teacher([(region.region, view) for region, view in pass_views]) if teacher else ()
            batch = [region for region, _ in pass_views]
            losses = compute_losses(batch, *training.forward(network, images), *targets)
            yield MicroBatch(len(positions) / batch_size, losses, [region.region for region in batch])

    return micro_batches


def take_step(
    network: nn.Module, optimizer: torch.optim.Optimizer, batch: Iterable[MicroBatch], moment: str, saved_step: int
) -> tuple[dict[str, float], int]:
    """Take one optimizer step on the batch, shared among the processes; return its weighted losses and its looks."""
    network.train()
    optimizer.zero_grad()
    sums, regions, looks = {}, [], 0
    for part in batch:
        regions += part.regions
        looks += len(part.regions) * part.views
        values = {name: value.item() for name, value in part.losses.items()}
        require_finite(values, moment, name_regions(part.regions), saved_step)
        (torch.stack(list(part.losses.values())).sum() * part.share).backward()
        sums = {name: sums.get(name, 0.0) + value * part.share for name, value in values.items()}
    gradient = nn.utils.get_total_norm([w.grad for group in optimizer.param_groups for w in group["params"]]).item()
    require_finite({"gradient": gradient}, moment, name_regions(regions), saved_step)
    parallel.add_gradients(network)
    optimizer.step()
    *values, looks = parallel.total([*sums.values(), looks])
    return dict(zip(sums, values, strict=True)), int(looks)


@torch.no_grad()
def measure(training: Training, regions: list[Region], pixels: Pixels, network: nn.Module) -> tuple[float, float]:
    """Mean log loss and accuracy of the network over the validation regions, without augmentation."""
    network.eval()
    items = ((pixels.image(region), region.label) for region in parallel.share(regions))
    log_loss = correct = 0.0
    for group in same_size(items, training.job.training.megapixels_per_pass):
        images, labels = zip(*group, strict=True)
        classes, (logits, _) = training.class_numbers(labels), network(training.normalize(images))
        log_loss += F.cross_entropy(logits, classes, reduction="sum").item()
        correct += (logits.argmax(1) == classes).sum().item()
    log_loss, correct = parallel.total([log_loss, correct])
    return log_loss / len(regions), correct / len(regions)
