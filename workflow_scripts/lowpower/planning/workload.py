"""How much work each job of a run is, in megapixels, so that jobs of one config tell how long those of another take.

A training's work is the pixels it learns from, plus a third of the pixels it is validated on (and of those a live
teacher looks at), times what its network computes for each, plus what an optimizer step costs whatever its pixels.
Pretraining sees two views of a region, once to judge them and once to learn; what is fitted looks at a region once.
Recording, predicting and measuring cost look at pixels without learning, a third each. Cutting a slide grows with the
pixels of its regions, tables with the number of slides or models.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lowpower import magnification
from lowpower.config.method_settings import Method
from lowpower.config.study_models import FITTED, TEACHERS_NETWORK, steps_of
from lowpower.planning.past_runs import Cohort, Job, Tissue

TRAININGS = ("train_teacher", "pretrain_student", "distill_student", "finetune_student")
MODEL_RULES = (*TRAININGS, "record_teacher", "predict", "measure_cost", "show_examples")  # those on the GPU, if any
_LOOK = 1 / 3  # a forward pass, of one forward and backward
_PREDICTED_AT_ONCE = 64
_BY_REGION = ("mask_tissue", "tile_slide", "downsample_slide", "read_level")
_BY_SLIDE = ("gather_slides", "index_regions", "split_patients", "count_cohort", "write_report")
_PRICE = {"resnet18": 7.2, "resnet34": 14.6, "resnet50": 16.2}  # FLOPs of a pixel, of resnet10's 10,032
_BY_MODEL = ("judge_units", "evaluate", "list_patients", "refer_units", "trace_curves", "draw_figures")


@dataclass(frozen=True)
class Work:
    """One job's work. at_once: megapixels of its largest pass through the network, which memory grows with."""

    megapixels: float
    steps: int = 0
    at_once: float = 0.0


def planned_works(rule: str, config: dict, models: Sequence[dict], tissue: Tissue, jobs: int) -> dict[object, Work]:
    """The work of each job of a rule, by the number of its model in ``models`` where the job is a model's."""
    if rule in TRAININGS or rule == "predict":
        return {
            i: work_of(
                rule,
                config,
                tissue,
                model["magnification"],
                _steps(rule, config, model),
                network=model["network"],
                distill=_distillation(config, model["method"]),
            )
            for i, model in enumerate(models)
            if has_job(rule, config, model["method"])
        }
    if rule == "measure_cost":
        kinds = dict.fromkeys((model["network"], model["magnification"]) for model in models)
        return {kind: work_of(rule, config, tissue, kind[1], network=kind[0]) for kind in kinds}
    scale = config["teacher_magnification"]
    return {k: work_of(rule, config, tissue, scale, models=len(models)) for k in range(jobs)}


def measured_works(rule: str, cohort: Cohort, tissue: Tissue) -> list[tuple[Job, Work]]:
    """Each finished job of a rule with its work. tissue: the cohort's own."""
    models = len(cohort.jobs.get("predict", []))
    pairs = []
    for job in cohort.jobs.get(rule, []):
        scales = [part for part in job.key.split("/") if re.fullmatch(r"[0-9.]+x", part)]
        scale = magnification.parse(scales[0]) if scales else cohort.config["teacher_magnification"]
        network, distill = _network_of(job.key, cohort.config), _distillation(cohort.config, _method_of(job.key))
        pairs.append((job, work_of(rule, cohort.config, tissue, scale, job.steps, models, network, distill)))
    return pairs


def _distillation(config: dict, method: str) -> dict:
    """How a method of the config distills; empty where it does not."""
    return (config["methods"].get(method) or {}).get("distill") or {}


def _network_of(key: str, config: dict) -> str:
    """The network of a finished job: of its method, or named in its place; one of the teacher's else."""
    row, named = config["methods"].get(_method_of(key), {}), key.split("/")[0]
    return row.get("network") or (named if named in (*_PRICE, FITTED) else TEACHERS_NETWORK)


def _method_of(key: str) -> str:
    """The method of a finished job of a student, such as students/sskd/2.5x/…; blank of any other job."""
    return key.split("/")[1] if key.startswith("students/") else ""


def has_job(rule: str, config: dict, method: str) -> bool:
    """Whether a model of this method has a job of a training rule, or of predict."""
    if rule == "predict":
        return True
    if method == "teacher" or rule == "train_teacher":
        return method == "teacher" and rule == "train_teacher"
    stage = {"distill_student": "distill", "pretrain_student": "pretrain"}.get(rule)
    return stage is None or bool(config["methods"][method][stage])


def _steps(rule: str, config: dict, model: dict) -> int:
    """Optimizer steps of a model in the stage that a rule is."""
    total = config["training"]["steps"]
    if rule == "train_teacher" or model["method"] == "teacher":
        return total if (rule, model["method"]) == ("train_teacher", "teacher") else 0
    return steps_of(Method.from_dict(config["methods"][model["method"]]), total)[rule == "finetune_student"]


def predicted(config: dict, tissue: Tissue, scale: float) -> float:
    """Regions that a model is asked about, once for each kind of pixels; those of validation always."""
    splits = ("val", "test", "external") if config["report_split"] == "test" else ("val",)
    kinds = 1 if scale == config["teacher_magnification"] else len(config.get("pixels", [""]))  # older runs: one
    return kinds * tissue.share(*splits)


def work_of(
    rule: str,
    config: dict,
    tissue: Tissue,
    scale: float,
    steps: int = 0,
    models: int = 1,
    network: str = TEACHERS_NETWORK,
    distill: dict | None = None,
) -> Work:
    """The work of one job at a magnification. distill: of a model that distills, the row's section."""
    price = _PRICE.get(network, 1.0)
    shrink = (scale / config["teacher_magnification"]) ** 2
    size, recipe = tissue.megapixels * shrink, config["training"]

    def at_once(regions: float) -> float:
        largest = tissue.largest * shrink
        return max(largest, min(regions * largest, recipe["megapixels_per_pass"]))

    if network == FITTED and rule in TRAININGS:
        return Work(_LOOK * tissue.share("train", "val") * size, 0, at_once(1))
    if rule in TRAININGS:
        distill = (distill if rule == "distill_student" else None) or {}
        batch = recipe["batch"] * distill.get("batches_per_step", distill.get("looks", 1))  # its name in 0.1.0
        judged = tissue.share("val")
        looked, seen = math.ceil(steps / recipe["evaluate_every"]) * judged * size, at_once(judged)
        if distill.get("teacher") == "online" or distill.get("views") == "live":  # its name in 0.1.0
            looked += steps * batch * tissue.megapixels
            seen = max(seen, tissue.largest)
        learned = steps * batch * size
        if rule == "pretrain_student":
            learned, looked = 2 * learned, 2 * learned
        return Work(price * (learned + _LOOK * looked), steps, max(at_once(batch), _LOOK * seen))
    if rule == "record_teacher":
        looked = tissue.share("train") * config["views"] / config["recording_parts"] * size
        return Work(_LOOK * looked, 0, _LOOK * at_once(config["views"]))
    if rule == "predict":
        looked = predicted(config, tissue, scale) * size
        return Work(price * _LOOK * looked, 0, _LOOK * at_once(_PREDICTED_AT_ONCE))
    if rule == "measure_cost":
        timed = config["cost"]["regions"] * config["cost"]["repeats"]
        return Work(price * _LOOK * timed * size, 0, _LOOK * at_once(1))
    if rule in _BY_REGION:
        return Work(tissue.regions / tissue.slides * tissue.megapixels)
    return Work(tissue.slides if rule in _BY_SLIDE else models if rule in _BY_MODEL else 1)


def expected_tissue(
    known: Tissue, measured: dict, config: dict, slides: int, slide_mb: float | None, shares: dict[str, float]
) -> Tissue:
    """What the slides of a config will hold, judged by those of a measured one (``known`` and its config).

    Slide files that are larger hold pieces of tissue that are larger, or more fields of a grid.
    shares: of the regions by split, where ``known`` has none yet.
    """
    growth = slide_mb / known.slide_mb if slide_mb and known.slide_mb else 1.0
    closer = (config["teacher_magnification"] / measured["teacher_magnification"]) ** 2
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
    if config["unit"] != "grid":
        return tissue
    grid = config["grid"]
    field = (grid["size_um"] / magnification.mpp_of(config["teacher_magnification"])) ** 2 / 1e6
    if measured["unit"] == "grid" and measured["grid"] == grid:
        regions = tissue.regions * growth
    else:
        regions = tissue.mm2 * 1e6 / (grid["stride_um"] or grid["size_um"]) ** 2
    return replace(tissue, regions=regions, megapixels=field, largest=field)
