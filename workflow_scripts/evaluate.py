"""Compute every metric of every model with its interval, and its difference to the teacher."""

from lowpower.job import begin
from lowpower.tables.results import evaluate

begin(snakemake.log[0], snakemake.input)
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
