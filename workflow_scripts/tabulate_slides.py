"""Write the readable table of slides: the state of each, by id or pseudonym."""

from lowpower.job_start import run_step
from lowpower.tables.slide_table import tabulate_slides

run_step(tabulate_slides, globals().get("snakemake"))
