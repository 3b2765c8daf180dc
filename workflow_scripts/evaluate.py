"""Compute every metric of every model with its interval and its difference to the teacher."""

from lowpower.job_start import run_step
from lowpower.tables.results_table import evaluate

run_step(evaluate, globals().get("snakemake"))
