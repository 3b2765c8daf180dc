"""Params and input files of each training job, from the config alone."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from lowpower import magnification
from lowpower.config.external_models import KINDS_OF_INIT, external_teacher
from lowpower.config.method_settings import Method
from lowpower.config.student_params import STUDENT_JOBS, StudentJob
from lowpower.config.study import Study
from lowpower.config.study_models import FITTED, stage_shares, steps_of, training_of, uses_unlabeled
from lowpower.config.trained_model import Model
from lowpower.config.training_params import TrainingJob
from lowpower.config.training_settings import Training


def teacher_job(study: Study, seed: int, code: str) -> TrainingJob:
    """Params of the training of the teacher of a seed. code: hash of the training's code."""
    model = Model("teacher", study.teacher_magnification, 100, 0, seed, study.teacher_network)
    init = "weights" if study.teacher_weights else "random"
    return TrainingJob(**_shared(study, model, study.training), init=init, steps=study.training.steps, code=code)


def student_job(study: Study, model: Model, stage: str, code: str) -> StudentJob:
    """Params of one stage (pretrain, distill or finetune) of a student. code: hash of the training's code.

    ``init`` is "weights" for a row that starts from a file: the content of the file counts, not its path.
    """
    method = study.methods[model.method]
    training, share = training_of(study, method), stage_shares(method)[stage == "finetune"]
    if stage == "pretrain":  # without labels, so without bags
        training = replace(training, bags="none")
    return STUDENT_JOBS[stage](
        **_shared(study, model, training),
        init=method.init if method.init in KINDS_OF_INIT else "weights",
        steps=0 if method.epochs else steps_of(method, training.steps)[stage == "finetune"],
        epochs=method.epochs * share,
        reduction=magnification.reduction_between(study.teacher_magnification, model.magnification),
        code=code,
        **{stage: getattr(method, stage)},
    )


def _shared(study: Study, model: Model, training: Training) -> dict[str, Any]:
    """Fields of the study and the model that every training job has."""
    size = {"grid": asdict(study.grid)} if study.unit == "grid" else {"max_side_um": study.max_side_um}
    return {
        "name": f"{model.method} at {magnification.name_of(model.magnification)}",
        "seed": model.seed,
        "classes": study.classes,
        "network": model.network,
        "labeled": model.labeled,
        "unlabeled": model.unlabeled,
        "training": training,
        "augmentation": study.augmentation,
        "gpu": study.gpu,
        "about": {
            "magnification": model.magnification,
            "method": model.method,
            "seed": model.seed,
            "unit": study.unit,
            "tissue": asdict(study.tissue),
            "jpeg_quality": study.jpeg_quality,
            "augmentation": asdict(study.augmentation),
            **size,
        },
    }


def stage_before(method: Method) -> str | None:
    """Name of the files that fine-tuning continues: distilled, pretrained, or None where it is the first stage."""
    return "distilled" if method.distill else "pretrained" if method.pretrain else None


def teacher_folder(study: Study, seed: int) -> str:
    """Folder, below results/{cohort}/, of the teacher that the students of a seed learn from."""
    return "teacher/best" if study.teacher_choice == "best_validation" else f"teacher/seed{seed}"


def result_row(study: Study, model: Model) -> dict:
    """A ResultModel as plain values; a network that is fitted, or a row that counts epochs, names no steps."""
    method = study.methods.get(model.method)
    counted = model.network != FITTED and not (method and method.epochs)
    steps = training_of(study, method).steps if method else study.training.steps
    return model.as_row() | {"steps": steps if counted else None}


def time_files(study: Study, model: Model) -> list[str]:
    """Files with the duration of each stage of a model, below results/{cohort}/; none for an external teacher."""
    if model.method == "teacher":
        return [] if external_teacher(study) else [f"{model.folder}/time.json"]
    before = stage_before(study.methods[model.method])
    return [f"{model.folder}/{name}time.json" for name in ([f"{before}-"] if before else []) + [""]]


def timed_row(study: Study, model: Model) -> dict:
    """A TimedModel as plain values."""
    method = study.methods.get(model.method)
    return model.as_row() | {
        "teacher": method is not None and method.needs_teacher,
        "recording": method is not None and method.replays_recording,
        "online": bool(method and method.distill and not method.replays_recording),
    }


def example_student(study: Study, models: Sequence[Model]) -> Model:
    """The student shown beside its teacher: first seed, distilled on all images if any, lowest magnification."""

    def preference(model: Model) -> tuple:
        method = study.methods[model.method]
        return bool(method.distill) + uses_unlabeled(method), model.network != FITTED, -model.magnification

    return max((m for m in models if m.method != "teacher" and m.seed == study.seeds[0]), key=preference)


def controls(study: Study) -> list[str]:
    """Control methods: oracle labels for the unlabeled images, or color only."""
    return [
        name
        for name, method in study.methods.items()
        if method.network == FITTED or (method.finetune and method.finetune.images == "all")
    ]
