"""Params of one training: the ``job`` that a training rule passes to its script.

This module imports no settings of methods, so a new option of distillation does not retrain the teacher.
"""

from dataclasses import dataclass
from typing import Any

from lowpower.config.training_settings import Augmentation, Training


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """Params of the training of one model, or of one stage of it. Its fields are part of the model's fingerprint."""

    name: str  # model name, for messages
    seed: int
    classes: list[str]
    network: str
    init: str  # start weights: random, teacher, or "weights" for a file
    steps: int  # optimizer steps of this stage; 0 if it counts epochs
    labeled: int  # percent of the labeled training patients
    unlabeled: int  # percent of the unlabeled training patients
    training: Training
    augmentation: Augmentation
    gpu: bool
    about: dict[str, Any]  # settings of the study that the model file records
    code: str  # hash of the training's code
    epochs: float = 0  # passes of this stage over its training regions; 0 if it counts steps
