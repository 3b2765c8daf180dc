"""Test every claim as it was fixed, on test data."""

from lowpower.log import open_log
from lowpower.tables.claims import judge_claims

open_log(snakemake.log[0])
judge_claims(
    claims=snakemake.params.claims,
    register=snakemake.input.register,
    predictions=snakemake.input.predictions,
    folders=snakemake.params.folders,
    judging=snakemake.params.judging,
    statistics=snakemake.params.statistics,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
