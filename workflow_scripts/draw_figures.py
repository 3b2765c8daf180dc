"""Draw accuracy against FLOPs, and the training curves."""

from lowpower.log import open_log
from lowpower.tables.figures import draw_accuracy_flops, draw_training_curves

open_log(snakemake.log[0])
draw_accuracy_flops(
    results=snakemake.input.results,
    cost=snakemake.input.cost,
    svg=snakemake.output.accuracy_flops_svg,
    png=snakemake.output.accuracy_flops_png,
)
draw_training_curves(
    histories=snakemake.input.histories,
    models=snakemake.params.models,
    svg=snakemake.output.training_curves_svg,
    png=snakemake.output.training_curves_png,
)
