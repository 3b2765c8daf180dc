"""Draw accuracy against FLOPs, the training curves and examples."""

from lowpower.log import open_log
from lowpower.tables.figures import draw_accuracy_flops, draw_training_curves
from lowpower.tables.gallery import draw_examples

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
draw_examples(
    examples=snakemake.input.examples,
    scales=snakemake.params.example_scales,
    svg=snakemake.output.examples_svg,
    png=snakemake.output.examples_png,
)
