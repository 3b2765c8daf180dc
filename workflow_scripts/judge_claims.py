"""Test every claim as it was fixed, on test data."""

from lowpower.claims.claim_tests import judge_claims
from lowpower.job_start import start_job

start_job(snakemake.log[0], snakemake.input)
judge_claims(
    claims=snakemake.params.claims,
    register=snakemake.input.register,
    units=snakemake.input.units,
    folders=snakemake.params.folders,
    statistics=snakemake.params.statistics,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
