"""Test every claim as it was fixed, on test data."""

from lowpower.job import begin
from lowpower.tables.claims import judge_claims

begin(snakemake.log[0], snakemake.input)
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
