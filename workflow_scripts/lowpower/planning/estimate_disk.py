"""Disk of each rule's outputs: ZIPs as measured in past runs; recordings, models and predictions by their format."""

import math
from collections.abc import Sequence

from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.planning.past_runs import Cohort, Tissue
from lowpower.planning.workload import TRAININGS, has_job, predicted
from lowpower.sizes import model_mb, predictions_mb, recording_mb


def disk_mb(rule: str, jobs: int, study: Study, models: Sequence[Model], tissue: Tissue, source: Cohort) -> float:
    """MB of a rule's outputs. source: the cohort whose ZIPs and slides were measured."""
    classes = len(study.classes)
    measured, pixels = source.tissue, tissue.regions * tissue.megapixels
    teacher, at = study.teacher_magnification, source.study.teacher_magnification

    def zips(scale: float, among: list[float]) -> float:
        """MB of a ZIP at a magnification, by the bytes per pixel of ZIPs at the nearest of ``among``."""
        near = min(among, key=lambda other: abs(math.log(other / scale)), default=None)
        if near is None:
            return 0.0
        per_slide = measured.regions / measured.slides * measured.megapixels * (near / at) ** 2
        return pixels * (scale / teacher) ** 2 * source.zips[near] / per_slide

    if rule == "make_demo_slide":
        return jobs * (tissue.slide_mb or measured.slide_mb or 0.0)
    if rule == "check_slide":
        return jobs * source.small_mb / measured.slides
    if rule == "tile_slide":
        return zips(teacher, [scale for scale in source.zips if scale == at])
    if rule in ("downsample_slide", "read_level"):
        lows = study.student_magnifications
        read = jobs / (tissue.slides * len(lows))  # share of the slides
        return sum(read * zips(low, [scale for scale in source.zips if scale != at]) for low in lows)
    if rule == "record_teacher":
        trained = tissue.share("train") * len(study.seeds)
        return recording_mb(trained, study.views, tissue.megapixels, classes, study.teacher_network)
    made = [model for model in models if has_job(rule, study, model.method)]
    if rule == "predict":
        return sum(predictions_mb(predicted(study, tissue, model.magnification), classes) for model in made)
    if rule in TRAININGS:
        return sum(model_mb(model.network, classes) for model in made)
    return jobs * model_mb(study.teacher_network, classes) if rule in ("adopt_teacher", "choose_teacher") else 0.0
