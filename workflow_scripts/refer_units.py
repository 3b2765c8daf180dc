"""Refer students' uncertain units to the teacher; compute accuracy and cost of both together."""

from lowpower.job_start import run_step
from lowpower.tables.referral_results import refer

run_step(refer, globals().get("snakemake"))
