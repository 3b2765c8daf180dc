"""Check the predictions of every model and make of them the units that all tables judge."""

from lowpower.job_start import run_step
from lowpower.tables.unit_judging import judge_units

run_step(judge_units, globals().get("snakemake"))
