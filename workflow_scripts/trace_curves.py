"""Trace the curves that figures show: ROC, and how often a model is right when it is so sure."""

from lowpower.job_start import start_job
from lowpower.tables.curve_points import trace_curves

start_job(snakemake.log[0], snakemake.input)
trace_curves(
    units=snakemake.input.units,
    models=snakemake.params.models,
    splits=snakemake.params.splits,
    roc=snakemake.output.roc,
    reliability=snakemake.output.reliability,
)
