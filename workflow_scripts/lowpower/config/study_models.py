"""The study: which models there are, what each learns from, and where its files lie."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lowpower import magnification

TEACHERS_NETWORK = "resnet10"  # as lowpower.models.resnet.ResNet.name, which would take a torch import here
FITTED = "color"  # the network that is fitted to convergence instead of taking optimizer steps


@dataclass(frozen=True)
class Model:
    """One trained model, and the percentages of the labeled and unlabeled training patients it learns from."""

    method: str
    magnification: float
    labeled: int
    unlabeled: int
    seed: int
    network: str = TEACHERS_NETWORK

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

    A method that never looks at unlabeled regions is trained once, not once per unlabeled share; one that reads
    what the teacher reads once, not once per student magnification.
    """
    teacher = config["teacher_magnification"]
    found = {Model("teacher", teacher, 100, 0, seed): None for seed in config["seeds"]}
    for method, row in config["methods"].items():
        shares = config["unlabeled"] if uses_unlabeled(row) else [0]
        for scale in [teacher] if row["at"] == "teacher" else config["student_magnifications"]:
            for labeled in config["labeled"]:
                for unlabeled in shares:
                    seeds = config["seeds"]
                    found |= {Model(method, scale, labeled, unlabeled, seed, row["network"]): None for seed in seeds}
    return list(found)


def level_of(model: Model, config: dict) -> str:
    """The scale, such as 2.5x-level, at which a model is also asked about the slide's own level; "" where it is not."""
    wanted = "level" in config["pixels"] and model.magnification != config["teacher_magnification"]
    return f"{magnification.name_of(model.magnification)}-level" if wanted else ""


def measured_networks(models: Sequence[Model]) -> list[tuple[str, float]]:
    """Every network and magnification of the models, once, the teacher's first: what costs are measured of."""
    return list(dict.fromkeys((model.network, model.magnification) for model in models))


def uses_unlabeled(row: dict) -> bool:
    """Whether a method's row learns from regions without a label."""
    return any(stage and stage["images"] == "all" for stage in (row["pretrain"], row["distill"], row["finetune"]))


def steps_of(row: dict, total: int) -> tuple[int, int]:
    """Optimizer steps of (pretraining or distillation, fine-tuning); they add up to ``total`` for every row."""
    if not row["distill"] and not row["pretrain"]:
        return 0, total
    if not row["finetune"]:
        return total, 0
    finetune = min(max(1, round(total * row["finetune"]["share"])), total - 1)
    return total - finetune, finetune
