"""Refer to the teacher what students read without being sure: how often both are right, and at what cost."""

from lowpower.job_start import start_job
from lowpower.tables.referral_results import refer

start_job(snakemake.log[0], snakemake.input)
refer(
    units=snakemake.input.units,
    models=snakemake.params.models,
    splits=snakemake.params.splits,
    statistics=snakemake.params.statistics,
    controls=snakemake.params.controls,
    cost=snakemake.input.cost,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
