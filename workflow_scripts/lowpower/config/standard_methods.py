"""Standard rows of a study, which a config may give by name alone. docs/method.md explains each."""

from dataclasses import replace
from typing import Any

from lowpower.config.method_settings import Distill, Finetune, Method, Pretrain
from lowpower.config.training_settings import Stage

_LABELED, _LAST_FIFTH = Finetune(images="labeled"), Finetune(images="labeled", share=0.2)

_TUNED: dict[str, Any] = {"batches_per_step": 16, "lr_multiplier": 4, "ema_decay": 0.995}


def _tuned(method: Method) -> Method:
    """The same row with the optimizer steps of ``sskd_tuned``, for comparisons at an equal number of images seen."""
    stages: dict[str, Any] = {name: stage for name, stage in vars(method).items() if isinstance(stage, Stage)}
    return replace(
        method,
        **{name: replace(stage, **_TUNED) for name, stage in stages.items()},
    )


STANDARD = {
    "scratch": Method(finetune=_LABELED),
    "teacher_init": Method(init="teacher", finetune=_LABELED),
    "kd_supervised": Method(distill=Distill(images="labeled", cross_entropy=1)),
    "sskd": Method(distill=Distill(images="all")),
    "sskd_paper": Method(epochs=100, batch=32, distill=Distill(images="all")),
    "sskd_finetuned": Method(distill=Distill(images="all"), finetune=_LAST_FIFTH),
    "sskd_released": Method(distill=Distill(images="all", feature_weight=0.5, drop_last=True)),
    "sskd_tuned": Method(distill=Distill(images="all", feature_weight=10, **_TUNED)),
    "all_labels": Method(finetune=Finetune(images="all")),
    "self_distill": Method(at="teacher", distill=Distill(images="all")),
    "color_baseline": Method(network="color", finetune=_LABELED),
    "vicreg": Method(pretrain=Pretrain(images="all"), finetune=_LAST_FIFTH),
}
STANDARD |= {
    f"{name}_tuned": _tuned(STANDARD[name])
    for name in ("scratch", "teacher_init", "kd_supervised", "all_labels", "self_distill", "vicreg")
}
FORMER_NAMES = {"colour": "color_baseline"}  # of 0.1.0, for messages
