"""Compute every metric of every model with its interval, and its difference to the teacher."""

from lowpower.job_start import start_job
from lowpower.tables.results_table import evaluate

start_job(snakemake.log[0], snakemake.input)
evaluate(
    units=snakemake.input.units,
    models=snakemake.params.models,
    classes=snakemake.params.classes,
    splits=snakemake.params.splits,
    statistics=snakemake.params.statistics,
    positive_class=snakemake.params.positive_class,
    tables=dict(snakemake.output.items()),
)
