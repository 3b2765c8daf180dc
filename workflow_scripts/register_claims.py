"""Register the claims that a study will test, before its first model."""

from lowpower.claims.registration import register_claims
from lowpower.job_start import run_step

run_step(register_claims, globals().get("snakemake"))
