"""Check the predictions of every model and make of them the units that all tables judge."""

from lowpower.job import begin
from lowpower.tables.judging import judge_units

begin(snakemake.log[0], snakemake.input)
judge_units(
    predictions=snakemake.input.predictions,
    models=snakemake.params.models,
    divisions=snakemake.input.splits,
    judging=snakemake.params.judging,
    splits=snakemake.params.splits,
    units=snakemake.output[0],
)
