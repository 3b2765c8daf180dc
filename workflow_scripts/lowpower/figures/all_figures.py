"""All figures of the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lowpower.config.trained_model import Model
from lowpower.figures.accuracy_by_share import draw_shares
from lowpower.figures.accuracy_cost import draw_accuracy_flops
from lowpower.figures.confusion_figure import draw_confusion
from lowpower.figures.example_gallery import draw_disagreements, draw_examples
from lowpower.figures.recall import draw_recall
from lowpower.figures.referral_figure import draw_referral
from lowpower.figures.reliability import draw_reliability
from lowpower.figures.roc import draw_roc
from lowpower.figures.training_curves import draw_training_curves


def draw_figures(
    results: str | Path,
    confusion: str | Path,
    cost: str | Path,
    referral: str | Path,
    roc: str | Path,
    reliability: str | Path,
    histories: Sequence[str | Path],
    examples: str | Path,
    models: Sequence[Model],
    classes: Sequence[str],
    scales: Mapping[str, str],
    figures: Sequence[str | Path],
) -> None:
    """Draw each figure as SVG and as PNG.

    results, confusion, cost, referral, roc, reliability: tables (CSV). histories: one CSV per model, parallel to
    models. scales: magnification by teacher and student. figures: the files to write, {figure}.svg and {figure}.png;
    ``unlabeled_share`` and ``labeled_share`` are drawn only if listed, because a study may have a single share.
    """
    paths = {Path(path).name: path for path in figures}

    def files(name: str) -> dict[str, str | Path]:
        return {"svg": paths[f"{name}.svg"], "png": paths[f"{name}.png"]}

    draw_accuracy_flops(results, cost, **files("accuracy_flops"))
    draw_referral(referral, **files("referral"))
    for images in ("unlabeled", "labeled"):
        if f"{images}_share.svg" in paths:
            draw_shares(results, images, **files(f"{images}_share"))
    draw_recall(confusion, classes, **files("recall"))
    draw_roc(roc, results, **files("roc"))
    draw_reliability(reliability, results, **files("reliability"))
    draw_confusion(confusion, results, classes, **files("confusion"))
    draw_examples(examples, scales, **files("examples"))
    draw_disagreements(examples, scales, **files("disagreements"))
    draw_training_curves(histories, models, **files("training_curves"))
