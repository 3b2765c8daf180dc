"""Register the claims that a study is to test, before its first model."""

from lowpower.log import open_log
from lowpower.tables.registration import register_claims

open_log(snakemake.log[0])
register_claims(
    claims=snakemake.params.claims,
    sha256=snakemake.params.sha256,
    register=snakemake.output[0],
)
