"""The standard rows of a study, which a config may call by their names alone. What each answers: docs/method.md."""

STANDARD = {
    "scratch": {"finetune": {"images": "labeled"}},
    "teacher_init": {"init": "teacher", "finetune": {"images": "labeled"}},
    "kd_supervised": {"distill": {"images": "labeled", "cross_entropy": 1}},
    "sskd": {"distill": {"images": "all"}},
    "sskd_finetuned": {"distill": {"images": "all"}, "finetune": {"images": "labeled", "share": 0.2}},
    "sskd_released": {"distill": {"images": "all", "feature_weight": 0.5, "drop_last": True}},
    "sskd_tuned": {
        "distill": {
            "images": "all",
            "batches_per_step": 16,
            "lr_multiplier": 4,
            "ema_decay": 0.995,
            "feature_weight": 10,
        }
    },
    "all_labels": {"finetune": {"images": "all"}},
    "self_distill": {"at": "teacher", "distill": {"images": "all"}},
    "color_baseline": {"network": "color", "finetune": {"images": "labeled"}},
    "vicreg": {"pretrain": {"images": "all"}, "finetune": {"images": "labeled", "share": 0.2}},
}
FORMER_NAMES = {"colour": "color_baseline"}  # of 0.1.0, for messages
