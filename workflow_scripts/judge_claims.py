"""Test every claim, as registered, on test data."""

from lowpower.claims.claim_tests import judge_claims
from lowpower.job_start import run_step

run_step(judge_claims, globals().get("snakemake"))
