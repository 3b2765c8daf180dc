"""Write the table of slides for people: what became of each, under its id or its pseudonym."""

from lowpower.job_start import start_job
from lowpower.tables.slide_table import tabulate_slides

start_job(snakemake.log[0], snakemake.input)
tabulate_slides(
    intake=snakemake.input.intake,
    names=snakemake.input.names or None,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
)
