"""What each training job is told, and which model it starts from: plain values, told from the config alone."""

from collections.abc import Sequence

from lowpower import magnification
from lowpower.config.external_models import KINDS_OF_INIT, external_teacher
from lowpower.config.method_settings import Method
from lowpower.config.study import Study
from lowpower.config.study_models import FITTED, steps_of, uses_unlabeled
from lowpower.config.trained_model import Model


def recipe(study: Study, model: Model, steps: int) -> dict:
    """The params that every training shares, from which a script does the same anywhere."""
    about = {"magnification": model.magnification, "method": model.method, "seed": model.seed}
    settings: tuple[str, ...] = ("unit", "tissue", "jpeg_quality", "augmentation")
    settings += ("grid",) if study.unit == "grid" else ("max_side_um",)
    config = study.as_dict()
    return {
        "name": f"{model.method} at {magnification.name_of(model.magnification)}",
        "about": about | {key: config[key] for key in settings},
        "network": model.network,
        "steps": steps,
        "labeled": model.labeled,
        "unlabeled": model.unlabeled,
        **{key: config[key] for key in ("classes", "training", "augmentation", "gpu")},
        "seed": model.seed,
    }


def student_recipe(study: Study, model: Model, stage: str) -> dict:
    """The params of one stage (pretrain, distill or finetune) of a student.

    A file that a row starts from is ``weights``: its path says nothing, its content counts.
    """
    method = study.methods[model.method]
    steps = steps_of(method, study.training.steps)[stage == "finetune"]
    reduction = magnification.reduction_between(study.teacher_magnification, model.magnification)
    init = method.init if method.init in KINDS_OF_INIT else "weights"
    return recipe(study, model, steps) | {stage: method.as_dict()[stage], "init": init, "reduction": reduction}


def stage_before(method: Method) -> str | None:
    """The name of the files that fine-tuning continues: distilled, pretrained, or None where it is the first stage."""
    return "distilled" if method.distill else "pretrained" if method.pretrain else None


def teacher_folder(study: Study, seed: int) -> str:
    """Folder, below results/{cohort}/, of the teacher that the students of a seed learn from."""
    return "teacher/best" if study.teacher == "best_validation" else f"teacher/seed{seed}"


def result_row(study: Study, model: Model) -> dict:
    """A ResultModel as plain values; what is fitted to convergence takes no optimizer steps."""
    return model.as_row() | {"steps": None if model.network == FITTED else study.training.steps}


def time_files(study: Study, model: Model) -> list[str]:
    """The files that say how long each stage of a model took, below results/{cohort}/; none of a given teacher."""
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
    }


def example_student(study: Study, models: Sequence[Model]) -> Model:
    """The student shown beside its teacher: of the first seed, one distilled on all images if any, read the lowest."""

    def place(model: Model) -> tuple:
        method = study.methods[model.method]
        return bool(method.distill) + uses_unlabeled(method), model.network != FITTED, -model.magnification

    return max((m for m in models if m.method != "teacher" and m.seed == study.seeds[0]), key=place)


def controls(study: Study) -> list[str]:
    """Methods to hold others against, none to use: with labels of images that really have none, or by color alone."""
    return [
        name
        for name, method in study.methods.items()
        if method.network == FITTED or (method.finetune and method.finetune.images == "all")
    ]
