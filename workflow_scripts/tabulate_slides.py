"""Write the table of slides for people: what became of each, under its id or its pseudonym."""

from lowpower.job_start import run_step
from lowpower.tables.slide_table import tabulate_slides

run_step(tabulate_slides, globals().get("snakemake"))
