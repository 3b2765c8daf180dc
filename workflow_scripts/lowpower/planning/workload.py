"""Work of each job of a run, in megapixels, so that jobs of one config predict the time of another config's jobs.

A training's work is its training pixels, plus a third of the pixels in validation (and of those that an online teacher
reads), times its network's operations per pixel, plus a fixed cost for each optimizer step. Pretraining reads two views
of a region, once for the loss and once for the gradient; a network that is fitted reads a region once. Recording,
predicting and measuring cost need forward passes only, a third of the work per pixel. Cutting a slide grows with the
pixels of its regions, tables with the number of slides or models.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lowpower import magnification
from lowpower.config.method_settings import Distill, Method
from lowpower.config.study import Study
from lowpower.config.study_models import FITTED, stage_shares, steps_of, training_of
from lowpower.config.trained_model import DEFAULT_NETWORK, Model
from lowpower.config.training_settings import Stage
from lowpower.planning.past_runs import Cohort, Job, Tissue
from lowpower.sizes import pass_memory

_STAGES = {"pretrain_student": "pretrain", "distill_student": "distill", "finetune_student": "finetune"}
TRAININGS = ("train_teacher", "pretrain_student", "distill_student", "finetune_student")
MODEL_RULES = (*TRAININGS, "record_teacher", "predict", "measure_cost", "show_examples")  # on the GPU, if any
_LOOK = 1 / 3  # work of a forward pass, relative to forward and backward
_PREDICTED_AT_ONCE = 64
_BY_REGION = ("mask_tissue", "tile_slide", "downsample_slide", "read_level")
_BY_SLIDE = ("gather_slides", "index_regions", "split_patients", "count_cohort", "write_report")
_PRICE = {  # FLOPs per pixel, in units of resnet10's 10,032
    "resnet10": 1.0, "resnet18": 7.2, "resnet34": 14.6, "resnet50": 16.2, "tf_efficientnet_lite0": 1.53,
}  # fmt: skip
_BY_MODEL = ("judge_units", "evaluate", "list_patients", "refer_units", "trace_curves", "draw_figures")


@dataclass(frozen=True)
class Work:
    """Work of one job. at_once: megapixels of its largest pass, in the memory of resnet10; determines the job's."""

    megapixels: float
    steps: int = 0
    at_once: float = 0.0


def planned_works(rule: str, study: Study, models: Sequence[Model], tissue: Tissue, jobs: int) -> dict[object, Work]:
    """Work of each job of a rule; jobs of models are keyed by their index in ``models``."""
    if rule in TRAININGS or rule == "predict":
        return {
            i: work_of(
                rule,
                study,
                tissue,
                model.magnification,
                _steps(rule, study, tissue, model),
                network=model.network,
                method=model.method,
            )
            for i, model in enumerate(models)
            if has_job(rule, study, model.method)
        }
    if rule == "measure_cost":
        kinds = dict.fromkeys((model.network, model.magnification) for model in models)
        return {kind: work_of(rule, study, tissue, kind[1], network=kind[0]) for kind in kinds}
    scale = study.teacher_magnification
    work = work_of(rule, study, tissue, scale, models=len(models), network=study.teacher_network)
    return dict.fromkeys(range(jobs), work)


def measured_works(rule: str, cohort: Cohort, tissue: Tissue) -> list[tuple[Job, Work]]:
    """Finished jobs of a rule, each with its work. tissue: that of the cohort."""
    models = len(cohort.jobs.get("predict", []))
    pairs = []
    for job in cohort.jobs.get(rule, []):
        scales = [part for part in job.key.split("/") if re.fullmatch(r"[0-9.]+x", part)]
        scale = magnification.parse(scales[0]) if scales else cohort.study.teacher_magnification
        network, method = _network_of(job.key, cohort.study), _method_of(job.key)
        pairs.append((job, work_of(rule, cohort.study, tissue, scale, job.steps, models, network, method)))
    return pairs


def _stage_of(rule: str, study: Study, method: str) -> Stage | None:
    """Settings of a method's stage that a rule trains; None for any other rule or method."""
    row, name = study.methods.get(method), _STAGES.get(rule)
    return getattr(row, name) if row and name else None


def _network_of(key: str, study: Study) -> str:
    """Network of a finished job: that of its method, or the one in its name (of a cost), else the teacher's."""
    row, named = study.methods.get(_method_of(key)), key.split("/")[0]
    return row.network if row else named if named in (*_PRICE, FITTED) else study.teacher_network


def _method_of(key: str) -> str:
    """Method of a student's finished job, such as students/sskd/2.5x/…; blank for any other job."""
    return key.split("/")[1] if key.startswith("students/") else ""


def has_job(rule: str, study: Study, method: str) -> bool:
    """True if a model of this method has a job of this training rule, or of predict."""
    if rule == "predict":
        return True
    if method == "teacher" or rule == "train_teacher":
        return method == "teacher" and rule == "train_teacher"
    return rule not in ("distill_student", "pretrain_student") or bool(_stage_of(rule, study, method))


def _steps(rule: str, study: Study, tissue: Tissue, model: Model) -> int:
    """Optimizer steps of a model in the stage of a rule."""
    if rule == "train_teacher" or model.method == "teacher":
        return study.training.steps if (rule, model.method) == ("train_teacher", "teacher") else 0
    method, last = study.methods[model.method], rule == "finetune_student"
    if method.epochs:  # of all training regions, as the labeled ones are not counted before the patients are split
        epochs, batch = (
            method.epochs * stage_shares(method)[last],
            _batch(study, method, _stage_of(rule, study, model.method)) * _bag(rule, study, method, tissue),
        )
        return math.ceil(epochs * tissue.share("train") / batch)
    return steps_of(method, training_of(study, method).steps)[last]


def _batch(study: Study, method: Method | None, stage: Stage | None) -> int:
    """Regions in an optimizer step of a row's stage; None for the teacher."""
    batch = training_of(study, method).batch if method else study.training.batch
    return batch * (stage.batches_per_step if stage else 1)


def predicted(study: Study, tissue: Tissue, scale: float) -> float:
    """Number of regions that a model predicts, once for each kind of pixels; validation is always among them."""
    splits = ("val", "test", "external") if study.report_split == "test" else ("val",)
    kinds = 1 if scale == study.teacher_magnification else len(study.pixels)
    return kinds * tissue.share(*splits)


def work_of(
    rule: str,
    study: Study,
    tissue: Tissue,
    scale: float,
    steps: int = 0,
    models: int = 1,
    network: str = DEFAULT_NETWORK,
    method: str = "",
) -> Work:
    """Work of one job at a magnification. method: of a student."""
    price, teachers_price = _PRICE.get(network, 1.0), _PRICE[study.teacher_network]
    shrink = (scale / study.teacher_magnification) ** 2
    size, recipe = tissue.megapixels * shrink, study.training

    def at_once(regions: float) -> float:
        largest = tissue.largest * shrink
        return pass_memory(network) * max(largest, min(regions * largest, recipe.megapixels_per_pass))

    if network == FITTED and rule in TRAININGS:
        return Work(_LOOK * tissue.share("train", "val") * size, 0, at_once(1))
    if rule in TRAININGS:
        stage = _stage_of(rule, study, method)
        row = study.methods.get(method)
        bag = _bag(rule, study, row, tissue)
        batch = _batch(study, row, stage) * bag
        validated = tissue.share("val")
        looked, largest_pass = math.ceil(steps / recipe.evaluate_every) * validated * size, at_once(validated)
        if isinstance(stage, Distill) and stage.teacher == "online":
            looked += teachers_price / price * steps * batch * tissue.megapixels
            largest_pass = max(largest_pass, pass_memory(study.teacher_network) * tissue.largest)
        learned = steps * batch * size
        if bag > 1 and batch * size > recipe.megapixels_per_pass:
            looked += learned  # once for the loss, once for the gradient
        if rule == "pretrain_student":
            learned, looked = 2 * learned, 2 * learned
        return Work(price * (learned + _LOOK * looked), steps, max(at_once(batch), _LOOK * largest_pass))
    if rule == "record_teacher":
        looked = tissue.share("train") * study.views / study.recording_parts * size
        return Work(price * _LOOK * looked, 0, _LOOK * at_once(study.views))
    if rule == "predict":
        looked = predicted(study, tissue, scale) * size
        return Work(price * _LOOK * looked, 0, _LOOK * at_once(_PREDICTED_AT_ONCE))
    if rule == "measure_cost":
        timed = study.cost.regions * study.cost.repeats
        return Work(price * _LOOK * timed * size, 0, _LOOK * at_once(1))
    if rule in _BY_REGION:
        return Work(tissue.regions / tissue.slides * tissue.megapixels)
    return Work(tissue.slides if rule in _BY_SLIDE else models if rule in _BY_MODEL else 1)


def _bag(rule: str, study: Study, method: Method | None, tissue: Tissue) -> float:
    """Regions of an example in a batch: 1 or, of a training on bags, those drawn from a slide."""
    recipe = training_of(study, method) if method else study.training
    if recipe.bags == "none" or rule not in ("train_teacher", "finetune_student"):
        return 1
    return min(recipe.bag_regions, tissue.regions / tissue.slides)


def expected_tissue(
    known: Tissue, measured: Study, study: Study, slides: int, slide_mb: float | None, shares: dict[str, float]
) -> Tissue:
    """Expected tissue of a study's slides, from that of a measured study (``known``, of ``measured``).

    Larger slide files are assumed to hold larger pieces of tissue, or more fields of a grid.
    shares: of the regions by split, used if ``known`` has none yet.
    """
    growth = slide_mb / known.slide_mb if slide_mb and known.slide_mb else 1.0
    closer = (study.teacher_magnification / measured.teacher_magnification) ** 2
    tissue = replace(
        known,
        slides=slides,
        slide_mb=slide_mb,
        regions=known.regions * slides / known.slides,
        mm2=known.mm2 * slides / known.slides * growth,
        megapixels=known.megapixels * closer * growth,
        largest=known.largest * closer * growth,
        shares=known.shares or shares,
    )
    if study.unit != "grid":
        return tissue
    grid = study.grid
    field = (grid.size_um / magnification.mpp_of(study.teacher_magnification)) ** 2 / 1e6
    if measured.unit == "grid" and measured.grid == grid:
        regions = tissue.regions * growth
    else:
        regions = tissue.mm2 * 1e6 / (grid.stride_um or grid.size_um) ** 2
    return replace(tissue, regions=regions, megapixels=field, largest=field)
