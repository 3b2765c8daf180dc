"""Gather what became of every slide; stop here when the config does not accept it."""

from lowpower.job_start import run_step
from lowpower.tables.intake_table import gather_slides

run_step(gather_slides, globals().get("snakemake"))
