"""Compute every table again and compare it with the one that is there; compare all files with their hashes."""

from lowpower.job_start import run_step
from lowpower.provenance.verification import verify

run_step(verify, globals().get("snakemake"))
