"""Write the table of slides for people: what became of each, under its id or its pseudonym."""

from lowpower.job import begin
from lowpower.tables.slides import tabulate_slides

begin(snakemake.log[0], snakemake.input)
tabulate_slides(
    intake=snakemake.input.intake,
    names=snakemake.input.names or None,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
)
