"""The study: which models there are, what each learns from, and where its files lie."""

from dataclasses import asdict, dataclass

from lowpower import magnification


@dataclass(frozen=True)
class Model:
    """One trained model, and the percentages of the labeled and unlabeled training patients it learns from."""

    method: str
    magnification: float
    labeled: int
    unlabeled: int
    seed: int

    @property
    def folder(self) -> str:
        """Folder of the model's files, below results/{cohort}/."""
        if self.method == "teacher":
            return f"teacher/seed{self.seed}"
        scale = magnification.name_of(self.magnification)
        return f"students/{self.method}/{scale}/labeled{self.labeled}-unlabeled{self.unlabeled}/seed{self.seed}"

    def as_row(self) -> dict:
        """The model as plain values, for a rule's params."""
        return asdict(self)


def models(config: dict) -> list[Model]:
    """Every model of the study, once, teachers first.

    A method that never looks at unlabeled regions is trained once, not once per unlabeled share.
    """
    teacher = config["teacher_magnification"]
    found = {Model("teacher", teacher, 100, 0, seed): None for seed in config["seeds"]}
    for method, row in config["methods"].items():
        shares = config["unlabeled"] if uses_unlabeled(row) else [0]
        for scale in config["student_magnifications"]:
            for labeled in config["labeled"]:
                for unlabeled in shares:
                    found |= {Model(method, scale, labeled, unlabeled, seed): None for seed in config["seeds"]}
    return list(found)


def level_of(model: Model, config: dict) -> str:
    """The scale, such as 2.5x-level, at which a model is also asked about the slide's own level; "" where it is not."""
    wanted = "level" in config["pixels"] and model.method != "teacher"
    return f"{magnification.name_of(model.magnification)}-level" if wanted else ""


def uses_unlabeled(row: dict) -> bool:
    """Whether a method's row learns from regions without a label."""
    return any(stage and stage["images"] == "all" for stage in (row["distill"], row["finetune"]))


def steps_of(row: dict, total: int) -> tuple[int, int]:
    """Optimizer steps of (distillation, fine-tuning); they add up to ``total`` for every row."""
    if not row["distill"]:
        return 0, total
    if not row["finetune"]:
        return total, 0
    finetune = min(max(1, round(total * row["finetune"]["share"])), total - 1)
    return total - finetune, finetune
