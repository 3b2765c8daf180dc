"""Compute every metric of every model with its interval, and its difference to the teacher."""

from lowpower.job import begin
from lowpower.tables.results import evaluate

begin(snakemake.log[0], snakemake.input)
evaluate(
    units=snakemake.input.units,
    models=snakemake.params.models,
    classes=snakemake.params.classes,
    splits=snakemake.params.splits,
    statistics=snakemake.params.statistics,
    positive_class=snakemake.params.positive_class,
    tables=dict(snakemake.output.items()),
)
