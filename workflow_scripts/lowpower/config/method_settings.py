"""Settings of a method, one row of the study, and of its training stages."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.settings import REQUIRED, Settings, setting
from lowpower.config.training_settings import Stage

PretrainedNetwork = Literal["resnet18", "resnet34", "resnet50", "tf_efficientnet_lite0"]  # starts from a file

METHOD_NAME = {
    "description": "up to 64 lowercase letters, digits and _, starting with a letter and not ending in 20 repetitions; "
    "not `teacher`, which is always a row",
    "pattern": r"^(?!.*?(.+)\1{19}$)[a-z][a-z0-9_]{0,63}$",
    "not": {"const": "teacher"},
}


@dataclass(frozen=True, kw_only=True)
class Pretrain(Stage):
    """Pretraining by VICReg, without labels or teacher."""


@dataclass(frozen=True, kw_only=True)
class Distill(Stage):
    """Distillation from the teacher."""

    kl_weight: float = setting(
        1,
        "Weight of the Kullback-Leibler divergence between the class probabilities of teacher and student.",
        formerly="kl",
        minimum=0,
    )
    temperature: float = setting(1, "Temperature of that divergence.", exclusiveMinimum=0)
    feature_weight: float = setting(
        1, "Weight of the mean squared difference between the last feature maps.", formerly="map", minimum=0
    )
    pooling: Literal["max", "mean"] = setting("max", "Pooling of the teacher's feature map to the student's grid.")
    cross_entropy: float = setting(0, "Weight of the cross-entropy with the labels (images labeled only).", minimum=0)
    views: int = setting(
        0,
        "Number of views of each region that the student is trained on; 0 means all that are recorded or, with an "
        "online teacher, a new one at every step.",
        minimum=0,
        renamed={"live": "teacher: online"},
    )
    teacher: Literal["recorded", "online"] = setting(
        "recorded",
        "recorded replays teacher outputs that were computed once for each view; online runs the teacher at every "
        "step, as the released code does.",
    )
    drop_last: bool = setting(
        False, "Drop the last partial batch of every pass over the images, as the released code does."
    )


@dataclass(frozen=True, kw_only=True)
class Finetune(Stage):
    """Training on labels."""

    images: Literal["labeled", "all"] = setting(
        REQUIRED, "labeled: the labeled regions; all: also the unlabeled ones, with their true_label."
    )
    share: float = setting(
        0.2,
        "Share of the optimizer steps, at the end of training; the rest, at least one step, is distillation or "
        "pretraining. Without either it is 1.",
        exclusiveMinimum=0,
        maximum=1,
    )


@dataclass(frozen=True, kw_only=True)
class Method(Settings):
    """One row of the study: a network, its start weights and its training stages."""

    network: Literal["resnet10", "color", PretrainedNetwork] = setting(
        "resnet10",
        "Network of the student. resnet10 is that of the paper; color is a logistic regression on the mean and "
        "standard deviation of each color channel, fitted to convergence; the others, torchvision's resnet18, resnet34 "
        "and resnet50 and timm's tf_efficientnet_lite0, start from the file in init.",
    )
    at: Literal["students", "teacher"] = setting(
        "students",
        "Magnifications of the row. students: one model at each of student_magnifications; teacher: one model, at "
        "the teacher's magnification.",
    )
    init: str = setting(
        "random",
        "Start weights of the student; teacher needs the teacher's network. A path names a safetensors file with "
        "weights of the row's network under the names of its library, with or without the last layer "
        "(docs/teachers.md).",
        pattern=r"^(random|teacher|.+\.safetensors)$",
        examples=["random", "teacher", "PATH.safetensors"],
    )
    steps: int = setting(0, "Optimizer steps of the row, fine-tuning included; 0 for training.steps.", minimum=0)
    epochs: int = setting(
        0,
        "Passes over the row's training regions, instead of a number of steps; more regions then take more steps. 0 to "
        "count steps.",
        minimum=0,
    )
    batch: int = setting(0, "Regions per batch of the row; 0 for training.batch.", minimum=0)
    bags: Literal["study", "none", "mean", "attention"] = setting(
        "study",
        "What the row learns a label from; study means training.bags. A row that learns from the teacher has the "
        "teacher's.",
    )
    pretrain: Pretrain | None = setting(
        None, "Pretraining on views of images, without labels or teacher (VICReg), before fine-tuning; null for none."
    )
    distill: Distill | None = setting(None, "Distillation from the teacher; null for none.")
    finetune: Finetune | None = setting(None, "Training on labels; null for none.")

    @property
    def needs_teacher(self) -> bool:
        """True if the method learns from the teacher or starts from its weights."""
        return self.distill is not None or self.init == "teacher"

    @property
    def replays_recording(self) -> bool:
        """True if the method is distilled from the teacher's recorded outputs."""
        return self.distill is not None and self.distill.teacher == "recorded"
