"""What each training job is told, and which model it starts from: plain values, told from the config alone."""

from collections.abc import Sequence

from lowpower import magnification
from lowpower.config.external_models import KINDS_OF_INIT, external_teacher
from lowpower.config.study_models import FITTED, Model, steps_of, uses_unlabeled


def recipe(config: dict, model: Model, steps: int) -> dict:
    """The params that every training shares, from which a script does the same anywhere."""
    about = {"magnification": model.magnification, "method": model.method, "seed": model.seed}
    settings = ("unit", "tissue", "jpeg_quality", "augmentation")
    settings += ("grid",) if config["unit"] == "grid" else ("max_side_um",)
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


def student_recipe(config: dict, model: Model, stage: str) -> dict:
    """The params of one stage (pretrain, distill or finetune) of a student.

    A file that a row starts from is ``weights``: its path says nothing, its content counts.
    """
    row = config["methods"][model.method]
    steps = steps_of(row, config["training"]["steps"])[stage == "finetune"]
    reduction = magnification.reduction_between(config["teacher_magnification"], model.magnification)
    init = row["init"] if row["init"] in KINDS_OF_INIT else "weights"
    return recipe(config, model, steps) | {stage: row[stage], "init": init, "reduction": reduction}


def stage_before(row: dict) -> str | None:
    """The name of the files that fine-tuning continues: distilled, pretrained, or None where it is the first stage."""
    return "distilled" if row["distill"] else "pretrained" if row["pretrain"] else None


def teacher_folder(config: dict, seed: int) -> str:
    """Folder, below results/{cohort}/, of the teacher that the students of a seed learn from."""
    return "teacher/best" if config["teacher"] == "best_validation" else f"teacher/seed{seed}"


def result_row(config: dict, model: Model) -> dict:
    """A model as the results name it; what is fitted to convergence takes no optimizer steps."""
    return model.as_row() | {
        "folder": model.folder,
        "steps": "" if model.network == FITTED else config["training"]["steps"],
    }


def time_files(config: dict, model: Model) -> list[str]:
    """The files that say how long each stage of a model took, below results/{cohort}/; none of a given teacher."""
    if model.method == "teacher":
        return [] if external_teacher(config) else [f"{model.folder}/time.json"]
    before = stage_before(config["methods"][model.method])
    return [f"{model.folder}/{name}time.json" for name in ([f"{before}-"] if before else []) + [""]]


def timed_row(config: dict, model: Model) -> dict:
    """A model as the table of hours names it: with what else had to be made for it."""
    row = config["methods"].get(model.method, {"distill": None, "init": ""})
    replays = bool(row["distill"]) and row["distill"]["teacher"] == "recorded"
    return model.as_row() | {"teacher": bool(row["distill"]) or row["init"] == "teacher", "recording": replays}


def example_student(config: dict, models: Sequence[Model]) -> Model:
    """The student shown beside its teacher: of the first seed, one distilled on all images if any, read the lowest."""

    def place(model: Model) -> tuple:
        row = config["methods"][model.method]
        return bool(row["distill"]) + uses_unlabeled(row), model.network != FITTED, -model.magnification

    return max((m for m in models if m.method != "teacher" and m.seed == config["seeds"][0]), key=place)


def controls(config: dict) -> list[str]:
    """Methods to hold others against, none to use: with labels of images that really have none, or by color alone."""
    return [
        name
        for name, row in config["methods"].items()
        if row["network"] == FITTED or (row["finetune"] and row["finetune"]["images"] == "all")
    ]
