"""Check the predictions of every model and make of them the units that all tables judge."""

from lowpower.job_start import start_job
from lowpower.tables.unit_judging import judge_units

start_job(snakemake.log[0], snakemake.input)
judge_units(
    predictions=snakemake.input.predictions,
    models=snakemake.params.models,
    divisions=snakemake.input.splits,
    judging=snakemake.params.judging,
    splits=snakemake.params.splits,
    units=snakemake.output[0],
)
