"""Draw every figure of the report."""

from lowpower.figures.accuracy_by_share import draw_shares
from lowpower.figures.accuracy_cost import draw_accuracy_flops
from lowpower.figures.confusion_figure import draw_confusion
from lowpower.figures.example_gallery import draw_disagreements, draw_examples
from lowpower.figures.recall import draw_recall
from lowpower.figures.referral_figure import draw_referral
from lowpower.figures.reliability import draw_reliability
from lowpower.figures.roc import draw_roc
from lowpower.figures.training_curves import draw_training_curves
from lowpower.job_start import start_job


def places(name):
    """Where a figure goes."""
    return {"svg": snakemake.output[f"{name}_svg"], "png": snakemake.output[f"{name}_png"]}


start_job(snakemake.log[0], snakemake.input)
draw_accuracy_flops(snakemake.input.results, snakemake.input.cost, **places("accuracy_flops"))
draw_referral(snakemake.input.referral, **places("referral"))
for images in ("unlabeled", "labeled"):
    if f"{images}_share_svg" in snakemake.output.keys():  # of a study with several shares
        draw_shares(snakemake.input.results, images, **places(f"{images}_share"))
draw_recall(snakemake.input.confusion, snakemake.params.classes, **places("recall"))
draw_roc(snakemake.input.roc, snakemake.input.results, **places("roc"))
draw_reliability(snakemake.input.reliability, snakemake.input.results, **places("reliability"))
draw_confusion(snakemake.input.confusion, snakemake.input.results, snakemake.params.classes, **places("confusion"))
draw_examples(snakemake.input.examples, snakemake.params.scales, **places("examples"))
draw_disagreements(snakemake.input.examples, snakemake.params.scales, **places("disagreements"))
draw_training_curves(snakemake.input.histories, snakemake.params.models, **places("training_curves"))
