"""Gather the states of all slides; stop if the config does not accept the exclusions."""

from lowpower.job_start import run_step
from lowpower.tables.intake_table import gather_slides

run_step(gather_slides, globals().get("snakemake"))
