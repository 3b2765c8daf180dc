"""Recompute every table and compare it with the existing one; compare all files with their hashes."""

from lowpower.job_start import run_step
from lowpower.provenance.verification import verify

run_step(verify, globals().get("snakemake"))
