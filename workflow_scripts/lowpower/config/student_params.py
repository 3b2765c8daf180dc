"""Params of the three training stages of a student."""

from dataclasses import dataclass

from lowpower.config.method_settings import Distill, Finetune, Pretrain
from lowpower.config.training_params import TrainingJob


@dataclass(frozen=True, kw_only=True)
class StudentJob(TrainingJob):
    """Params of one stage of a student."""

    reduction: int  # teacher pixels per student pixel


@dataclass(frozen=True, kw_only=True)
class PretrainJob(StudentJob):
    """Params of pretraining."""

    pretrain: Pretrain


@dataclass(frozen=True, kw_only=True)
class DistillJob(StudentJob):
    """Params of distillation."""

    distill: Distill


@dataclass(frozen=True, kw_only=True)
class FinetuneJob(StudentJob):
    """Params of fine-tuning; ``finetune`` is None where the distilled or pretrained student is kept unchanged."""

    finetune: Finetune | None


STUDENT_JOBS: dict[str, type[StudentJob]] = {"pretrain": PretrainJob, "distill": DistillJob, "finetune": FinetuneJob}
