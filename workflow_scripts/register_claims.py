"""Register the claims that a study is to test, before its first model."""

from lowpower.claims.registration import register_claims
from lowpower.job_start import start_job

start_job(snakemake.log[0], snakemake.input)
register_claims(
    claims=snakemake.params.claims,
    sha256=snakemake.params.sha256,
    register=snakemake.output[0],
)
