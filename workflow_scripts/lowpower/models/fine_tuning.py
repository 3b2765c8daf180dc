"""Fine-tuning on labels, from a student of an earlier stage, from a file of weights, or from random weights."""

from lowpower.config.student_params import FinetuneJob
from lowpower.files import read_rows
from lowpower.models.color_fit import fit_color
from lowpower.models.color_network import ColorNetwork
from lowpower.models.model_file import load_model
from lowpower.models.parallel import on_processes
from lowpower.models.region_sets import labeled, read_regions, sorted_union, unlabeled
from lowpower.models.teacher_training import train_on_labels
from lowpower.models.training_inputs import start_training, title_of
from lowpower.models.training_outputs import finish_training


@on_processes
def finetune_student(
    job: FinetuneJob,
    index: str,
    splits: str,
    start: str | None,
    start_history: str | None,
    model: str,
    history: str,
    time: str | None = None,
) -> None:
    """Fine-tune a student, or keep the distilled one unchanged if its row has no fine-tuning.

    start: the model to start from, or the file of weights if ``init`` is weights; None for random ones.
    start_history: history of that model, which is continued.
    """
    rows_before = read_rows(start_history) if start_history else []
    if not job.finetune:
        network, header = load_model(start)
        finish_training(title_of(job), network, header, rows_before, model, history, time)
        return
    regions = read_regions(index, splits, job.seed)
    labeled_regions = labeled(regions, job.labeled)
    if job.finetune.images == "all":
        withheld = [region for region in unlabeled(regions, job.unlabeled) if region.true_label]
        labeled_regions = sorted_union(labeled_regions, withheld)
    training = start_training(job, "finetune", start, labeled_regions)
    if isinstance(training.network, ColorNetwork):
        rows = fit_color(training, regions, labeled_regions)
    else:
        rows = train_on_labels(training, regions, labeled_regions, model, job.finetune)
    rows = rows_before + rows
    finish_training(training.title, training.network, training.header, rows, model, history, time, training.time)
