"""Stage 3: a student learns labels, from where an earlier stage left it, from given weights or from random ones."""

from lowpower.files import read_rows
from lowpower.models.color_fit import fit_color
from lowpower.models.color_network import ColorNetwork
from lowpower.models.model_file import load_model
from lowpower.models.parallel import on_processes
from lowpower.models.region_sets import labeled, read_regions, sorted_union, unlabeled
from lowpower.models.supervised import learn_labels
from lowpower.models.training_stage import finish_stage, start_stage, title_of


@on_processes
def finetune_student(
    job: dict,
    index: str,
    splits: str,
    start: str | None,
    start_history: str | None,
    model: str,
    history: str,
    time: str | None = None,
) -> None:
    """Fine-tune a student, or take it as it was distilled where its row has no fine-tuning.

    job: the rule's params: as of ``train_teacher``, with ``finetune`` (the row's section or None), ``labeled`` and
    ``unlabeled`` (percent), ``steps``, ``network`` and ``init``. start: the model to start from, or the file of weights
    where ``init`` is weights; None for random ones.
    start_history: its history, which is continued.
    """
    before = read_rows(start_history) if start_history else []
    if not job["finetune"]:
        network, about = load_model(start)
        finish_stage(title_of(job), network, about, before, model, history, time)
        return
    regions = read_regions(index, splits, job["seed"])
    known = labeled(regions, job["labeled"])
    if job["finetune"]["images"] == "all":
        known = sorted_union(known, (r for r in unlabeled(regions, job["unlabeled"]) if r.true_label))
    stage = start_stage(job, "finetune", start, known)
    if isinstance(stage.network, ColorNetwork):
        rows = fit_color(stage, regions, known)
    else:
        rows = learn_labels(stage, regions, known, job["steps"], model)
    finish_stage(stage.title, stage.network, stage.about, before + rows, model, history, time, stage.time)
