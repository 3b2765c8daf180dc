"""Check the predictions of every model and combine them into the units that all tables evaluate."""

from lowpower.job_start import run_step
from lowpower.tables.unit_judging import judge_units

run_step(judge_units, globals().get("snakemake"))
