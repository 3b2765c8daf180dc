"""Gather what became of every slide; stop here when the config does not accept it."""

from lowpower.log import open_log
from lowpower.tables.intake import gather_slides

open_log(snakemake.log[0])
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
