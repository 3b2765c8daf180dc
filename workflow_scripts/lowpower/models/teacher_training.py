"""Training of the teacher on labels, at its magnification; ``fine_tuning`` does the same with students."""

from collections import Counter

from torch import Tensor

from lowpower.config.training_params import TrainingJob
from lowpower.config.training_settings import Stage
from lowpower.log import say
from lowpower.models.bag_batches import draw_bags
from lowpower.models.bags import group_bags
from lowpower.models.balance import label_loss, label_order
from lowpower.models.parallel import on_processes
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import Region, in_split, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.training import MicroBatches, draw_micro_batches, train
from lowpower.models.training_inputs import Training, no_regions_error, start_training
from lowpower.models.training_outputs import finish_training


@on_processes
def train_teacher(
    job: TrainingJob,
    index: str,
    splits: str,
    model: str,
    history: str,
    time: str | None = None,
    start: str | None = None,
) -> None:
    """Train the teacher on the labeled training regions, and warn if it is no better than guessing.

    start: the file of weights if ``init`` is weights; None for random ones.
    """
    regions = read_regions(index, splits, job.seed)
    labeled_regions = labeled(regions, 100)
    training = start_training(job, "train", start, sorted_union(labeled_regions, unlabeled(regions, 100)))
    rows = train_on_labels(training, regions, labeled_regions, model, Stage(images="labeled"))
    finish_training(training.title, training.network, training.header, rows, model, history, time, training.time)
    accuracy = next(float(row["val_accuracy"]) for row in rows if row["chosen"] == "1")
    validated = [region for region in in_split(regions, "val") if region.label]
    examples, what = (validated, "region") if job.training.bags == "none" else (group_bags(validated), "slide")
    warning = warn_of_guessing(accuracy, [example.label for example in examples], what)
    if warning:
        say(f"WARNING: {training.title} {warning} (history: {history})")


def train_on_labels(
    training: Training, regions: list[Region], labeled_regions: list[Region], model: str, stage: Stage
) -> list[dict]:
    """Train with cross-entropy on always new views of the labeled regions; return the rows of history.csv.

    A withheld label (the sheet's ``true_label``) is used if a region has no other. stage: batches and learning rate.
    """
    job, settings = training.job, training.job.training
    if not labeled_regions:
        raise no_regions_error(job, "region with a label")
    pixels = Pixels(settings.memory_mb, job.seed, job.augmentation)
    batch_size = settings.batch * stage.batches_per_step
    if settings.bags == "none":
        micro_batches = _draw_regions(training, labeled_regions, pixels, batch_size)
        return train(training, regions, labeled_regions, micro_batches, model, stage)
    bags = group_bags(labeled_regions)
    micro_batches = draw_bags(training, bags, pixels, batch_size)
    return train(training, regions, labeled_regions, micro_batches, model, stage, examples=len(bags))


def _draw_regions(training: Training, regions: list[Region], pixels: Pixels, batch_size: int) -> MicroBatches:
    """Batches of regions, each with its label."""
    labels = [region.label or region.true_label for region in regions]
    cross_entropy = label_loss(training, labels)

    def compute_losses(batch: list[Region], logits: Tensor, feature_map: Tensor) -> dict[str, Tensor]:
        return {"cross_entropy": cross_entropy(logits, [region.label or region.true_label for region in batch])}

    order = label_order(training, labels, batch_size)
    return draw_micro_batches(training, regions, pixels, compute_losses, batch_size, order=order)


def warn_of_guessing(accuracy: float, labels: list[str], what: str = "region") -> str | None:
    """Warning about a teacher no better than predicting one class for all of validation; None if it is better.

    labels: those of the validation regions or, of bags, slides. what: region or slide.
    """
    name, most = Counter(labels).most_common(1)[0]
    if round(accuracy * len(labels)) > most:  # counts, because a history holds six decimals
        return None
    return (
        f"classifies {100 * accuracy:.1f} % of {len(labels)} validation {what}s correctly; always predicting {name!r}, "
        f"the most frequent class, reaches {100 * most / len(labels):.1f} %. Its students will learn as little. "
        "Raise training.steps if the loss still falls at the end of its history, check the labels of the sheet "
        "and the regions, or choose a higher teacher_magnification"
    )
