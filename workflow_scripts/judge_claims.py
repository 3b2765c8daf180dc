"""Test every claim as it was fixed, on test data."""

from lowpower.job import begin
from lowpower.tables.claims import judge_claims

begin(snakemake.log[0], snakemake.input)
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
