"""Stage 1: the teacher learns the labeled training regions at its magnification."""

from collections import Counter

from lowpower.log import say
from lowpower.models.parallel import on_processes
from lowpower.models.region_sets import in_split, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.supervised import learn_labels
from lowpower.models.training_stage import finish_stage, start_stage


@on_processes
def train_teacher(job: dict, index: str, splits: str, model: str, history: str, time: str | None = None) -> None:
    """Train the teacher and warn when it does no better than guessing.

    job: the rule's params (name, classes, seed, training, augmentation, gpu, about, code).
    """
    regions = read_regions(index, splits, job["seed"])
    known = labeled(regions, 100)
    stage = start_stage(job, "train", None, sorted_union(known, unlabeled(regions, 100)))
    rows = learn_labels(stage, regions, known, job["training"]["steps"], model)
    finish_stage(stage.title, stage.network, stage.about, rows, model, history, time, stage.time)
    accuracy = next(float(row["val_accuracy"]) for row in rows if row["chosen"])
    warning = warn_of_guessing(accuracy, [region.label for region in in_split(regions, "val") if region.label])
    if warning:
        say(f"WARNING: {stage.title} {warning} (history: {history})")


def warn_of_guessing(accuracy: float, labels: list[str]) -> str | None:
    """What to say of a teacher that reads the validation regions no better than one who calls all of them alike.

    labels: those of the validation regions.
    """
    name, most = Counter(labels).most_common(1)[0]
    if round(accuracy * len(labels)) > most:  # counts, because a history holds six decimals
        return None
    return (
        f"reads {100 * accuracy:.1f} % of {len(labels)} validation regions right; calling all of them {name!r}, the "
        f"most frequent class, reaches {100 * most / len(labels):.1f} %. Students distilled from it learn as little. "
        "Raise training.steps if the loss still falls at the end of its history, look at the labels of the sheet and "
        "at the regions, or choose a higher teacher_magnification"
    )
