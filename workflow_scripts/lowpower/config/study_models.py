"""The models of a study and their training data."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from lowpower import magnification
from lowpower.config.method_settings import Method
from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.config.training_settings import BagsKind, Training

FITTED = "color"  # the network that is fitted to convergence instead of taking optimizer steps


def models(study: Study) -> list[Model]:
    """Every model of the study, once, teachers first.

    A method that does not use unlabeled regions is trained once, not once per unlabeled share. A method at the
    teacher's magnification is trained once, not once per student magnification.
    """
    teacher = study.teacher_magnification
    all_models = [Model("teacher", teacher, 100, 0, seed, study.teacher_network) for seed in study.seeds]
    for name, method in study.methods.items():
        scales = [teacher] if method.at == "teacher" else study.student_magnifications
        shares = study.unlabeled if uses_unlabeled(method) else [0]
        all_models += [
            Model(name, scale, labeled, unlabeled, seed, method.network)
            for scale, labeled, unlabeled, seed in product(scales, study.labeled, shares, study.seeds)
        ]
    return list(dict.fromkeys(all_models))


def level_of(model: Model, study: Study) -> str:
    """Scale, such as 2.5x-level, of a model's predictions on the slide's own level; "" where there are none."""
    reads_level = "level" in study.pixels and model.magnification != study.teacher_magnification
    return f"{magnification.name_of(model.magnification)}-level" if reads_level else ""


def measured_networks(models: Sequence[Model]) -> list[tuple[str, float]]:
    """Pairs of network and magnification to measure costs of, each once, the teacher's first."""
    return list(dict.fromkeys((model.network, model.magnification) for model in models))


def uses_unlabeled(method: Method) -> bool:
    """True if a method learns from regions without a label."""
    return any(stage and stage.images == "all" for stage in (method.pretrain, method.distill, method.finetune))


def bags_of(study: Study, method: Method) -> BagsKind:
    """What a row learns a label from; a fitted network has no bags."""
    if method.network == FITTED:
        return "none"
    return study.training.bags if method.bags == "study" else method.bags


def training_of(study: Study, method: Method) -> Training:
    """Optimizer settings of a row: the study's, with the row's own steps, batch and bags if it has any."""
    return replace(
        study.training,
        steps=method.steps or study.training.steps,
        batch=method.batch or study.training.batch,
        bags=bags_of(study, method),
    )


def stage_shares(method: Method) -> tuple[float, float]:
    """Shares of (pretraining or distillation, fine-tuning) in the training of a row; they add up to 1."""
    if not method.distill and not method.pretrain:
        return 0, 1
    share = method.finetune.share if method.finetune else 0
    return 1 - share, share


def steps_of(method: Method, total: int) -> tuple[int, int]:
    """Optimizer steps of (pretraining or distillation, fine-tuning); they add up to ``total`` for every row."""
    first, last = stage_shares(method)
    if not first or not last:
        return round(first * total), round(last * total)
    finetune = min(max(1, round(total * last)), total - 1)
    return total - finetune, finetune
