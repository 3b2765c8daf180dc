"""Trace the curves that figures show: ROC, and how often a model is right when it is so sure."""

from lowpower.log import open_log
from lowpower.tables.curves import trace_curves

open_log(snakemake.log[0])
trace_curves(
    predictions=snakemake.input.predictions,
    models=snakemake.params.models,
    judging=snakemake.params.judging,
    splits=snakemake.params.splits,
    roc=snakemake.output.roc,
    reliability=snakemake.output.reliability,
)
