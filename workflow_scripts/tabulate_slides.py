"""Write the table of slides for people: what became of each, under its id or its pseudonym."""

from lowpower.log import open_log
from lowpower.tables.slides import tabulate_slides

open_log(snakemake.log[0])
tabulate_slides(
    intake=snakemake.input.intake,
    names=snakemake.input.names or None,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
)
