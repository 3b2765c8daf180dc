"""Register the claims that a study is to test, before its first model."""

from lowpower.job import begin
from lowpower.tables.registration import register_claims

begin(snakemake.log[0], snakemake.input)
register_claims(
    claims=snakemake.params.claims,
    sha256=snakemake.params.sha256,
    register=snakemake.output[0],
)
