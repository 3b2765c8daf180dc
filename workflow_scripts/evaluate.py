"""Compute every metric of every model with its interval, and its difference to the teacher."""

from lowpower.log import open_log
from lowpower.tables.results import evaluate

open_log(snakemake.log[0])
evaluate(
    predictions=snakemake.input.predictions,
    models=snakemake.params.models,
    divisions=snakemake.input.splits,
    judging=snakemake.params.judging,
    splits=snakemake.params.splits,
    statistics=snakemake.params.statistics,
    positive_class=snakemake.params.positive_class,
    tables=dict(snakemake.output.items()),
)
