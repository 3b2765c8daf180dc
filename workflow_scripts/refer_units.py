"""Refer to the teacher what students read without being sure: how often both are right, and at what cost."""

from lowpower.job_start import run_step
from lowpower.tables.referral_results import refer

run_step(refer, globals().get("snakemake"))
