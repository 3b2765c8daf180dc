"""Gather what became of every slide; stop here when the config does not accept it."""

from lowpower.job import begin
from lowpower.tables.intake import gather_slides

begin(snakemake.log[0], snakemake.input)
gather_slides(
    checks=snakemake.input.checks,
    masks=snakemake.input.masks,
    tiles=snakemake.input.tiles,
    slides=snakemake.params.slides,
    patients=snakemake.params.patients,
    on_excluded=snakemake.params.on_excluded,
    min_usable=snakemake.params.min_usable,
    table=snakemake.output.csv,
)
